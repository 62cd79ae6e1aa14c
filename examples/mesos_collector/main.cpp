// Collects CPU and memory of each task of a Mesos cluster: the previous sample of each is in Redis, and one
// document a task goes to RabbitMQ; the same figures go to StatsD as gauges. The environment says where
// everything is, see --help. Ends in order at SIGTERM or SIGINT, and at once at a second one.
//
//   STATS_COLLECTOR_MESOS_MASTER_IP=10.0.2.1 mesos_collector --no-amqp --every 10s --table 20

#include <cstdio>
#include <cstdlib>
#include <future>
#include <statwire/client/environment.hpp>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "daemon.hpp"
#include "mesos_collector/environment.hpp"
#include "mesos_collector/json.hpp"
#include "mesos_collector/log.hpp"
#include "mesos_collector/options.hpp"
#include "mesos_collector/service.hpp"

namespace mesos_collector {
namespace {

constexpr const char* program = "mesos_collector";

/// Everything that is wrong with the environment, at once.
std::vector<std::string> environment_errors(const Options& options, Environment& environment) {
  std::vector<std::string> errors;
  environment = read_environment(options.has_amqp, errors);
  statwire::EnvironmentError statsd;
  if (!statwire::read_environment(statsd)) errors.push_back(statsd.message());
  return errors;
}

void write_line(std::FILE* stream, const std::string& line) {
  std::fprintf(stream, "%s\n", line.c_str());
  std::fflush(stream);
}

void run(const Options& options, const Environment& environment, const example::EndSignals& signals) {
  example::raise_descriptor_limit();  // a worker takes one, and so does a connection to Redis
  Log log{[](const std::string& line) { write_line(stderr, line); }};
  Service service{options, environment, log, [](const std::string& line) { write_line(stdout, line); }};
  const example::Happening ended;
  std::packaged_task<Outcome(std::stop_token)> task{
      [&](const std::stop_token& stop) { return service.run(stop); }};
  std::future<Outcome> future = task.get_future();
  std::jthread rounds{[&](std::stop_token stop) {
    task(std::move(stop));
    ended.set();
  }};
  if (signals.wait_or(ended)) log.event("stopping", Json::object());
  signals.restore();  // an agent or a broker may hold up the end
  rounds.request_stop();
  const Outcome outcome = future.get();
  if (outcome.lost_documents != 0) {
    throw std::runtime_error{std::to_string(outcome.lost_documents) +
                             " documents are lost: RabbitMQ did not take them"};
  }
  const bool is_endless = options.every && !options.rounds;
  if (outcome.failed_rounds != 0 && !is_endless) {
    throw std::runtime_error{std::to_string(outcome.failed_rounds) + " of " + std::to_string(outcome.rounds) +
                             " rounds brought nothing; the log says why"};
  }
}

}  // namespace
}  // namespace mesos_collector

int main(int argc, char** argv) {
  using namespace mesos_collector;
  example::open_standard_streams();
  const example::EndSignals signals;
  const example::Command<Options> command = parse_options(argc, argv);
  Environment environment;
  if (const auto* options = std::get_if<Options>(&command)) {
    const std::vector<std::string> errors = environment_errors(*options, environment);
    for (const std::string& error : errors) example::print(stderr, program, error);
    if (!errors.empty()) return 2;
  }
  return example::run_daemon<Options>(program, command,
                                      [&](const Options& options) { run(options, environment, signals); });
}
