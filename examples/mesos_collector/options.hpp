#pragma once

// The collector's command line.

#include <chrono>
#include <cstddef>
#include <optional>

#include "command.hpp"

namespace mesos_collector {

struct Options {
  std::optional<std::chrono::milliseconds> every{};  ///< None: one round, as the original.
  std::optional<std::size_t> rounds{};               ///< None: one, or without end when there is `every`.
  std::size_t workers = 32;                          ///< Agents that are asked at once.
  std::optional<std::chrono::milliseconds> ttl{};    ///< Of a sample in Redis; none: kept for ever.
  bool has_amqp = true;
  bool persistent = false;
  std::size_t queue_capacity = 100'000;  ///< Documents that are kept while the broker is away.
  bool publish_resets = false;
  std::optional<std::size_t> table_rows{};  ///< None: no table.
  bool verbose = false;
};

example::Command<Options> parse_options(int argc, const char* const* argv);

}  // namespace mesos_collector
