#include "web_app/options.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <string>
#include <variant>
#include <vector>

using namespace web_app;
using namespace std::chrono_literals;
using example::Answer;
using example::UsageError;

namespace {

example::Command<Options> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "web_app");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

template <class Kind>
Kind parsed(const std::vector<const char*>& arguments) {
  const auto result = parse(arguments);
  REQUIRE(std::holds_alternative<Kind>(result));
  return std::get<Kind>(result);
}

using Variables = std::map<std::string, std::string>;

std::vector<std::string> read(Options& options, const Variables& variables) {
  return read_environment(options, [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

}  // namespace

TEST_CASE("web_app options: what holds without flags, and what flags say") {
  const auto defaults = parsed<Options>({});
  CHECK(to_string(defaults.listen) == "127.0.0.1:8080");
  CHECK_FALSE(defaults.run_for);
  const auto all = parsed<Options>({"--listen", "[::1]:0", "--for=1.5s"});
  CHECK(to_string(all.listen) == "[::1]:0");
  CHECK(all.run_for == 1500ms);
}

TEST_CASE("web_app options: --help names flags and variables, --version the version") {
  const std::string help = parsed<Answer>({"--help"}).text;
  for (const char* word : {"--listen", "--for", "--version", "METRICS_HOST", "METRICS_PORT", "METRICS_PREFIX",
                           "METRICS_CONTEXTS_URL", "ENABLE_METRICS_COLLECTION"}) {
    CAPTURE(word);
    CHECK(help.find(word) != std::string::npos);
  }
  CHECK(parsed<Answer>({"--version"}).text.starts_with("web_app "));
}

TEST_CASE("web_app options: a refusal names the flag, the value and what is right") {
  CHECK(
      parsed<UsageError>({"--listen", "8080"}).message ==
      "--listen: '8080' is not address:port; write it as 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080, with a "
      "port from 1 to 65535");
  CHECK(parsed<UsageError>({"--listen", "here:0"}).message ==
        "--listen: 'here' is no address of IPv4 or, in brackets, IPv6");
  for (const char* text : {"", "now", "10", "99ms", "8761h"}) {
    CAPTURE(text);
    CHECK(
        parsed<UsageError>({"--for", text}).message ==
        "--for: '" + std::string{text} +
            "' is not a duration from 100ms to 8760h; write a number with ms, s, m or h, such as 500ms, 10s "
            "or 2m");
  }
  CHECK(parsed<UsageError>({"now"}).message ==
        "unknown argument 'now'; the flags are --listen, --for, --help and --version");
}

TEST_CASE("web_app options: without variables everything stays here, and is measured") {
  Options options;
  CHECK(read(options, {{"METRICS_HOST", ""}}).empty());
  CHECK(options.settings.prefix == "v1.eu.shop.web.instance_1");
  CHECK(options.settings.collect_requests);
  CHECK(options.has_own_statsd);
  CHECK(options.has_own_contexts);
}

TEST_CASE("web_app options: what a variable names is used") {
  for (const Variables& variables : {Variables{{"METRICS_HOST", "a"}}, Variables{{"METRICS_PORT", "1"}}}) {
    Options options;
    CHECK(read(options, variables).empty());
    CHECK_FALSE(options.has_own_statsd);
    CHECK(options.has_own_contexts);
  }
  Options options;
  CHECK(read(options, {{"METRICS_PREFIX", "p"},
                       {"METRICS_CONTEXTS_URL", "http://a/b"},
                       {"ENABLE_METRICS_COLLECTION", "0"}})
            .empty());
  CHECK(options.settings.prefix == "p");
  CHECK_FALSE(options.settings.collect_requests);
  CHECK(options.has_own_statsd);
  CHECK_FALSE(options.has_own_contexts);
}

TEST_CASE("web_app options: every variable that is wrong has a message") {
  Options options;
  const auto messages = read(
      options, {{"METRICS_PORT", "0"}, {"METRICS_PREFIX", "a..b"}, {"ENABLE_METRICS_COLLECTION", "maybe"}});
  REQUIRE(messages.size() == 3);
  CHECK(messages[0] == "the environment variable METRICS_PORT is '0': expected a port from 1 to 65535");
  CHECK(messages[1].starts_with("the environment variable METRICS_PREFIX is 'a..b': expected "));
  CHECK(messages[2].starts_with("the environment variable ENABLE_METRICS_COLLECTION is 'maybe': expected "));
}
