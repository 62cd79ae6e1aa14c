#pragma once

// Puts lines together from the texts of a series and a value: two copies and a number. As all writers of
// lines they return the bytes written, 0 when these do not fit.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "statwire/aggregate/series.hpp"
#include "statwire/detail/copy.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/rate.hpp"
#include "statwire/protocol/statsd_line.hpp"

namespace statwire::aggregate {

using protocol::detail::LineCursor;

/// What follows a value that stands for `share` times what the rate of the series says.
inline LineCursor& end_line(LineCursor& line, const Series& series, std::uint64_t share) noexcept {
  line.raw(series.type_text);
  const std::uint64_t one_in = share * series.one_in;
  if (one_in > 1) line.raw("|@").number(protocol::Number{protocol::rate_of(one_in)});
  return line.raw(series.tags_text);
}

/// A value that takes at most `most_chars`, written by `write(char*)` that returns the end of the text.
template <std::invocable<char*> Write>
[[gnu::always_inline]] inline std::size_t write_text(std::span<char> out, const Series& series,
                                                     std::size_t most_chars, Write&& write) noexcept {
  // Where there is room for the longest, nothing has to be checked in between: half the time.
  if (out.size() >= series.head.size() + most_chars + series.tail.size()) [[likely]] {
    char* const end = write(statwire::detail::copy_text(out.data(), series.head));
    return static_cast<std::size_t>(statwire::detail::copy_text(end, series.tail) - out.data());
  }
  return LineCursor{out}.raw(series.head).number(write).raw(series.tail).size();
}

template <protocol::Numeric Value>
[[gnu::always_inline]] inline std::size_t write_value(std::span<char> out, const Series& series,
                                                      Value value) noexcept {
  if constexpr (std::integral<Value>) {
    return write_text(out, series, protocol::max_integer_chars,
                      [&](char* text) { return protocol::write_integer(text, value); });
  } else {
    return write_text(out, series, protocol::max_number_chars,
                      [&](char* text) { return protocol::Number{value}.write(text); });
  }
}

inline std::size_t write_timing(std::span<char> out, const Series& series, std::chrono::nanoseconds value,
                                protocol::Decimals decimals) noexcept {
  return write_text(out, series, protocol::max_milliseconds_chars,
                    [&](char* text) { return protocol::write_milliseconds(text, value, decimals); });
}

/// An absolute gauge; see protocol::write_gauge for the zero before a negative one.
template <protocol::Numeric Value>
std::size_t write_gauge(std::span<char> out, const Series& series, Value value,
                        const Profile& profile) noexcept {
  if (!(value < 0) || !profile.signed_gauges) {
    if (profile.decimals == protocol::Decimals::fewest) return write_value(out, series, value);
    return write_text(out, series, protocol::max_number_chars,
                      [&](char* text) { return protocol::Number{value}.write(text, profile.decimals); });
  }
  LineCursor line{out};
  end_line(line.raw(series.head).raw("0"), series, 0).raw("\n");
  return end_line(line.raw(series.head).number(protocol::Number{value}, profile.decimals), series, 0).size();
}

inline std::size_t write_gauge_delta(std::span<char> out, const Series& series, protocol::Number delta,
                                     const Profile& profile) noexcept {
  LineCursor line{out};
  line.raw(series.head);
  if (!delta.is_negative()) line.raw("+");
  return line.number(delta, profile.decimals).raw(series.tail).size();
}

inline std::size_t write_member(std::span<char> out, const Series& series, std::string_view member) noexcept {
  return LineCursor{out}.raw(series.head).member(member).raw(series.tail).size();
}

}  // namespace statwire::aggregate
