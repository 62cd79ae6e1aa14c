// The collector as a program, without the servers that it needs.

#include <ostream>

#include <doctest/doctest.h>

#include <signal.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "support/child_process.hpp"
#include "support/daemon.hpp"
#include "support/loopback.hpp"
#include "support/text.hpp"

using namespace statwire::test;

namespace {

using Texts = std::vector<std::string>;

/// Runs the collector with these variables and no others; returns its status and its lines.
std::pair<int, Texts> run(Texts variables, const Texts& flags = {}) {
  Texts command{"/usr/bin/env", "-i"};
  command.insert(command.end(), variables.begin(), variables.end());
  command.push_back(example_path("mesos_collector"));
  command.insert(command.end(), flags.begin(), flags.end());
  ChildProcess collector{command};
  const int status = collector.wait();
  Texts lines = split(collector.output(), '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return {status, lines};
}

std::string nobody() {
  return "127.0.0.1:" + std::to_string(free_tcp_port());
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("mesos_collector: everything that is wrong with its environment is said at once, with status 2") {
  const auto result = run({"STATS_COLLECTOR_MESOS_MASTER_IP=https://m", "STATS_COLLECTOR_REDIS_URL=http://r",
                           "STATS_COLLECTOR_REDIS_POOL_MAX=none", "STATSD_URL=nonsense"});
  CHECK(result.first == 2);
  const Texts expected{
      "STATS_COLLECTOR_MESOS_MASTER_IP", "STATS_COLLECTOR_RABBITMQ_HOST",  "STATS_COLLECTOR_RABBITMQ_USER",
      "STATS_COLLECTOR_RABBITMQ_PWD",    "STATS_COLLECTOR_RABBITMQ_VHOST", "STATS_COLLECTOR_RABBITMQ_RK",
      "STATS_COLLECTOR_REDIS_URL",       "STATS_COLLECTOR_REDIS_POOL_MAX", "STATSD_URL"};
  REQUIRE(result.second.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(result.second[i]);
    CHECK(result.second[i].starts_with("mesos_collector: "));
    CHECK(has(result.second[i], expected[i]));
  }
}

TEST_CASE("mesos_collector: a single round that is skipped is status 1, and the log says why") {
  const auto result = run({"STATS_COLLECTOR_MESOS_MASTER_IP=" + nobody(), "STATSD_DISABLE=1",
                           "STATS_COLLECTOR_REDIS_URL=redis://" + nobody() + "/0"},
                          {"--no-amqp"});
  CHECK(result.first == 1);
  REQUIRE(result.second.size() == 3);
  CHECK(has(result.second[0], R"("action":"skip_round")"));
  CHECK(has(result.second[1], R"("skipped":true)"));
  CHECK(result.second[2] == "mesos_collector: 1 of 1 rounds brought nothing; the log says why");
}

TEST_CASE("mesos_collector: as a service it goes on when rounds are skipped, and ends in order at a signal") {
  ChildProcess collector{{"/usr/bin/env", "-i", "STATS_COLLECTOR_MESOS_MASTER_IP=" + nobody(),
                          "STATSD_DISABLE=1", "STATS_COLLECTOR_REDIS_URL=redis://" + nobody() + "/0",
                          example_path("mesos_collector"), "--no-amqp", "--every", "100ms"}};
  for (int i = 0; i < 3; ++i) collector.read_until("skip_round", collector.output().size());
  collector.signal(SIGTERM);
  CHECK(collector.wait() == 0);
  CHECK(has(collector.output(), R"({"action":"stopping"})"));
}

TEST_CASE("mesos_collector: help and version are answers, a usage error one line and status 2") {
  CHECK(run({}, {"--version"}).first == 0);
  const auto help = run({}, {"--help"});
  CHECK(help.first == 0);
  CHECK(help.second.size() > 20);
  const auto error = run({}, {"--every", "soon"});
  CHECK(error.first == 2);
  REQUIRE(error.second.size() == 1);
  CHECK(error.second[0].starts_with("mesos_collector: --every: 'soon' is not a duration"));
}
