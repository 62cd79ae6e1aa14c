#pragma once

// What a flush of a StatsD server hands out, one point at a time: to Graphite as text, and to whatever else a
// program wants to send it to.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "statwire/protocol/number.hpp"
#include "statwire/server/statsd_numbers.hpp"

namespace statwire::server {

/// Time since 1970-01-01 UTC: the clock that is handed to everything that has none of its own.
using UnixTime = std::chrono::milliseconds;

/// Whole seconds, as JavaScript rounds: half a second upwards.
inline std::int64_t rounded_seconds(UnixTime time) noexcept {
  return std::chrono::floor<std::chrono::seconds>(time + std::chrono::milliseconds{500}).count();
}

/// How the number of a point is printed.
enum class NumberText {
  script,  ///< As JavaScript prints it: write_script_number().
  python,  ///< As Python 2 prints a float: write_python_number().
};

/// One point. The path points into the aggregator until the next one.
struct FlushedLine {
  std::string_view path;
  double value = 0;
  std::int64_t timestamp = 0;  ///< Unix seconds.
  NumberText text = NumberText::script;
};

/// Appends `path value timestamp\n`, the plaintext protocol of Graphite.
inline void append_flushed_line(std::string& out, const FlushedLine& line) {
  char rest[max_statsd_number_chars + protocol::max_integer_chars + 3];
  char* text = rest;
  *text++ = ' ';
  text = line.text == NumberText::script ? write_script_number(text, line.value)
                                         : write_python_number(text, line.value);
  *text++ = ' ';
  text = protocol::write_integer(text, line.timestamp);
  *text++ = '\n';
  out.append(line.path).append(rest, static_cast<std::size_t>(text - rest));
}

/// What the sender of the flushes to Graphite says of itself; the lines of a flush hold it. Times in
/// milliseconds are of the flush before, for this one is not over yet.
struct GraphiteStatus {
  std::int64_t calculation_ms = 0;
  std::int64_t processing_ms = 0;
  std::int64_t last_exception = 0;  ///< Unix seconds; 0: there was none.
  std::int64_t last_flush = 0;      ///< Unix seconds; at first, those of the start.
  std::int64_t flush_time_ms = 0;
  std::uint64_t flush_length = 0;  ///< In bytes.
};

}  // namespace statwire::server
