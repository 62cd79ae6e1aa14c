#pragma once

// Writes StatsD lines: `name:value|type` and, for a sampled metric, `|@rate`. One call writes one sample into
// a buffer of the caller, without the line feed that joins lines in a datagram; it writes nothing when the
// sample does not fit. Names and set members are cleaned here (clean.hpp), so a line is one line whatever
// they hold. Source: statsd/statsd docs/metric_types.md.

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>

#include "statwire/protocol/clean.hpp"
#include "statwire/protocol/number.hpp"

namespace statwire::protocol {

/// A line is never longer than this, whatever the transport allows.
inline constexpr std::size_t max_statsd_line_bytes = 8192;

/// What every kind of line begins and ends with.
struct LineHead {
  std::string_view prefix{};  ///< Clean already, with its final dot; may be empty.
  std::string_view name{};    ///< As the caller gave it.
  double rate = 1;            ///< Share of the samples that are sent; printed when below 1.
};

namespace detail {

/// Appends to a buffer of fixed size; what would not fit is left out and remembered.
class LineCursor {
 public:
  explicit LineCursor(std::span<char> buffer) noexcept
      : begin_{buffer.data()}, next_{begin_}, end_{begin_ + buffer.size()} {}

  LineCursor& raw(std::string_view text) noexcept {
    if (reserve(text.size())) next_ = std::copy(text.begin(), text.end(), next_);
    return *this;
  }

  LineCursor& name(const LineHead& head) noexcept {
    raw(head.prefix);
    if (reserve(head.name.size())) next_ = copy_clean_name(next_, head.name);
    return *this;
  }

  LineCursor& member(std::string_view text) noexcept {
    if (reserve(text.size())) next_ = copy_clean_member(next_, text);
    return *this;
  }

  /// Writes text that takes at most max_number_chars: straight into the line when there is room for the
  /// longest, else aside first.
  template <std::invocable<char*> Write>
  LineCursor& number(Write&& write) noexcept {
    if (static_cast<std::size_t>(end_ - next_) >= max_number_chars) {
      next_ = write(next_);
      return *this;
    }
    char text[max_number_chars];
    return raw({text, static_cast<std::size_t>(write(text) - text)});
  }

  LineCursor& number(Number value) noexcept {
    return number([&](char* out) { return value.write(out); });
  }

  LineCursor& rate(const LineHead& head) noexcept {
    return head.rate < 1 ? raw("|@").number(Number{head.rate}) : *this;
  }

  /// The bytes written, or 0 when something did not fit.
  std::size_t size() const noexcept { return overflowed_ ? 0 : static_cast<std::size_t>(next_ - begin_); }

 private:
  bool reserve(std::size_t bytes) noexcept {
    if (bytes > static_cast<std::size_t>(end_ - next_)) overflowed_ = true;
    return !overflowed_;
  }

  char* begin_;
  char* next_;
  char* end_;
  bool overflowed_ = false;
};

}  // namespace detail

/// Writes `name:3|c`. Like all writers here: returns the bytes written, 0 when they do not fit; the number is
/// finite.
inline std::size_t write_counter(std::span<char> out, const LineHead& head, Number value) noexcept {
  return detail::LineCursor{out}.name(head).raw(":").number(value).raw("|c").rate(head).size();
}

/// Writes `name:42|g`, the absolute value. A server that takes a leading sign for a change is first set to
/// zero by a line of its own, `name:0|g\nname:-5|g`: two lines that must travel in one datagram. The pair
/// carries no rate.
inline std::size_t write_gauge(std::span<char> out, const LineHead& head, Number value) noexcept {
  detail::LineCursor line{out};
  if (value.is_negative()) {
    return line.name(head).raw(":0|g\n").name(head).raw(":").number(value).raw("|g").size();
  }
  return line.name(head).raw(":").number(value).raw("|g").rate(head).size();
}

/// Writes a relative gauge, `name:+3|g` or `name:-3|g`; the sign is what makes it relative.
inline std::size_t write_gauge_delta(std::span<char> out, const LineHead& head, Number delta) noexcept {
  return detail::LineCursor{out}
      .name(head)
      .raw(delta.is_negative() ? ":" : ":+")
      .number(delta)
      .raw("|g")
      .rate(head)
      .size();
}

/// Writes `name:0.25|ms`. The duration is not negative.
inline std::size_t write_timing(std::span<char> out, const LineHead& head,
                                std::chrono::nanoseconds duration) noexcept {
  return detail::LineCursor{out}
      .name(head)
      .raw(":")
      .number([&](char* text) { return write_milliseconds(text, duration); })
      .raw("|ms")
      .rate(head)
      .size();
}

/// Writes `name:alice|s`.
inline std::size_t write_set(std::span<char> out, const LineHead& head, std::string_view member) noexcept {
  return detail::LineCursor{out}.name(head).raw(":").member(member).raw("|s").rate(head).size();
}

/// Writes `name:42|s`.
inline std::size_t write_set(std::span<char> out, const LineHead& head, Number member) noexcept {
  return detail::LineCursor{out}.name(head).raw(":").number(member).raw("|s").rate(head).size();
}

}  // namespace statwire::protocol
