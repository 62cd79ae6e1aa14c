#pragma once

// Numbers as text, both ways, without locale and without allocation. StatsD wants fixed notation (an exponent
// is misread by servers); the put/get protocol wants what Python prints, because its servers and clients are
// Python. Nothing here looks at the rest of a line.

#include <algorithm>
#include <cfloat>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "statwire/detail/float_from_chars.hpp"

#include "statwire/protocol/numeric.hpp"

namespace statwire::protocol {

/// Room that every number needs as text: the longest double in fixed notation takes 1 + 2 + 323 + 17 bytes.
inline constexpr std::size_t max_number_chars = 344;

/// Room that an integer of 64 bits needs, with its sign.
inline constexpr std::size_t max_integer_chars = 21;

/// Writes an integer; returns the end of the text. `out` has room for max_integer_chars.
template <std::integral Integer>
char* write_integer(char* out, Integer value) noexcept {
  if (value >= 0 && value < 10) {  // most counts are small
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  return std::to_chars(out, out + max_integer_chars, value).ptr;
}

inline char* Number::write(char* out) const noexcept {
  if (kind_ != Kind::integer) return write_float(out);
  if (negative_) *out++ = '-';
  return write_integer(out, magnitude_);
}

inline char* Number::write(char* out, Decimals decimals) const noexcept {
  if (decimals == Decimals::fewest) return write(out);
  constexpr std::string_view zeros = ".000000";
  if (kind_ == Kind::integer) return std::copy(zeros.begin(), zeros.end(), write(out));
  constexpr double rounds_to_zero = 5e-7;
  constexpr int six = 6;
  const double value = std::fabs(float_) <= rounds_to_zero ? 0 : float_;
  return std::to_chars(out, out + max_number_chars, value, std::chars_format::fixed, six).ptr;
}

inline char* Number::write_float(char* out) const noexcept {
  // Whole numbers are common and print ten times as fast as integers (3 ns against 40 ns).
  constexpr double exact_integers = 9007199254740992.0;  // 2^53
  if (std::fabs(float_) < exact_integers) {
    const auto whole = static_cast<std::int64_t>(float_);
    if (static_cast<double>(whole) == float_) return write_integer(out, whole);
  }
  char* const end = out + max_number_chars;
  return kind_ == Kind::single_float
             ? std::to_chars(out, end, static_cast<float>(float_), std::chars_format::fixed).ptr
             : std::to_chars(out, end, float_, std::chars_format::fixed).ptr;
}

/// Room that a duration in milliseconds needs: an integer and six decimals.
inline constexpr std::size_t max_milliseconds_chars = max_integer_chars + 7;

/// Writes a duration in milliseconds with up to six decimals, or with all of them, from integer arithmetic:
/// `500`, `0.25`, `0.0004`. `out` has room for max_milliseconds_chars, the duration is not negative; returns
/// the end of the text.
inline char* write_milliseconds(char* out, std::chrono::nanoseconds duration,
                                Decimals decimals = Decimals::fewest) noexcept {
  constexpr std::int64_t nanoseconds_per_millisecond = 1'000'000;
  const std::int64_t count = duration.count();
  out = write_integer(out, count / nanoseconds_per_millisecond);
  std::int64_t fraction = count % nanoseconds_per_millisecond;
  const bool all = decimals == Decimals::six;
  if (fraction == 0 && !all) return out;
  *out++ = '.';
  for (std::int64_t unit = nanoseconds_per_millisecond / 10; fraction != 0 || (all && unit != 0);
       unit /= 10) {
    *out++ = static_cast<char>('0' + fraction / unit);
    fraction %= unit;
  }
  return out;
}

/// How a whole double is printed: `3`, or `3.0` as Python prints a float.
enum class WholeNumbers { plain, with_point };

/// Writes a double as Python's repr does (but -0.0 as zero): shortest, fixed from 1e-4 to below 1e16, else
/// with an exponent of at least two digits; `nan`, `inf` and `-inf` by name. `out` has room for
/// max_number_chars.
inline char* write_float(char* out, double value, WholeNumbers whole_numbers) noexcept {
  const double magnitude = std::fabs(value);
  const bool fixed = value == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
  if (!std::isfinite(value) || !fixed) {
    if (std::isnan(value)) value = std::fabs(value);  // no `-nan`
    return std::to_chars(out, out + max_number_chars, value, std::chars_format::scientific).ptr;
  }
  char* end = Number{value}.write(out);
  if (whole_numbers == WholeNumbers::with_point && std::trunc(value) == value) {
    *end++ = '.';
    *end++ = '0';
  }
  return end;
}

/// Reads an integer as std::from_chars does; returns where it ends, null when there is none.
inline const char* read_integer(const char* begin, const char* end, std::int64_t& value) noexcept {
  const auto [stop, error] = std::from_chars(begin, end, value);
  return error == std::errc{} ? stop : nullptr;
}

/// Reads a double as std::from_chars does; returns where it ends, null when there is none. Digits that fit
/// into 2^53 are one exact division away from the nearest double (Clinger, "How to read floating point
/// numbers accurately", 1990), which takes half the time for values as short as metrics have; those with
/// seventeen digits take half as much again. Not where the processor divides more exactly than a double holds
/// (x86 without SSE) and so rounds twice.
inline const char* read_float(const char* begin, const char* end, double& value) noexcept {
  static constexpr double powers_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                             1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  constexpr std::ptrdiff_t exact_digits = 15;  // below 2^53, whatever they are
  const bool is_negative = begin != end && *begin == '-';
  const char* const digits = begin + (is_negative ? 1 : 0);
  std::int64_t mantissa = 0;
  const char* next = digits;
  const auto read_digits = [&] {
    const char* const first = next;
    for (; next != end && *next >= '0' && *next <= '9' && next - digits <= exact_digits; ++next) {
      mantissa = mantissa * 10 + (*next - '0');
    }
    return next - first;
  };
  std::ptrdiff_t count = read_digits();
  std::ptrdiff_t decimals = 0;
  if (count != 0 && next != end && *next == '.') {
    ++next;
    decimals = read_digits();
    count += decimals;
  }
  const bool goes_on = next != end && ((*next >= '0' && *next <= '9') || *next == 'e' || *next == 'E');
  if (FLT_EVAL_METHOD != 0 || count == 0 || count > exact_digits || goes_on) {
    const auto [stop, error] = statwire::detail::float_from_chars(begin, end, value);
    return error == std::errc{} ? stop : nullptr;
  }
  const double magnitude = static_cast<double>(mantissa) / powers_of_ten[decimals];
  value = is_negative ? -magnitude : magnitude;
  return next;
}

/// Reads a whole text as an integer of 64 bits, with an optional sign.
inline std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  if (text.empty() || read_integer(text.data(), end, value) != end) return std::nullopt;
  return value;
}

/// Reads a whole text as a double, with an optional sign; `nan`, `inf` and `infinity` in any case. What no
/// double can hold (1e400) is refused.
inline std::optional<double> parse_float(std::string_view text) noexcept {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  if (text.ends_with(')')) return std::nullopt;  // from_chars would take nan(...)
  double value = 0;
  const char* const end = text.data() + text.size();
  if (text.empty() || read_float(text.data(), end, value) != end) return std::nullopt;
  return value;
}

}  // namespace statwire::protocol
