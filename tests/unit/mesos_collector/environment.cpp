#include "mesos_collector/environment.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

using namespace mesos_collector;
using namespace std::chrono_literals;

namespace {

using Variables = std::map<std::string, std::string>;
using Texts = std::vector<std::string>;

Environment read(const Variables& variables, Texts& errors, bool needs_rabbitmq = true) {
  return read_environment(needs_rabbitmq, errors, [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

Variables working() {
  return {{"STATS_COLLECTOR_MESOS_MASTER_IP", "10.0.2.1"}, {"STATS_COLLECTOR_RABBITMQ_HOST", "rabbit"},
          {"STATS_COLLECTOR_RABBITMQ_USER", "u"},          {"STATS_COLLECTOR_RABBITMQ_PWD", "p"},
          {"STATS_COLLECTOR_RABBITMQ_VHOST", "/"},         {"STATS_COLLECTOR_RABBITMQ_RK", "asgard.stats"}};
}

/// What is read of these, and of what has to be there.
Environment read_with(const Variables& others) {
  Variables variables = others;
  variables.merge(working());
  Texts errors;
  Environment environment = read(variables, errors);
  CHECK(errors == Texts{});
  return environment;
}

/// The complaints about one variable that is wrong.
Texts errors_with(const std::string& name, const std::string& value) {
  Variables variables = working();
  variables[name] = value;
  Texts errors;
  read(variables, errors);
  return errors;
}

const std::string master_form =
    "a Mesos master as 10.0.2.1, 10.0.2.1:5050 or http://10.0.2.1:5050, or several with commas between";

}  // namespace

TEST_CASE("mesos_collector environment: what holds beside what has to be there") {
  const Environment environment = read_with({});
  CHECK(environment.masters == Texts{"http://10.0.2.1:5050"});
  CHECK(environment.rabbitmq.host == "rabbit");
  CHECK(environment.rabbitmq.port == 5672);
  CHECK(environment.rabbitmq.user == "u");
  CHECK(environment.rabbitmq.password == "p");
  CHECK(environment.rabbitmq.vhost == "/");
  CHECK(environment.routing_key == "asgard.stats");
  CHECK(environment.redis.host == "127.0.0.1");
  CHECK(environment.redis.port == 6379);
  CHECK(environment.redis_pool_min == 5);
  CHECK(environment.redis_pool_max == 10);
  CHECK_FALSE(environment.include_raw);
  CHECK(environment.timeouts.connect == 2s);
  CHECK(environment.timeouts.total == 5s);
}

TEST_CASE("mesos_collector environment: everything that can be set") {
  const Environment environment = read_with({{"STATS_COLLECTOR_RABBITMQ_HOST", "[::1]:5673"},
                                             {"STATS_COLLECTOR_REDIS_URL", "redis://cache:6380/3"},
                                             {"STATS_COLLECTOR_REDIS_POOL_MIN", "0"},
                                             {"STATS_COLLECTOR_REDIS_POOL_MAX", "64"},
                                             {"STATS_COLLECTOR_INCLUDE_RAW_METRICS", "1"},
                                             {"STATS_CONNECT_TIMEOUT", "0.5"},
                                             {"STATS_REQUEST_TIMEOUT", "7"}});
  CHECK(environment.rabbitmq.host == "::1");
  CHECK(environment.rabbitmq.port == 5673);
  CHECK(environment.redis.host == "cache");
  CHECK(environment.redis.port == 6380);
  CHECK(environment.redis.database == 3);
  CHECK(environment.redis_pool_min == 0);
  CHECK(environment.redis_pool_max == 64);
  CHECK(environment.include_raw);
  CHECK(environment.timeouts.connect == 500ms);
  CHECK(environment.timeouts.total == 7s);
  CHECK_FALSE(read_with({{"STATS_COLLECTOR_INCLUDE_RAW_METRICS", "0"}}).include_raw);
}

TEST_CASE("mesos_collector environment: masters as a list, as URLs, with and without ports") {
  CHECK(
      read_with({{"STATS_COLLECTOR_MESOS_MASTER_IP", "10.0.2.1, 10.0.2.2:5051,[::1],http://m,http://n:80/"}})
          .masters == Texts{"http://10.0.2.1:5050", "http://10.0.2.2:5051", "http://[::1]:5050",
                            "http://m:5050", "http://n:80"});
  const Variables several{{"HOLLOWMAN_MESOS_ADDRESS", "http://a:1,http://b:2"},
                          {"HOLLOWMAN_MESOS_ADDRESS_0", "http://c:3"},
                          {"HOLLOWMAN_MESOS_ADDRESS_1", "d"},
                          {"HOLLOWMAN_MESOS_ADDRESS_3", "http://behind-a-gap:4"}};
  CHECK(read_with(several).masters == Texts{"http://a:1", "http://b:2", "http://c:3", "http://d:5050"});
}

TEST_CASE("mesos_collector environment: all that is missing is said at once") {
  Texts errors;
  read({}, errors);
  CHECK(
      errors ==
      Texts{
          "STATS_COLLECTOR_MESOS_MASTER_IP and HOLLOWMAN_MESOS_ADDRESS_0 are not set: expected " +
              master_form,
          "STATS_COLLECTOR_RABBITMQ_HOST is not set: expected a host name or an address, and a port behind a "
          "colon if not 5672",
          "STATS_COLLECTOR_RABBITMQ_USER is not set: expected a user of the broker",
          "STATS_COLLECTOR_RABBITMQ_PWD is not set: expected the user's password",
          "STATS_COLLECTOR_RABBITMQ_VHOST is not set: expected a virtual host, often /",
          "STATS_COLLECTOR_RABBITMQ_RK is not set: expected a routing key, which is a queue's name"});
  errors.clear();
  read({{"STATS_COLLECTOR_MESOS_MASTER_IP", "m"}}, errors, false);
  CHECK(errors == Texts{});
}

TEST_CASE("mesos_collector environment: a refusal names the variable, the value and what is right") {
  const struct {
    std::string name, value, expected;
  } refusals[] = {
      {"STATS_COLLECTOR_MESOS_MASTER_IP", "http://m:0", "expected " + master_form},
      {"STATS_COLLECTOR_MESOS_MASTER_IP", "https://m", "expected " + master_form},
      {"STATS_COLLECTOR_MESOS_MASTER_IP", "m/slaves", "expected " + master_form},
      {"HOLLOWMAN_MESOS_ADDRESS", "a b", "expected " + master_form},
      {"STATS_COLLECTOR_RABBITMQ_HOST", "a:b",
       "expected a host name or an address, and a port behind a colon if not 5672"},
      {"STATS_COLLECTOR_RABBITMQ_HOST", "a/",
       "expected a host name or an address, and a port behind a colon if not 5672"},
      {"STATS_COLLECTOR_RABBITMQ_RK", std::string(256, 'k'), "expected at most 255 bytes"},
      {"STATS_COLLECTOR_REDIS_POOL_MIN", "-1", "expected a number from 0 to 1000"},
      {"STATS_COLLECTOR_REDIS_POOL_MAX", "0", "expected a number from 1 to 1000"},
      {"STATS_COLLECTOR_INCLUDE_RAW_METRICS", "yes", "expected 1 or 0"},
      {"STATS_CONNECT_TIMEOUT", "0", "expected seconds from 0.001 to 3600"},
      {"STATS_REQUEST_TIMEOUT", "nan", "expected seconds from 0.001 to 3600"},
      {"STATS_REQUEST_TIMEOUT", "5s", "expected seconds from 0.001 to 3600"},
  };
  for (const auto& refusal : refusals) {
    CAPTURE(refusal.name);
    CAPTURE(refusal.value);
    const Texts errors = errors_with(refusal.name, refusal.value);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0] ==
          "the environment variable " + refusal.name + " is '" + refusal.value + "': " + refusal.expected);
  }
  const Texts pool = errors_with("STATS_COLLECTOR_REDIS_POOL_MIN", "x");
  CHECK(pool ==
        Texts{"the environment variable STATS_COLLECTOR_REDIS_POOL_MIN is 'x': expected a number from 0 "
              "to 1000"});
  const Texts redis = errors_with("STATS_COLLECTOR_REDIS_URL", "redis://:secret@host:x");
  REQUIRE(redis.size() == 1);
  CHECK(redis[0].starts_with("the environment variable STATS_COLLECTOR_REDIS_URL is wrong: "));
  CHECK(redis[0].find("secret") == std::string::npos);  // a log is read by many
  const Texts host = errors_with("STATS_COLLECTOR_RABBITMQ_HOST", "guest:secret@rabbit");
  REQUIRE(host.size() == 1);
  CHECK(host[0].find("secret") == std::string::npos);
}

TEST_CASE("mesos_collector environment: one end of the Redis pool follows the other, which is set") {
  const Environment small = read_with({{"STATS_COLLECTOR_REDIS_POOL_MAX", "3"}});
  CHECK(small.redis_pool_min == 3);
  CHECK(small.redis_pool_max == 3);
  const Environment large = read_with({{"STATS_COLLECTOR_REDIS_POOL_MIN", "20"}});
  CHECK(large.redis_pool_min == 20);
  CHECK(large.redis_pool_max == 20);
  Variables both = working();
  both["STATS_COLLECTOR_REDIS_POOL_MIN"] = "7";
  both["STATS_COLLECTOR_REDIS_POOL_MAX"] = "6";
  Texts errors;
  read(both, errors);
  CHECK(errors == Texts{"the environment variable STATS_COLLECTOR_REDIS_POOL_MAX is '6': expected at least "
                        "STATS_COLLECTOR_REDIS_POOL_MIN, which is 7"});
}
