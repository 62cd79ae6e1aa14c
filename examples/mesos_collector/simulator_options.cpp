#include "mesos_collector/simulator_options.hpp"

#include <CLI/CLI.hpp>
#include <limits>

#include "command_line.hpp"

namespace mesos_collector {
namespace {

void add_flags(CLI::App& app, SimulatorOptions& options) {
  using example::add_flag;
  using example::number_reader;
  constexpr std::int64_t most_agents = 10'000;  // there are 64,511 ports for users
  add_flag(app, "--masters", "COUNT", options.masters, "The first one leads (default 1)",
           number_reader(1, 16));
  add_flag(app, "--agents", "COUNT", options.agents, "Each on a port of its own (default 3)",
           number_reader(0, most_agents));
  add_flag(app, "--tasks", "COUNT", options.tasks, "Of each agent (default 5)", number_reader(0, 10'000));
  add_flag(app, "--port", "PORT", options.port, "Of the first master; 0: a free one (default 5050)",
           number_reader<std::uint16_t>(0, std::numeric_limits<std::uint16_t>::max()));
  add_flag(app, "--for", "DURATION", options.run_for, "End after this time (default: at Ctrl-C or SIGTERM)",
           example::read_run_time);
}

}  // namespace

example::Command<SimulatorOptions> parse_simulator_options(int argc, const char* const* argv) {
  CLI::App app{"A Mesos cluster on loopback, whose tasks use CPU and memory that nobody has.",
               "mesos_simulator"};
  return example::parse_command<SimulatorOptions>(app, argc, argv, add_flags);
}

}  // namespace mesos_collector
