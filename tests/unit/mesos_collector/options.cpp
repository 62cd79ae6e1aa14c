#include "mesos_collector/options.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

using namespace mesos_collector;
using namespace std::chrono_literals;
using example::Answer;
using example::UsageError;

namespace {

template <class Kind>
Kind parsed(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "mesos_collector");
  const auto result = parse_options(static_cast<int>(arguments.size()), arguments.data());
  const auto* const error = std::get_if<UsageError>(&result);
  CAPTURE((error != nullptr ? error->message : ""));
  REQUIRE(std::holds_alternative<Kind>(result));
  return std::get<Kind>(result);
}

}  // namespace

TEST_CASE("mesos_collector options: what holds without flags") {
  const auto options = parsed<Options>({});
  CHECK_FALSE(options.every);
  CHECK_FALSE(options.rounds);
  CHECK(options.workers == 32);
  CHECK_FALSE(options.ttl);
  CHECK(options.has_amqp);
  CHECK_FALSE(options.persistent);
  CHECK(options.queue_capacity == 100'000);
  CHECK_FALSE(options.publish_resets);
  CHECK_FALSE(options.table_rows);
  CHECK_FALSE(options.verbose);
}

TEST_CASE("mesos_collector options: what flags say") {
  const auto options =
      parsed<Options>({"--every", "10s", "--rounds=3", "--workers", "8", "--ttl", "1h", "--no-amqp",
                       "--persistent", "--queue", "5", "--publish-resets", "--table", "20", "--verbose"});
  CHECK(options.every == 10s);
  CHECK(options.rounds == 3);
  CHECK(options.workers == 8);
  CHECK(options.ttl == 1h);
  CHECK_FALSE(options.has_amqp);
  CHECK(options.persistent);
  CHECK(options.queue_capacity == 5);
  CHECK(options.publish_resets);
  CHECK(options.table_rows == 20);
  CHECK(options.verbose);
}

TEST_CASE("mesos_collector options: --help names every flag and every variable") {
  const std::string help = parsed<Answer>({"--help"}).text;
  for (const char* word : {"--every",
                           "--rounds",
                           "--workers",
                           "--ttl",
                           "--no-amqp",
                           "--persistent",
                           "--queue",
                           "--publish-resets",
                           "--table",
                           "--verbose",
                           "--version",
                           "STATS_COLLECTOR_MESOS_MASTER_IP",
                           "HOLLOWMAN_MESOS_ADDRESS_0",
                           "STATS_COLLECTOR_RABBITMQ_HOST, _USER, _PWD, _VHOST, _RK",
                           "STATS_COLLECTOR_REDIS_URL",
                           "STATS_COLLECTOR_REDIS_POOL_MIN, _MAX",
                           "STATS_COLLECTOR_INCLUDE_RAW_METRICS",
                           "STATS_CONNECT_TIMEOUT",
                           "STATS_REQUEST_TIMEOUT",
                           "STATSD_URL",
                           "STATSD_PREFIX",
                           "STATSD_DISABLE"}) {
    CAPTURE(word);
    CHECK(help.find(word) != std::string::npos);
  }
  CHECK(parsed<Answer>({"--version"}).text.starts_with("mesos_collector "));
}

TEST_CASE("mesos_collector options: a refusal names the flag, the value and what is right") {
  const struct {
    std::vector<const char*> arguments;
    std::string message;
  } refusals[] = {
      {{"--every", "99ms"},
       "--every: '99ms' is not a duration from 100ms to 8760h; write a number with ms, s, m or h, such as "
       "500ms, 10s or 2m"},
      {{"--every", "1s", "--rounds", "0"}, "--rounds: '0' is not a number from 1 to 1000000000"},
      {{"--every", "10s", "--ttl", "10s"},
       "--ttl has to be longer than --every, or no sample lives until the next round"},
      {{"--rounds", "2"}, "--rounds needs --every; without it there is one round"},
      {{"--workers", "1025"}, "--workers: '1025' is not a number from 1 to 1024"},
      {{"--queue", "x"}, "--queue: 'x' is not a number from 1 to 100000000"},
      {{"--queue", "100000001"}, "--queue: '100000001' is not a number from 1 to 100000000"},
      {{"--table", "0"}, "--table: '0' is not a number from 1 to 100000"},
  };
  for (const auto& refusal : refusals) {
    CAPTURE(refusal.message);
    CHECK(parsed<UsageError>(refusal.arguments).message == refusal.message);
  }
  CHECK(parsed<UsageError>({"--speed"}).message.find("--every, --rounds, --workers") != std::string::npos);
}
