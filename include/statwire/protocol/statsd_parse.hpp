#pragma once

// Reads StatsD lines as the reference daemon does, leniently: several values for one name (`a:1|c:2|c`), tags
// after `|#`, any type it does not know as a counter, numbers as JavaScript reads them. What it refuses is
// reported part by part, so that one bad value costs nothing but itself. Source: statsd/statsd stats.js and
// lib/helpers.js; where the original crashes on a rate, the part is bad here.

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "statwire/protocol/number.hpp"
#include "statwire/protocol/text.hpp"

namespace statwire::protocol {

enum class MetricType { counter, gauge, timing, set };

/// One value of a line. The texts point into the line.
struct StatsdSample {
  std::string_view name;  ///< As it came; not cleaned.
  std::string_view text;  ///< The value as text; for a set, the member.
  std::string_view tags;  ///< What follows `|#`, without it; empty when there is none.
  double value = 0;       ///< The value as a number; 0 for a set.
  double rate = 1;        ///< Above 0, from `@rate`.
  MetricType type = MetricType::counter;
  bool has_sign = false;  ///< The value begins with `+` or `-`: a gauge is changed, not set.
};

namespace detail {

/// Reads a number as JavaScript's Number() does: blanks around it, nothing but blanks for 0, `0x1f`,
/// `Infinity`.
inline std::optional<double> parse_script_number(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  text = trim(text);
  if (text.empty()) return 0;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data() + 2, end, value, 16);
    if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
    return static_cast<double>(value);
  }
  const std::string_view magnitude = text.front() == '-' || text.front() == '+' ? text.substr(1) : text;
  if (magnitude == "Infinity") {
    return text.front() == '-' ? -std::numeric_limits<double>::infinity()
                               : std::numeric_limits<double>::infinity();
  }
  if (magnitude.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
    return std::nullopt;  // nan, inf
  return parse_float(text);
}

/// Reads `@0.1`. The number must be legal as a whole, but only its leading digits and dots count: `@2e-1`
/// is 2.
inline std::optional<double> parse_rate(std::string_view field) noexcept {
  if (!field.starts_with('@') || !parse_script_number(field.substr(1))) return std::nullopt;
  const std::string_view number = field.substr(1);
  const std::optional<double> rate = parse_float(number.substr(0, number.find_first_not_of("0123456789.")));
  return rate && *rate > 0 ? rate : std::nullopt;
}

inline MetricType metric_type(std::string_view text) noexcept {
  if (text == "g") return MetricType::gauge;
  if (text == "ms") return MetricType::timing;
  if (text == "s") return MetricType::set;
  return MetricType::counter;
}

/// Reads `value|type[|@rate]` into `sample`; returns whether it is legal.
inline bool parse_value(std::string_view part, StatsdSample& sample) noexcept {
  sample.text = take_until(part, '|');
  if (part.data() == nullptr) return false;                // no `|`, so no type
  sample.type = metric_type(trim(take_until(part, '|')));  // trimmed, as a line may end with \r\n
  sample.rate = 1;
  if (part.data() != nullptr) {
    const std::optional<double> rate = parse_rate(take_until(part, '|'));
    if (!rate) return false;
    sample.rate = *rate;
  }
  sample.value = 0;
  sample.has_sign = sample.text.starts_with('+') || sample.text.starts_with('-');
  if (sample.type == MetricType::set) return true;
  const std::optional<double> value = parse_script_number(sample.text);
  if (!value || (sample.type == MetricType::timing && *value < 0)) return false;
  sample.value = *value;
  return true;
}

}  // namespace detail

/// Reads one line (no line feed in it), calls `on_sample(const StatsdSample&)` for each legal value and
/// returns the number of values that are not. Takes any bytes.
template <class OnSample>
std::size_t parse_statsd_line(std::string_view line, OnSample&& on_sample) {
  StatsdSample sample;
  const std::size_t tags = line.find("|#");
  if (tags != std::string_view::npos) {
    sample.tags = line.substr(tags + 2);
    line = line.substr(0, tags);
  }
  sample.name = take_until(line, ':');
  std::size_t bad = 0;
  do {
    if (detail::parse_value(take_until(line, ':'), sample)) {
      on_sample(static_cast<const StatsdSample&>(sample));
    } else {
      ++bad;
    }
  } while (line.data() != nullptr);
  return bad;
}

/// Splits a datagram into its lines, leaves empty ones out, and calls `on_line(std::string_view)` for each.
template <class OnLine>
void for_each_line(std::string_view datagram, OnLine&& on_line) {
  while (!datagram.empty()) {
    const std::string_view line = take_until(datagram, '\n');
    if (!line.empty()) on_line(line);
  }
}

}  // namespace statwire::protocol
