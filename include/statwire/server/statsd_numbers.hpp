#pragma once

// Numbers as the two StatsD servers whose place ours takes read and print them: statsd/statsd is JavaScript,
// pystatsd is Python 2. What they take for a number decides which lines are bad, and what they print goes
// into databases that hold their values already. No locale, no allocation.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "statwire/detail/float_from_chars.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/text.hpp"

namespace statwire::server {

/// Room that any of the texts below needs.
inline constexpr std::size_t max_statsd_number_chars = 40;

namespace detail {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// The bytes of the white space that a text begins with, as JavaScript's `\s` sees it in UTF-8; 0 for none.
inline std::size_t leading_space(std::string_view text) noexcept {
  if (text.empty()) return 0;
  if (protocol::is_blank(text[0]) || text[0] == '\n') return 1;
  if (static_cast<unsigned char>(text[0]) < 0x80) return 0;
  static constexpr std::string_view wide[] = {"\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9",
                                              "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf"};
  for (const std::string_view space : wide) {
    if (text.starts_with(space)) return space.size();
  }
  if (text.size() < 3 || !text.starts_with("\xe2\x80")) return 0;
  const auto last = static_cast<unsigned char>(text[2]);
  return last >= 0x80 && last <= 0x8a ? 3 : 0;  // from the en quad to the hair space
}

/// Removes white space at both ends, as JavaScript's trim() does.
inline std::string_view script_trim(std::string_view text) noexcept {
  const auto is_plain = [](char c) { return c > ' ' && c < '\x7f'; };
  if (!text.empty() && is_plain(text.front()) && is_plain(text.back())) return text;
  while (const std::size_t size = leading_space(text)) text.remove_prefix(size);
  for (bool found = true; found && !text.empty();) {
    found = false;
    for (std::size_t size = 1; size <= std::min<std::size_t>(3, text.size()) && !found; ++size) {
      found = leading_space(text.substr(text.size() - size)) == size;
      if (found) text.remove_suffix(size);
    }
  }
  return text;
}

/// What a decimal number without a sign is that no double can hold: zero, or infinity.
inline double beyond_double(std::string_view digits) noexcept {
  const std::size_t e = std::min(digits.find_first_of("eE"), digits.size());
  const std::string_view mantissa = digits.substr(0, e);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return 0;
  double exponent = static_cast<double>(point) - static_cast<double>(first);
  if (e < digits.size()) {
    const std::string_view text = digits.substr(e + 1);
    const bool is_negative = text.starts_with('-');
    double value = 0;
    for (const char c : text) value = is_digit(c) ? std::min(value * 10 + (c - '0'), 1e9) : value;
    exponent += is_negative ? -value : value;
  }
  return exponent > 0 ? infinity : 0;
}

/// Reads all of a text as digits with a point and an exponent, after an optional sign.
inline std::optional<double> read_decimal(std::string_view text) noexcept {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  // What from_chars takes besides: another sign, and inf and nan by name.
  if (text.empty() || !(is_digit(text[0]) || text[0] == '.')) return std::nullopt;
  const char* const end = text.data() + text.size();
  double value = 0;
  if (protocol::read_float(text.data(), end, value) != end) {
    const auto [stop, error] = statwire::detail::float_from_chars(text.data(), end, value);
    if (stop != end || error != std::errc::result_out_of_range) return std::nullopt;
    value = beyond_double(text);
  }
  return is_negative ? -value : value;
}

/// Reads digits of base 2, 8 or 16.
inline std::optional<double> read_digits(std::string_view digits, int base) noexcept {
  if (digits.empty()) return std::nullopt;
  double value = 0;
  for (const char c : digits) {
    int digit = 0;
    if (std::from_chars(&c, &c + 1, digit, base).ec != std::errc{}) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

}  // namespace detail

/// Reads a text as JavaScript's Number() does, but an empty one, which statsd/statsd does not take: blanks
/// around it, nothing but blanks for 0, `0x1f`, `1e3`, `Infinity`, and infinity for what no double holds.
inline std::optional<double> read_script_number(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  text = detail::script_trim(text);
  if (text.empty()) return 0;
  if (text.size() > 2 && text[0] == '0') {
    const char letter = static_cast<char>(text[1] | 0x20);
    const int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
    if (base != 0) return detail::read_digits(text.substr(2), base);
  }
  if (text == "Infinity" || text == "+Infinity") return detail::infinity;
  if (text == "-Infinity") return -detail::infinity;
  return detail::read_decimal(text);
}

/// Reads a text as Python 2's float() does: blanks around it, `nan`, `inf` and `infinity` in any case.
inline std::optional<double> read_python_number(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t\n\v\f\r");
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(" \t\n\v\f\r") - first + 1);
  if (const std::optional<double> value = protocol::parse_float(text)) return value;
  return detail::read_decimal(text);
}

namespace detail {

/// Writes a number that has six decimals at most, and fifteen digits; null when it has more. No two texts of
/// so few digits are the same double, so this one is the shortest, at a fifth of the time of std::to_chars.
inline char* write_short_decimals(char* out, double value) noexcept {
  constexpr double unit = 1e6;
  constexpr double limit = 1e9;  // fifteen digits with the decimals
  if (!(std::fabs(value) < limit)) return nullptr;
  auto digits = static_cast<std::int64_t>(value * unit + (value < 0 ? -0.5 : 0.5));
  if (static_cast<double>(digits) / unit != value) return nullptr;
  if (digits < 0) {
    *out++ = '-';
    digits = -digits;
  }
  constexpr std::int64_t integer_unit = 1'000'000;
  out = protocol::write_integer(out, digits / integer_unit);
  std::int64_t fraction = digits % integer_unit;
  if (fraction == 0) return out;
  *out++ = '.';
  for (std::int64_t place = integer_unit / 10; fraction != 0; place /= 10) {
    *out++ = static_cast<char>('0' + fraction / place);
    fraction %= place;
  }
  return out;
}

}  // namespace detail

/// Writes a number as JavaScript prints it: `0.1`, `100000`, `1e+21`, `1.5e-7`, `Infinity`, `NaN`; -0 as `0`.
/// `out` has room for max_statsd_number_chars; returns the end of the text.
inline char* write_script_number(char* out, double value) noexcept {
  constexpr double exact_integers = 9007199254740992.0;  // 2^53
  if (std::fabs(value) < exact_integers) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value) return protocol::write_integer(out, whole);
  }
  if (!std::isfinite(value)) {
    const std::string_view text = std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    return out + text.copy(out, text.size());
  }
  if (char* const end = detail::write_short_decimals(out, value)) return end;
  // JavaScript lays the same shortest digits out in another way: fixed from 1e-6 to below 1e21.
  const double magnitude = std::fabs(value);
  char* const limit = out + max_statsd_number_chars;
  if (magnitude >= 1e-6 && magnitude < exact_integers) {
    return std::to_chars(out, limit, value, std::chars_format::fixed).ptr;
  }
  char scientific[max_statsd_number_chars];
  char* const scientific_end =
      std::to_chars(scientific, scientific + sizeof scientific, value, std::chars_format::scientific).ptr;
  const std::string_view text{scientific, static_cast<std::size_t>(scientific_end - scientific)};
  const std::size_t e = text.find('e');
  int exponent = 0;
  const char* const digits = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(digits, scientific_end, exponent);
  if (magnitude >= 1e21 || magnitude < 1e-6) {
    out += text.copy(out, e + 1);
    *out++ = exponent < 0 ? '-' : '+';
    return protocol::write_integer(out, std::abs(exponent));
  }
  // 2^53 to below 1e21: the shortest digits, then zeros where fixed notation would print what is not known.
  int printed = 0;
  for (const char c : text.substr(0, e)) {
    if (c == '.') continue;
    *out++ = c;
    if (c != '-') ++printed;
  }
  for (; printed <= exponent; ++printed) *out++ = '0';
  return out;
}

/// Writes a float as Python 2's str() does: twelve digits at most, a whole number with `.0`. `out` has room
/// for max_statsd_number_chars; returns the end of the text.
inline char* write_python_number(char* out, double value) noexcept {
  constexpr int digits = 12;
  if (std::isnan(value)) value = std::fabs(value);  // no `-nan`
  char* end =
      std::to_chars(out, out + max_statsd_number_chars, value, std::chars_format::general, digits).ptr;
  const std::string_view text{out, static_cast<std::size_t>(end - out)};
  if (text.find_first_of(".en") == std::string_view::npos) {
    *end++ = '.';
    *end++ = '0';
  }
  return end;
}

}  // namespace statwire::server
