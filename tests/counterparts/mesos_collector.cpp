// The collector as a program, with the real RabbitMQ, the real Redis and a simulated cluster.

#include <ostream>

#include <doctest/doctest.h>

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <daemon.hpp>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mesos_collector/json.hpp"
#include "mesos_collector/python_json.hpp"
#include "mesos_collector/simulated_cluster.hpp"
#include "mesos_collector/simulated_tasks.hpp"
#include "support/child_process.hpp"
#include "support/counterpart.hpp"
#include "support/daemon.hpp"
#include "support/loopback.hpp"
#include "support/rabbitmq_queue.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"

using namespace statwire::test;
using mesos_collector::Json;
using mesos_collector::SimulatedCluster;
using mesos_collector::SimulatedTasks;
using mesos_collector::to_python_json;

namespace {

using Texts = std::vector<std::string>;

constexpr const char* queue_name = "asgard.stats";

bool lacks_servers(bool needs_rabbitmq = true) {
  if (is_missing("Redis", find_daemon("redis-server"))) return true;
  return needs_rabbitmq && is_missing("RabbitMQ", RabbitmqServer::program());
}

/// The environment of the collector, as NAME=VALUE.
Texts environment(const SimulatedCluster& cluster, const RedisServer& redis) {
  return {"STATS_COLLECTOR_MESOS_MASTER_IP=" + cluster.masters()[0],
          "STATS_COLLECTOR_REDIS_URL=" + redis.url(), "STATSD_DISABLE=1"};
}

Texts environment(const SimulatedCluster& cluster, const RedisServer& redis, const RabbitmqServer& rabbitmq) {
  Texts variables = environment(cluster, redis);
  variables.insert(
      variables.end(),
      {"STATS_COLLECTOR_RABBITMQ_HOST=127.0.0.1:" + std::to_string(rabbitmq.port()),
       "STATS_COLLECTOR_RABBITMQ_USER=guest", "STATS_COLLECTOR_RABBITMQ_PWD=guest",
       "STATS_COLLECTOR_RABBITMQ_VHOST=/", std::string{"STATS_COLLECTOR_RABBITMQ_RK="} + queue_name});
  return variables;
}

Texts command(const Texts& variables, const Texts& flags) {
  Texts command{"/usr/bin/env"};
  command.insert(command.end(), variables.begin(), variables.end());
  command.push_back(example_path("mesos_collector"));
  command.insert(command.end(), flags.begin(), flags.end());
  return command;
}

/// Runs it to its end, which is to be a good one, and returns its log.
std::vector<Json> run(const Texts& variables, const Texts& flags) {
  ChildProcess collector{command(variables, flags)};
  const int status = collector.wait();
  CHECK_MESSAGE(status == 0, collector.output());
  std::vector<Json> log;
  for (const std::string& line : split(collector.output(), '\n')) {
    if (!line.empty()) log.push_back(Json::parse(line));
  }
  return log;
}

/// The summaries that end its rounds.
std::vector<Json> rounds_of(const std::vector<Json>& log) {
  std::vector<Json> rounds;
  for (const Json& line : log) {
    if (line.at("action") == "fetch_all_slaves_statistics") rounds.push_back(line);
  }
  return rounds;
}

/// The cases of 003_statistics.json, one task on an agent of its own each. Their tasks get ids of their own,
/// for some share theirs.
class RecordedTasks {
 public:
  explicit RecordedTasks(bool include_raw) {
    std::ifstream file{STATWIRE_TEST_CASES "/003_statistics.json"};
    Json recorded = Json::parse(file);
    for (Json& each : recorded.at("cases")) {
      if (each.at("include_raw") != include_raw) continue;
      const std::string id = each.at("now").at("executor_id").get<std::string>() +
                             (include_raw ? "-raw-" : "-") + std::to_string(cases_.size());
      REQUIRE(id.find('.') != std::string::npos);
      for (const char* sample : {"before", "now"}) each.at(sample).at("executor_id") = id;
      if (each.contains("document")) each.at("document").at("taskname") = id;
      cases_.push_back(std::move(each));
    }
    REQUIRE_FALSE(cases_.empty());
  }

  std::size_t size() const { return cases_.size(); }
  void go_on() { is_second_ = true; }

  std::string answer(std::size_t agent) const {
    return Json::array({cases_[agent].at(is_second_ ? "now" : "before")}).dump();
  }

  Texts documents(const Texts& agents) const {
    Texts documents;
    for (std::size_t i = 0; i < cases_.size(); ++i) {
      if (!cases_[i].contains("document")) continue;
      Json document = cases_[i].at("document");
      document.at("host") = agents[i];
      documents.push_back(to_python_json(document));
    }
    std::sort(documents.begin(), documents.end());
    return documents;
  }

  std::size_t failures() const {
    return static_cast<std::size_t>(
        std::count_if(cases_.begin(), cases_.end(), [](const Json& each) { return each.contains("error"); }));
  }

 private:
  std::vector<Json> cases_;
  std::atomic<bool> is_second_{false};
};

Texts bodies(const std::vector<RabbitmqQueue::Message>& messages) {
  Texts bodies;
  for (const RabbitmqQueue::Message& message : messages) bodies.push_back(message.body);
  std::sort(bodies.begin(), bodies.end());
  return bodies;
}

/// A round of a collector that goes on, and what its log says.
class RunningCollector {
 public:
  RunningCollector(const Texts& variables, const Texts& flags) : process_{command(variables, flags)} {}

  void signal(int number) const { process_.signal(number); }
  const std::string& output() const { return process_.output(); }
  int wait() { return process_.wait(); }

  /// Waits until a line with these words comes that is not there yet.
  void await(const std::string& words) { process_.read_until(words, process_.output().size()); }

  /// Waits until so many rounds have begun and ended with documents.
  void await_documents(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      do {
        await("fetch_all_slaves_statistics");
      } while (last_round().at("documents") == 0);
    }
  }

 private:
  Json last_round() {
    const std::size_t begin = process_.output().rfind("{\"action\":\"fetch_all_slaves_statistics\"");
    const std::string& text = process_.read_until("\n", begin);
    return Json::parse(text.substr(begin, text.find('\n', begin) - begin));
  }

  ChildProcess process_;
};

}  // namespace

TEST_CASE("mesos_collector: two runs over a cluster put exactly the original's documents on the queue") {
  if (lacks_servers()) return;
  RabbitmqServer rabbitmq;
  rabbitmq.start();
  RedisServer redis{find_daemon("redis-server")};
  redis.start();
  RabbitmqQueue queue{rabbitmq.port(), queue_name};
  for (const bool include_raw : {false, true}) {
    CAPTURE(include_raw);
    RecordedTasks tasks{include_raw};
    const SimulatedCluster cluster{
        {.agents = tasks.size(), .statistics = [&](std::size_t agent) { return tasks.answer(agent); }}};
    Texts variables = environment(cluster, redis, rabbitmq);
    if (include_raw) variables.push_back("STATS_COLLECTOR_INCLUDE_RAW_METRICS=1");
    CHECK(run(variables, {"--publish-resets"}).size() == 1);
    CHECK(queue.take_all().empty());
    tasks.go_on();
    const std::vector<Json> log = run(variables, {"--publish-resets"});
    CHECK(log.size() == 1 + tasks.failures());
    const std::vector<RabbitmqQueue::Message> messages = queue.take_all();
    CHECK(bodies(messages) == tasks.documents(cluster.agents()));
    for (const RabbitmqQueue::Message& message : messages) CHECK(message.properties == 0);
  }
}

TEST_CASE("mesos_collector: nothing is lost while RabbitMQ and Redis are killed and started again") {
  if (lacks_servers()) return;
  RabbitmqServer rabbitmq;
  rabbitmq.start();
  RedisServer redis{find_daemon("redis-server"), RedisServer::Memory::lasting};
  redis.start();
  std::optional<RabbitmqQueue> queue{std::in_place, rabbitmq.port(), queue_name};
  const SimulatedCluster cluster{{.masters = 2, .agents = 10, .statistics = SimulatedTasks{20}}};
  RunningCollector collector{environment(cluster, redis, rabbitmq), {"--every", "200ms", "--persistent"}};
  collector.await_documents(2);
  queue.reset();
  rabbitmq.end(SIGKILL);
  collector.await("\"rabbitmq\"");  // it has seen it
  collector.await_documents(2);
  rabbitmq.start();
  collector.await("publish_resumed");
  redis.end(SIGKILL);
  collector.await("skip_round");
  redis.start();
  collector.await_documents(2);
  collector.signal(SIGTERM);
  const int status = collector.wait();
  CHECK_MESSAGE(status == 0, collector.output());

  std::size_t computed = 0;
  std::map<std::string, std::size_t> retries;  // by task
  for (const std::string& line : split(collector.output(), '\n')) {
    if (line.empty()) continue;
    const Json entry = Json::parse(line);
    if (entry.at("action") == "fetch_all_slaves_statistics")
      computed += entry.at("documents").get<std::size_t>();
    if (entry.at("action") == "publish_retry") ++retries[entry.at("taskname").get<std::string>()];
  }
  std::map<std::string, std::size_t> copies;  // by body
  for (const std::string& body : bodies(queue.emplace(rabbitmq.port(), queue_name).take_all()))
    ++copies[body];
  CHECK(copies.size() == computed);
  std::map<std::string, std::size_t> repeated;  // by task
  for (const auto& [body, count] : copies) {
    if (count > 1) repeated[Json::parse(body).at("taskname").get<std::string>()] += count - 1;
  }
  for (const auto& each : repeated) {
    CAPTURE(each.first);
    CHECK(each.second <= retries[each.first]);
  }
}

TEST_CASE("mesos_collector: without RabbitMQ, StatsD gets gauges with the tags host and app") {
  if (lacks_servers(false)) return;
  RedisServer redis{find_daemon("redis-server")};
  redis.start();
  UdpReceiver statsd;
  const SimulatedCluster cluster{{.agents = 1, .statistics = SimulatedTasks{1}}};
  Texts variables = environment(cluster, redis);
  variables.back() = "STATSD_URL=udp://127.0.0.1:" + std::to_string(statsd.port());
  variables.push_back("STATSD_PREFIX=p");
  const std::vector<Json> log = run(variables, {"--no-amqp", "--every", "100ms", "--rounds", "2"});
  const std::string datagram = statsd.receive();
  CAPTURE(datagram);
  CHECK(datagram.find("p.mesos.tasks:1|g|#app:/") != std::string::npos);
  CHECK(datagram.find(",host:" + cluster.agents()[0]) != std::string::npos);
  const std::vector<Json> rounds = rounds_of(log);
  REQUIRE(rounds.size() == 2);
  CHECK(rounds[1].at("documents") == 1);
}

TEST_CASE("mesos_collector: 500 agents with 20 tasks each in one round, 50 under sanitizers") {
  if (lacks_servers(false)) return;
  example::raise_descriptor_limit();
  RedisServer redis{find_daemon("redis-server")};
  redis.start();
  constexpr std::size_t agents = is_sanitized ? 50 : 500;
  constexpr std::size_t tasks = agents * 20;
  const SimulatedCluster cluster{{.agents = agents, .statistics = SimulatedTasks{20}}};
  Texts variables = environment(cluster, redis);
  variables.insert(variables.end(), {"STATS_CONNECT_TIMEOUT=60", "STATS_REQUEST_TIMEOUT=60"});
  const std::vector<Json> rounds =
      rounds_of(run(variables, {"--no-amqp", "--every", "100ms", "--rounds", "2", "--verbose"}));
  REQUIRE(rounds.size() == 2);
  CHECK(rounds[0].at("firstSamples") == tasks);
  CHECK(rounds[1].at("documents") == tasks);
  MESSAGE("rounds of " << tasks << " tasks took " << rounds[0].at("processTime") << " and "
                       << rounds[1].at("processTime") << " s");
}

TEST_CASE("mesos_collector: a signal ends it in order while agents are silent, a second one at once") {
  if (lacks_servers(false)) return;
  RedisServer redis{find_daemon("redis-server")};
  redis.start();
  SimulatedCluster cluster{{.agents = 3, .statistics = SimulatedTasks{1}}};
  cluster.set_agent_fault(1, mesos_collector::Fault::silence);
  Texts variables = environment(cluster, redis);
  variables.push_back("STATS_REQUEST_TIMEOUT=0.5");
  RunningCollector patient{variables, {"--no-amqp", "--every", "100ms"}};
  patient.await("\"type\":\"timeout\"");
  patient.signal(SIGINT);
  CHECK(patient.wait() == 0);
  CHECK(patient.output().find("\"slave_ip\":\"" + cluster.agents()[1] + '"') != std::string::npos);

  variables.back() = "STATS_REQUEST_TIMEOUT=3600";
  RunningCollector hung{variables, {"--no-amqp", "--verbose", "--every", "100ms"}};
  hung.await("fetch_slave_statistics");
  hung.signal(SIGTERM);
  hung.await("stopping");
  hung.signal(SIGTERM);
  CHECK(hung.wait() == 128 + SIGTERM);
}
