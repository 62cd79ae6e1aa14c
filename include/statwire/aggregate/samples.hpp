#pragma once

// The kinds of samples. Each can be recorded in a cell, where the flusher finds it, or written as a line: of
// its series, whose texts are there already, or of a name that has none. A line of a series may be written
// twice, when it finds the open datagram full.

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "statwire/aggregate/cell.hpp"
#include "statwire/aggregate/series.hpp"
#include "statwire/aggregate/series_line.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/statsd_line.hpp"

namespace statwire::aggregate {

/// Whether a sample may leave as a line of its own.
template <class Sample>
constexpr bool has_line([[maybe_unused]] const Sample& sample,
                        [[maybe_unused]] const Profile& profile) noexcept {
  if constexpr (requires { sample.has_line(profile); }) return sample.has_line(profile);
  return true;
}

/// Integers are added in the thread's cell, the rest in the series.
template <protocol::Numeric Value>
struct Count {
  Value value;

  void record(auto&, Series& series, Cell& cell) const noexcept {
    std::int64_t integer = 0;
    if (protocol::as_exact_integer(value, integer)) return cell.add(integer);
    GaugeValue::add_to(series.fraction, static_cast<double>(value));
    cell.add(0);
  }
  std::size_t write(std::span<char> out, Series& series, const Profile&) const noexcept {
    return write_value(out, series, value);
  }
  std::size_t write(std::span<char> out, const protocol::LineHead& head) const noexcept {
    return protocol::write_counter(out, head, value);
  }
};

template <protocol::Numeric Value>
struct GaugeSet {
  Value value;

  void record(auto&, Series& series, Cell& cell) const noexcept {
    series.gauge.set(value);
    cell.add(0);
  }
  std::size_t write(std::span<char> out, Series& series, const Profile& profile) const noexcept {
    if (!profile.signed_gauges) series.gauge.set(value);  // what changes go on from
    return write_gauge(out, series, value, profile);
  }
  std::size_t write(std::span<char> out, const protocol::LineHead& head) const noexcept {
    return protocol::write_gauge(out, head, value);
  }
};

/// A server without signed gauges gets the sum of all changes, from zero or the last value set. That is made
/// in cells.
template <protocol::Numeric Value>
struct GaugeChange {
  Value delta;

  /// Whether it may leave as a line of its own. It is not written otherwise.
  static bool has_line(const Profile& profile) noexcept { return profile.signed_gauges; }

  void record(auto& registry, Series& series, Cell& cell) const noexcept {
    if (registry.options().profile.signed_gauges) {
      series.gauge.add(static_cast<double>(delta));
    } else {
      series.gauge.add_from_zero(static_cast<double>(delta));
    }
    cell.add(0);
  }
  std::size_t write(std::span<char> out, Series& series, const Profile& profile) const noexcept {
    return write_gauge_delta(out, series, delta, profile);
  }
  std::size_t write(std::span<char> out, const protocol::LineHead& head) const noexcept {
    return protocol::write_gauge_delta(out, head, delta);
  }
};

struct Duration {
  std::chrono::nanoseconds value;

  void record(auto& registry, Series&, Cell& cell) const noexcept {
    registry.record_sample(cell, static_cast<std::uint64_t>(value.count()));
  }
  std::size_t write(std::span<char> out, Series& series, const Profile& profile) const noexcept {
    return write_timing(out, series, value, profile.decimals);
  }
  std::size_t write(std::span<char> out, const protocol::LineHead& head) const noexcept {
    return protocol::write_timing(out, head, value);
  }
};

/// Of a histogram or a distribution.
template <protocol::Numeric Value>
struct Observation {
  Value value;
  std::string_view type_text;

  void record(auto& registry, Series&, Cell& cell) const noexcept {
    const double wide = static_cast<double>(value);
    std::uint64_t bits = 0;
    std::memcpy(&bits, &wide, sizeof(bits));
    registry.record_sample(cell, bits);
  }
  std::size_t write(std::span<char> out, Series& series, const Profile&) const noexcept {
    return write_value(out, series, value);
  }
  std::size_t write(std::span<char> out, const protocol::LineHead& head) const noexcept {
    return protocol::write_value(out, head, value, type_text);
  }
};

struct Member {
  std::string_view text;

  void record(auto& registry, Series& series, Cell& cell) const noexcept {
    registry.insert_member(series, cell, text);
  }
  std::size_t write(std::span<char> out, Series& series, const Profile&) const noexcept {
    return write_member(out, series, text);
  }
  std::size_t write(std::span<char> out, const protocol::LineHead& head) const noexcept {
    return protocol::write_set(out, head, text);
  }
};

}  // namespace statwire::aggregate
