// A Mesos cluster on loopback, for trying mesos_collector on one machine: says where its masters are, and
// answers until it is ended.
//
//   mesos_simulator --agents 20 --tasks 10 --port 5050
//   STATS_COLLECTOR_MESOS_MASTER_IP=127.0.0.1 mesos_collector --no-amqp --every 5s --table 20

#include <chrono>
#include <cstdio>
#include <string>

#include "daemon.hpp"
#include "mesos_collector/simulated_cluster.hpp"
#include "mesos_collector/simulated_tasks.hpp"
#include "mesos_collector/simulator_options.hpp"

namespace mesos_collector {
namespace {

constexpr const char* program = "mesos_simulator";

void run(const SimulatorOptions& options, const example::EndSignals& signals) {
  using std::chrono::steady_clock;
  example::raise_descriptor_limit();
  const SimulatedCluster cluster{{.masters = options.masters,
                                  .agents = options.agents,
                                  .port = options.port,
                                  .statistics = SimulatedTasks{options.tasks}}};
  for (const std::string& master : cluster.masters()) example::print(stdout, program, "master " + master);
  example::print(stdout, program,
                 std::to_string(options.agents) + " agents of " + std::to_string(options.tasks) + " tasks");
  if (options.run_for) {
    signals.wait_until(steady_clock::now() + *options.run_for);
  } else {
    signals.wait();
  }
  signals.restore();
}

}  // namespace
}  // namespace mesos_collector

int main(int argc, char** argv) {
  using namespace mesos_collector;
  example::open_standard_streams();
  const example::EndSignals signals;
  return example::run_daemon<SimulatorOptions>(
      program, parse_simulator_options(argc, argv),
      [&](const SimulatorOptions& options) { run(options, signals); });
}
