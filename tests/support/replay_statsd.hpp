#pragma once

// Makes our client do what a case says another client did, and compares what leaves. Numbers are compared as
// numbers: the others print `500.000000`, we print `500`.

#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"
#include "support/python_call.hpp"
#include "support/text.hpp"

namespace statwire::test {

using MemoryStatsd = StatsdClient<testing::MemoryTransport>;

/// What the random source returns in this case, as the 64 bits that our client takes.
inline std::uint64_t& next_random() {
  static std::uint64_t bits = 0;
  return bits;
}
inline std::uint64_t fixed_random() noexcept {
  return next_random();
}

/// In the files, 0 and below stand for "every sample is sent" and numbers above 1 for "none is".
inline void set_random(double value) {
  next_random() = value <= 0   ? 0
                  : value >= 1 ? ~std::uint64_t{0}
                               : static_cast<std::uint64_t>(std::ldexp(value, 64));
}

/// Numbers keep their kind: `10` is an integer, `1.2` a double.
template <class Call>
void with_number(const std::string& text, Call&& call) {
  if (text.find('.') == std::string::npos) {
    call(std::stoll(text));
  } else {
    call(number_of(text));
  }
}

/// `350` and `0.25` are milliseconds; `1.5 s` and `1.5 days` say their unit.
inline std::chrono::duration<double, std::milli> duration_of(const std::string& text) {
  const std::vector<std::string> parts = split(text, ' ');
  const std::chrono::duration<double> seconds{number_of(parts[0])};
  if (parts.size() == 1) return std::chrono::duration<double, std::milli>{number_of(parts[0])};
  if (parts[1] == "s") return seconds;
  REQUIRE_MESSAGE(parts[1] == "days", "unknown unit: " << text);
  return seconds * 86400;
}

/// Makes one call of either Python client on ours.
inline void replay(MemoryStatsd& statsd, const PythonCall& call) {
  const std::string rate = call.keyword("rate", call.keyword("sample_rate", "1"));
  const MetricOptions options{.rate = number_of(rate)};
  for (const std::string& name : call.names) {
    const std::string& function = call.function;
    if (function == "incr" || function == "increment" || function == "update_stats") {
      with_number(call.argument(0, "1"), [&](auto count) { statsd.increment(name, count, options); });
    } else if (function == "decr" || function == "decrement") {
      with_number(call.argument(0, "1"), [&](auto count) { statsd.decrement(name, count, options); });
    } else if (function == "gauge" && call.keyword("delta", "False") == "True") {
      with_number(call.argument(0, ""), [&](auto delta) { statsd.gauge_delta(name, delta); });
    } else if (function == "gauge") {
      with_number(call.argument(0, ""), [&](auto value) { statsd.gauge(name, value, options); });
    } else if (function == "timing") {
      statsd.timing(name, duration_of(call.argument(0, "")), options);
    } else if (function == "timing_since") {  // called with the start, `now+5.0` or `now-0.001234`
      const double start = number_of(call.argument(0, "").substr(std::string{"now"}.size()));
      statsd.timing(name, std::chrono::duration<double>{-start}, options);
    } else if (function == "set") {
      statsd.set(name, call.argument(0, ""), options);
    } else {
      FAIL("a function that our client has no counterpart for: " << function);
    }
  }
}

/// A line with its value taken out, and the value: `foo:|ms|@0.5` and 350.
struct LineParts {
  std::string frame;
  std::string value;
};

inline LineParts parts_of(const std::string& line) {
  const std::size_t begin = line.find(':') + 1;
  const std::size_t end = line.find('|', begin);
  REQUIRE_MESSAGE((begin != 0 && end != std::string::npos), "not a StatsD line: " << line);
  return {line.substr(0, begin) + line.substr(end), line.substr(begin, end - begin)};
}

/// Compares two lines, values of other types than sets as numbers; a sign that makes a gauge relative counts.
inline void check_same_line(const std::string& ours, const std::string& theirs) {
  CAPTURE(ours);
  CAPTURE(theirs);
  const LineParts our_parts = parts_of(ours);
  const LineParts their_parts = parts_of(theirs);
  CHECK(our_parts.frame == their_parts.frame);
  CHECK(our_parts.value.starts_with('+') == their_parts.value.starts_with('+'));
  if (their_parts.frame.ends_with("|s")) {
    CHECK(our_parts.value == their_parts.value);
  } else {
    CHECK(number_of(our_parts.value) == doctest::Approx(number_of(their_parts.value)).epsilon(1e-12));
  }
}

/// Compares datagrams, line by line.
inline void check_same_datagrams(const std::vector<std::string>& ours,
                                 const std::vector<std::string>& theirs) {
  REQUIRE(ours.size() == theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const std::vector<std::string> our_lines = split(ours[i], '\n');
    const std::vector<std::string> their_lines = split(theirs[i], '\n');
    REQUIRE(our_lines.size() == their_lines.size());
    for (std::size_t k = 0; k < our_lines.size(); ++k) check_same_line(our_lines[k], their_lines[k]);
  }
}

}  // namespace statwire::test
