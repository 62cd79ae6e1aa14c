#include "mesos_collector/simulator_options.hpp"

#include <limits>

#include "command_line.hpp"

namespace mesos_collector {
namespace {

void add_flags(example::CommandLine& line, SimulatorOptions& options) {
  using example::number_reader;
  constexpr std::int64_t most_agents = 10'000;  // there are 64,511 ports for users
  line.add_value("--masters", "COUNT", options.masters, "The first one leads (default 1)",
                 number_reader(1, 16));
  line.add_value("--agents", "COUNT", options.agents, "Each on a port of its own (default 3)",
                 number_reader(0, most_agents));
  line.add_value("--tasks", "COUNT", options.tasks, "Of each agent (default 5)", number_reader(0, 10'000));
  line.add_value("--port", "PORT", options.port, "Of the first master; 0: a free one (default 5050)",
                 number_reader<std::uint16_t>(0, std::numeric_limits<std::uint16_t>::max()));
  line.add_value("--for", "DURATION", options.run_for, "End after this time (default: at Ctrl-C or SIGTERM)",
                 example::read_run_time);
}

}  // namespace

example::Command<SimulatorOptions> parse_simulator_options(int argc, const char* const* argv) {
  example::CommandLine line{"mesos_simulator",
                            "A Mesos cluster on loopback, whose tasks use CPU and memory that nobody has."};
  return example::parse_command<SimulatorOptions>(line, argc, argv, add_flags);
}

}  // namespace mesos_collector
