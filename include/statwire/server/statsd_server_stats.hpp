#pragma once

// What a StatsD server tells of itself.

#include <cstdint>

#include "statwire/graphite_options.hpp"

namespace statwire::server {

/// What a StatsD server has seen since it was made.
struct StatsdServerStats {
  std::uint64_t packets = 0;  ///< Datagrams, and lines over TCP.
  std::uint64_t lines = 0;
  std::uint64_t bad_values = 0;           ///< Also lines without any; the rest of a line counts.
  std::uint64_t dropped_samples = 0;      ///< Beyond max_series or max_values.
  std::uint64_t dropped_packets = 0;      ///< Beyond max_backlog_bytes, or of memory.
  std::uint64_t lost_datagrams = 0;       ///< Found the buffer of the system full (Linux can say).
  std::uint64_t long_lines = 0;           ///< Beyond max_line_bytes, and datagrams that were cut.
  std::uint64_t half_lines = 0;           ///< That a TCP client left behind.
  std::uint64_t refused_connections = 0;  ///< Beyond max_connections or max_admin_connections.
  std::uint64_t refused_commands = 0;     ///< Of the admin port: unknown, or longer than 64 KiB.
  std::uint64_t unrepeated = 0;           ///< Packets that one of repeat_to did not get.
  std::uint64_t failed_prints = 0;        ///< Flushes that the console did not take whole.
  std::uint64_t flushes = 0;
  GraphiteStats graphite{};  ///< Begins anew when reconfigure() has it lead elsewhere.
};

}  // namespace statwire::server
