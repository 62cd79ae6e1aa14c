#include "host_monitor/options.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

using namespace host_monitor;
using example::Answer;
using example::UsageError;
using std::chrono::milliseconds;

namespace {

example::Command<Options> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "host_monitor");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

std::string refusal(const std::vector<const char*>& arguments) {
  const auto result = parse(arguments);
  REQUIRE(std::holds_alternative<UsageError>(result));
  return std::get<UsageError>(result).message;
}

Options accepted(const std::vector<const char*>& arguments) {
  const auto result = parse(arguments);
  REQUIRE(std::holds_alternative<Options>(result));
  return std::get<Options>(result);
}

}  // namespace

TEST_CASE("parse_duration: a number with a unit") {
  CHECK(parse_duration("500ms") == milliseconds{500});
  CHECK(parse_duration("1s") == milliseconds{1000});
  CHECK(parse_duration("2m") == milliseconds{120000});
  CHECK(parse_duration("1h") == milliseconds{3600000});
  CHECK(parse_duration("1.5m") == milliseconds{90000});
  CHECK(parse_duration("0s") == milliseconds{0});
  CHECK(parse_duration("1.9ms") == milliseconds{1});
}

TEST_CASE("parse_duration: anything else is refused") {
  for (const std::string_view text : {"", "1", "s", "1 s", " 1s", "1s ", "-1s", "+1s", "1x", "1S", "1min",
                                      "1.2.3s", ".", ".s", "1e3s", "nan", "99999999999999999h", "1,5s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("parse_endpoint: a name or an address and a port, and back") {
  struct Case {
    const char* text;
    const char* host;
    int port;
  };
  const Case cases[]{{"localhost:8125", "localhost", 8125},
                     {"10.0.0.1:1", "10.0.0.1", 1},
                     {"[::1]:8125", "::1", 8125},
                     {"[fe80::1%eth0]:65535", "fe80::1%eth0", 65535}};
  for (const Case& item : cases) {
    CAPTURE(item.text);
    const auto endpoint = parse_endpoint(item.text);
    REQUIRE(endpoint);
    CHECK(endpoint->host == item.host);
    CHECK(endpoint->port == item.port);
    CHECK(to_string(*endpoint) == item.text);
  }
}

TEST_CASE("parse_endpoint: anything else is refused") {
  for (const std::string_view text : {"",
                                      ":",
                                      "localhost",
                                      "localhost:",
                                      ":8125",
                                      "localhost:0",
                                      "localhost:65536",
                                      "localhost:-1",
                                      "localhost:+1",
                                      "localhost:1.5",
                                      "localhost:8125x",
                                      "::1:8125",
                                      "::1",
                                      "[::1]",
                                      "[]:8125",
                                      "[::1:8125",
                                      "::1]:8125",
                                      "local host:8125",
                                      "a:b:1",
                                      "localhost: 1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_endpoint(text));
  }
}

TEST_CASE("options: without flags, servers of its own, a round each second, no end") {
  const Options options = accepted({});
  CHECK_FALSE(options.statsd);
  CHECK_FALSE(options.metrics);
  CHECK(options.interval == milliseconds{1000});
  CHECK_FALSE(options.run_for);
  CHECK(options.prefix.empty());
}

TEST_CASE("options: every flag is read, in either way of writing") {
  const Options options = accepted({"--statsd", "[::1]:8125", "--metrics=metrics.example:8888", "--interval",
                                    "10ms", "--for=1h", "--prefix", "lab.rack-1_a"});
  REQUIRE(options.statsd);
  CHECK(to_string(*options.statsd) == "[::1]:8125");
  REQUIRE(options.metrics);
  CHECK(to_string(*options.metrics) == "metrics.example:8888");
  CHECK(options.interval == milliseconds{10});
  CHECK(options.run_for == milliseconds{3600000});
  CHECK(options.prefix == "lab.rack-1_a");
}

TEST_CASE("options: of a flag that is given twice, the last one counts") {
  CHECK(accepted({"--interval", "2s", "--interval", "3s"}).interval == milliseconds{3000});
}

TEST_CASE("options: both ends of a range are legal") {
  CHECK(accepted({"--interval", "1h"}).interval == std::chrono::hours{1});
  CHECK(accepted({"--for", "200ms"}).run_for == milliseconds{200});
  CHECK(accepted({"--for", "8760h"}).run_for == std::chrono::hours{8760});
}

TEST_CASE("options: --help names every flag") {
  for (const char* flag : {"--help", "-h"}) {
    const auto result = parse({flag});
    REQUIRE(std::holds_alternative<Answer>(result));
    const std::string& text = std::get<Answer>(result).text;
    for (const char* name : {"--statsd", "--metrics", "--interval", "--for", "--prefix", "--help"}) {
      CAPTURE(name);
      CHECK(text.find(name) != std::string::npos);
    }
  }
}

TEST_CASE("options: --version says which") {
  const auto result = parse({"--version"});
  REQUIRE(std::holds_alternative<Answer>(result));
  CHECK(std::get<Answer>(result).text.starts_with("host_monitor "));
}

TEST_CASE("options: a refusal names the flag, the value and what is right") {
  struct Case {
    std::vector<const char*> arguments;
    const char* message;
  };
  const std::vector<Case> cases{
      {{"--interval", "5"},
       "--interval: '5' is not a duration; write a number with ms, s, m or h, such as 500ms, 1s or 2m"},
      {{"--for", "soon"},
       "--for: 'soon' is not a duration; write a number with ms, s, m or h, such as 500ms, 1s or 2m"},
      {{"--interval", "9ms"}, "--interval: 9ms is out of range; from 10ms to 1h is right"},
      {{"--interval", "61m"}, "--interval: 61m is out of range; from 10ms to 1h is right"},
      {{"--for", "199ms"}, "--for: 199ms is out of range; from 200ms to 8760h is right"},
      {{"--for", "8761h"}, "--for: 8761h is out of range; from 200ms to 8760h is right"},
      {{"--statsd", "nowhere"},
       "--statsd: 'nowhere' is not host:port; write it as localhost:8125, 10.0.0.1:8125 or [::1]:8125, with "
       "a "
       "port from 1 to 65535"},
      {{"--metrics", "::1:8888"},
       "--metrics: '::1:8888' is not host:port; write it as localhost:8125, 10.0.0.1:8125 or [::1]:8125, "
       "with a "
       "port from 1 to 65535"},
      {{"--verbose"},
       "unknown argument '--verbose'; the flags are --statsd, --metrics, --interval, --for, --prefix, "
       "--help and --version"},
      {{"often"},
       "unknown argument 'often'; the flags are --statsd, --metrics, --interval, --for, --prefix, --help and "
       "--version"},
  };
  for (const Case& item : cases) CHECK(refusal(item.arguments) == item.message);
}

TEST_CASE("options: a prefix that cannot stand before a name is refused") {
  for (const char* prefix : {".", ".a", "a.", "a..b", "a b", "a:b", "a|c", "a/b", "a\nb", "\xc3\xa4"}) {
    const std::string message = refusal({"--prefix", prefix});
    CHECK(message ==
          "--prefix: '" + std::string{prefix} +
              "' cannot stand before a name; letters, digits, '_', '-' and single dots between them can");
  }
}

TEST_CASE("options: a flag without its value is refused, and says where to look") {
  for (const char* flag : {"--statsd", "--metrics", "--interval", "--for", "--prefix"}) {
    const std::string message = refusal({flag});
    CHECK(message.find(flag) == 0);
    CHECK(message.ends_with("; host_monitor --help shows what each flag takes"));
    CHECK(message.find('\n') == std::string::npos);
  }
}
