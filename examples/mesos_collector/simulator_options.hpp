#pragma once

// The simulator's command line.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "command.hpp"

namespace mesos_collector {

struct SimulatorOptions {
  std::size_t masters = 1;
  std::size_t agents = 3;
  std::size_t tasks = 5;      ///< Of each agent.
  std::uint16_t port = 5050;  ///< Of the first master; 0 takes a free one.
  std::optional<std::chrono::milliseconds> run_for{};
};

example::Command<SimulatorOptions> parse_simulator_options(int argc, const char* const* argv);

}  // namespace mesos_collector
