#include "statwire/client/environment.hpp"

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using statwire::Endpoint;
using statwire::Environment;
using statwire::EnvironmentError;

namespace {

using Variables = std::map<std::string, std::string>;

std::optional<Environment> read(const Variables& variables, EnvironmentError& error) {
  return statwire::read_environment(error, [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

}  // namespace

TEST_CASE("environment: the first that is set of the URLs and the host says where to") {
  const std::vector<std::pair<Variables, std::string>> cases{
      {{}, "udp://127.0.0.1:8125"},
      {{{"STATSD_HOST", "stats"}}, "udp://stats:8125"},
      {{{"STATSD_HOST", "::1"}}, "udp://[::1]:8125"},
      {{{"STATSD_PORT", "9125"}}, "udp://127.0.0.1:9125"},
      {{{"DD_DOGSTATSD_URL", "unix:///run/dsd.sock"}, {"STATSD_HOST", "stats"}}, "unix:///run/dsd.sock"},
      {{{"STATSD_URL", "tcp://a:1"}, {"DD_DOGSTATSD_URL", "bad"}, {"STATSD_PORT", "bad"}}, "tcp://a:1"},
      {{{"STATSD_URL", ""}, {"STATSD_HOST", ""}, {"STATSD_PORT", ""}}, "udp://127.0.0.1:8125"},
      {{{"STATSD_DISABLE", "1"}, {"STATSD_HOST", "stats"}}, "null:"},
      {{{"STATSD_DISABLE", "0"}, {"STATSD_HOST", "stats"}}, "udp://stats:8125"},
  };
  for (const auto& [variables, expected] : cases) {
    EnvironmentError error;
    const auto environment = read(variables, error);
    REQUIRE_MESSAGE(environment.has_value(), error.message());
    CHECK(error.variable.empty());
    CHECK(to_string(environment->endpoint) == expected);
    CHECK(environment->disabled == (expected == "null:"));
    CHECK(environment->prefix.empty());
  }
}

TEST_CASE("environment: the prefix is taken as it is") {
  EnvironmentError error;
  const auto environment = read({{"STATSD_PREFIX", "shop.eu"}}, error);
  REQUIRE(environment.has_value());
  CHECK(environment->prefix == "shop.eu");
}

TEST_CASE("environment: a bad value is named with its variable and with what is legal") {
  const std::string start = "the environment variable ";
  const std::vector<std::pair<Variables, std::string>> cases{
      {{{"STATSD_URL", "udp://h:0"}},
       "STATSD_URL is 'udp://h:0': at byte 8: expected a port from 1 to 65535"},
      {{{"DD_DOGSTATSD_URL", "unix://x"}},
       "DD_DOGSTATSD_URL is 'unix://x': at byte 7: expected an absolute path, or '@' and a name"},
      {{{"STATSD_HOST", "host/x"}},
       "STATSD_HOST is 'host/x': expected a host name or an address, without a port"},
      {{{"STATSD_HOST", "host:81"}},
       "STATSD_HOST is 'host:81': expected a host name or an address, without a port"},
      {{{"STATSD_PORT", "70000"}}, "STATSD_PORT is '70000': expected a port from 1 to 65535"},
      {{{"STATSD_PORT", "81 "}}, "STATSD_PORT is '81 ': expected a port from 1 to 65535"},
      {{{"STATSD_DISABLE", "yes"}}, "STATSD_DISABLE is 'yes': expected 1, true, 0 or false"},
  };
  for (const auto& [variables, expected] : cases) {
    EnvironmentError error;
    CHECK(!read(variables, error));
    CHECK(error.message() == start + expected);
  }
}
