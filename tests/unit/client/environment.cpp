#include "statwire/client/environment.hpp"

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"

using statwire::Endpoint;
using statwire::Environment;
using statwire::EnvironmentError;

namespace {

using Variables = std::map<std::string, std::string>;
using Tags = statwire::aggregate::Context::OwnedTags;

statwire::ReadVariable reader_of(const Variables& variables) {
  return [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

std::optional<Environment> read(const Variables& variables, EnvironmentError& error) {
  return statwire::read_environment(error, reader_of(variables));
}

Tags tags_of(const Variables& variables, const Tags& own = {}) {
  return statwire::datadog_tags(own, reader_of(variables));
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

TEST_CASE("environment: Datadog's variables become tags, in the order of their precedence") {
  CHECK(tags_of({}).empty());
  CHECK(tags_of({{"DD_ENV", ""}, {"DD_TAGS", ""}}).empty());
  CHECK(tags_of({{"DD_VERSION", "1.0"}, {"DD_SERVICE", "web"}, {"DD_ENV", "prod"}}) ==
        Tags{{"env", "prod"}, {"service", "web"}, {"version", "1.0"}});
  CHECK(tags_of({{"DD_TAGS", "team:a"}, {"DD_ENV", "prod"}}) == Tags{{"env", "prod"}, {"team", "a"}});
  CHECK(tags_of({{"DD_TAGS", "env:dev,service:s,version:2,env"}, {"DD_ENV", "prod"}}) ==
        Tags{{"env", "prod"}, {"service", "s"}, {"version", "2"}});
}

TEST_CASE("environment: DD_TAGS is read by commas and blanks, with labels, colons in values and gaps") {
  const std::vector<std::pair<std::string, Tags>> cases{
      {"a:b", {{"a", "b"}}},
      {"a:b,c:d", {{"a", "b"}, {"c", "d"}}},
      {"a:b c:d", {{"a", "b"}, {"c", "d"}}},
      {" ,a:b, c:d\t e:f , ", {{"a", "b"}, {"c", "d"}, {"e", "f"}}},
      {"canary", {{"canary", ""}}},
      {"canary:,a:b", {{"canary", ""}, {"a", "b"}}},
      {"url:http://h:1", {{"url", "http://h:1"}}},
      {"role:web,role:api", {{"role", "web"}, {"role", "api"}}},
      {":b,::,:", {}},
      {", ,", {}},
  };
  for (const auto& entry : cases) {
    CAPTURE(entry.first);
    CHECK(tags_of({{"DD_TAGS", entry.first}}) == entry.second);
  }
}

TEST_CASE("environment: own tags hide the environment's of the same key, and keep several of one key") {
  const Variables variables{{"DD_ENV", "prod"}, {"DD_SERVICE", "web"}, {"DD_TAGS", "role:a,zone:eu"}};
  CHECK(tags_of(variables, {{"role", "b"}, {"role", "c"}, {"service", ""}}) ==
        Tags{{"role", "b"}, {"role", "c"}, {"service", ""}, {"env", "prod"}, {"zone", "eu"}});
}

TEST_CASE("environment: a tag of the call goes before the scope's, the client's and the environment's") {
  const Variables variables{{"DD_TAGS", "a:environment,b:environment,c:environment,d:environment"}};
  statwire::StatsdClient statsd{
      statwire::testing::MemoryTransport{},
      {.tags = tags_of(variables, {{"a", "client"}, {"b", "client"}, {"c", "client"}}),
       .profile = statwire::profiles::dogstatsd,
       .delivery = statwire::Delivery::immediate}};
  auto scope = statsd.scope("", {.tags = {{"a", "scope"}, {"b", "scope"}}});
  scope.increment("hits", 1, {.tags = {{"a", "call"}}});
  CHECK(statsd.transport().lines() ==
        std::vector<std::string>{"hits:1|c|#c:client,d:environment,b:scope,a:call"});
}

TEST_CASE("environment: more tags than a client takes are refused by it, by number") {
  const Variables variables{{"DD_ENV", "prod"}, {"DD_TAGS", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"}};
  const auto make = [](const Tags& tags) {
    const statwire::StatsdClient statsd{statwire::testing::MemoryTransport{},
                                        {.tags = tags, .flush = statwire::Flush::manual}};
  };
  CHECK_NOTHROW(make(tags_of(variables)));
  CHECK_THROWS_WITH_AS(make(tags_of(variables, {{"own", "1"}})),
                       doctest::Contains("the number of tags is 17; it must be 0 to 16"),
                       statwire::ClientError);
}
