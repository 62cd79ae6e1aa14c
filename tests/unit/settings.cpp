#include "statwire/settings.hpp"

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using statwire::EnvironmentError;
using statwire::Settings;

namespace {

using Variables = std::map<std::string, std::string>;

statwire::ReadVariable reader_of(const Variables& variables) {
  return [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

/// Reads variables that are all right.
Settings read(const Variables& variables) {
  std::vector<EnvironmentError> errors{{"left", "of", "before"}};
  const std::optional<Settings> settings = Settings::from_env(errors, reader_of(variables));
  REQUIRE(settings.has_value());
  CHECK(errors.empty());
  return *settings;
}

/// The messages of variables that are not.
std::vector<std::string> messages_of(const Variables& variables) {
  std::vector<EnvironmentError> errors;
  CHECK_FALSE(Settings::from_env(errors, reader_of(variables)).has_value());
  std::vector<std::string> messages;
  for (const EnvironmentError& error : errors) messages.push_back(error.message());
  return messages;
}

void check_defaults(const Settings& settings) {
  CHECK(settings.host == "localhost");
  CHECK(settings.port == 8125);
  CHECK(settings.prefix.empty());
  CHECK(settings.contexts_url == "http://localhost:1942/register");
  CHECK_FALSE(settings.collect_requests);
}

}  // namespace

TEST_CASE("settings: without variables, and with empty ones, they are those of M3") {
  check_defaults({});
  check_defaults(read({}));
  check_defaults(read({{"METRICS_HOST", ""},
                       {"METRICS_PORT", ""},
                       {"METRICS_PREFIX", ""},
                       {"METRICS_CONTEXTS_URL", ""},
                       {"ENABLE_METRICS_COLLECTION", ""}}));
}

TEST_CASE("settings: every variable is read") {
  const Settings settings = read({{"METRICS_HOST", "stats.example"},
                                  {"METRICS_PORT", "9125"},
                                  {"METRICS_PREFIX", "v1.tatar.bars.test.instance_test"},
                                  {"METRICS_CONTEXTS_URL", "http://contexts/register"},
                                  {"ENABLE_METRICS_COLLECTION", "1"}});
  CHECK(settings.host == "stats.example");
  CHECK(settings.port == 9125);
  CHECK(settings.prefix == "v1.tatar.bars.test.instance_test");
  CHECK(settings.contexts_url == "http://contexts/register");
  CHECK(settings.collect_requests);
}

TEST_CASE("settings: the legal values of each variable") {
  for (const std::string host : {"localhost", "10.0.0.1", "::1", "a_b-c.d"}) {
    CHECK(read({{"METRICS_HOST", host}}).host == host);
  }
  for (const std::string prefix : {"a", "a.", "v1.a-b.C_d.e.instance_7", "0"}) {
    CHECK(read({{"METRICS_PREFIX", prefix}}).prefix == prefix);
  }
  for (const auto& [text, is_on] : {std::pair<std::string, bool>{"1", true},
                                    {"true", true},
                                    {"True", true},
                                    {"YES", true},
                                    {"on", true},
                                    {"0", false},
                                    {"False", false},
                                    {"no", false},
                                    {"OFF", false}}) {
    CHECK(read({{"ENABLE_METRICS_COLLECTION", text}}).collect_requests == is_on);
  }
  CHECK(read({{"METRICS_PORT", "1"}}).port == 1);
  CHECK(read({{"METRICS_PORT", "65535"}}).port == 65535);
}

TEST_CASE("settings: a value that is wrong is named with its variable and with what is legal") {
  const std::vector<std::pair<Variables, std::string>> cases{
      {{{"METRICS_HOST", "host:81"}}, "expected a host name or an address, without a port"},
      {{{"METRICS_HOST", "[::1]"}}, "expected a host name or an address, without a port"},
      {{{"METRICS_HOST", "a b"}}, "expected a host name or an address, without a port"},
      {{{"METRICS_PORT", "0"}}, "expected a port from 1 to 65535"},
      {{{"METRICS_PORT", "65536"}}, "expected a port from 1 to 65535"},
      {{{"METRICS_PORT", "-1"}}, "expected a port from 1 to 65535"},
      {{{"METRICS_PORT", " 80"}}, "expected a port from 1 to 65535"},
      {{{"METRICS_PORT", "80x"}}, "expected a port from 1 to 65535"},
      {{{"METRICS_CONTEXTS_URL", "localhost:1942"}},
       "expected http://host:port/path, with a port from 1 to 65535 and without white space"},
      {{{"METRICS_CONTEXTS_URL", "https://host/"}},
       "expected http://host:port/path, with a port from 1 to 65535 and without white space"},
      {{{"ENABLE_METRICS_COLLECTION", "2"}}, "expected 1, true, yes or on, or 0, false, no or off"},
      {{{"ENABLE_METRICS_COLLECTION", "t"}}, "expected 1, true, yes or on, or 0, false, no or off"},
  };
  for (const auto& [variables, expected] : cases) {
    const auto& [name, value] = *variables.begin();
    const std::string message = "the environment variable " + name + " is '" + value + "': " + expected;
    CHECK(messages_of(variables) == std::vector{message});
  }
  for (const std::string prefix : {".", ".a", "a..b", "a..", "a b", "a/b", "a:b", "a|b", "\xc3\xa9"}) {
    CAPTURE(prefix);
    CHECK(messages_of({{"METRICS_PREFIX", prefix}}) ==
          std::vector{"the environment variable METRICS_PREFIX is '" + prefix +
                      "': expected names with dots between, of letters, digits, '_' and '-', as "
                      "v1.region.client.product"});
  }
}

TEST_CASE("settings: a value with a line feed makes no second line of a message") {
  const std::vector<std::string> messages = messages_of({{"METRICS_PREFIX", "a\nstatwire: all is well\x7f"}});
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].starts_with("the environment variable METRICS_PREFIX is 'a?statwire: all is well?': "));
}

TEST_CASE("settings: all that is wrong is told at once, a line each") {
  const Variables variables{{"METRICS_HOST", "a/b"},
                            {"METRICS_PORT", "x"},
                            {"METRICS_PREFIX", "v1"},
                            {"ENABLE_METRICS_COLLECTION", "maybe"}};
  const std::vector<std::string> expected{
      "the environment variable METRICS_HOST is 'a/b': expected a host name or an address, without a port",
      "the environment variable METRICS_PORT is 'x': expected a port from 1 to 65535",
      "the environment variable ENABLE_METRICS_COLLECTION is 'maybe': expected 1, true, yes or on, or 0, "
      "false, no or off",
  };
  CHECK(messages_of(variables) == expected);
  try {
    Settings::from_env(reader_of(variables));
    FAIL("no exception");
  } catch (const statwire::ClientError& error) {
    CHECK(error.code() == statwire::errc::invalid_option);
    CHECK(std::string{error.what()} == "statwire: " + expected[0] + "\nstatwire: " + expected[1] +
                                           "\nstatwire: " + expected[2] + ": " + error.code().message());
  }
}

TEST_CASE("settings: read from the environment of this program, unless told otherwise") {
  CHECK_NOTHROW(Settings::from_env(reader_of({})));
  std::vector<EnvironmentError> errors;
  const std::optional<Settings> settings = Settings::from_env(errors);
  CHECK(settings.has_value() == errors.empty());
}
