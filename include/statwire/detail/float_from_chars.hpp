#pragma once

// std::from_chars for doubles, on every standard library. That of Clang (libc++) reads none before version
// 20, and that of GCC 11 calls numbers below 2.3e-308 out of range, though doubles have them; for those two
// the text is brought into a form that strtod reads alike in every locale: digits and an exponent, no point.
// Everybody else gets std::from_chars itself. No allocation.

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <string_view>
#include <system_error>

namespace statwire::detail {

/// The digits of a decimal number, ready for strtod. No double, nor the middle between two, has more than 767
/// digits that count: one that is not zero, in place of all after those, rounds the same way.
class DecimalText {
 public:
  /// Appends a digit, `places` of which stand after the point: 0 or 1.
  void append(char digit, int places) noexcept {
    exponent_ -= places;
    if (size_ == 0 && digit == '0') return;
    if (size_ < max_digits) {
      text_[size_++] = digit;
      return;
    }
    ++exponent_;
    if (digit != '0') text_[max_digits - 1] = '1';
  }

  bool is_zero() const noexcept { return size_ == 0; }

  /// The value, with the exponent that the text wrote itself; zero when too small, infinite when too large.
  double value(std::int64_t written_exponent) noexcept {
    if (is_zero()) return 0;
    char* next = text_ + size_;
    *next++ = 'e';
    next = std::to_chars(next, std::end(text_) - 1, exponent_ + written_exponent).ptr;
    *next = '\0';
    const int kept = errno;
    const double read = std::strtod(text_, nullptr);
    errno = kept;
    return read;
  }

 private:
  static constexpr std::size_t max_digits = 800;

  char text_[max_digits + 24];  // `e`, an exponent of 64 bits, the end
  std::size_t size_ = 0;
  std::int64_t exponent_ = 0;
};

/// Whether a text begins with a word of small letters, in either case.
inline bool begins_with_word(std::string_view text, std::string_view word) noexcept {
  const auto same = [](char small, char either) { return small == (either | 0x20); };
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(), same);
}

/// The length of `inf`, `infinity`, `nan` or `nan(letters)` at the beginning of a text, else 0.
inline std::size_t length_of_name(std::string_view text) noexcept {
  for (const std::string_view word : {"infinity", "inf"}) {
    if (begins_with_word(text, word)) return word.size();
  }
  if (!begins_with_word(text, "nan")) return 0;
  std::size_t length = 3;
  if (text.substr(length).starts_with('(')) {
    const auto is_letter = [](char c) {
      return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
    };
    const char* const close = std::find_if_not(text.begin() + 4, text.end(), is_letter);
    if (close != text.end() && *close == ')') length = static_cast<std::size_t>(close - text.begin()) + 1;
  }
  return length;
}

/// As std::from_chars does, without it.
inline std::from_chars_result portable_from_chars(const char* begin, const char* end,
                                                  double& value) noexcept {
  const auto is_digit = [&](const char* at) { return at != end && *at >= '0' && *at <= '9'; };
  const bool is_negative = begin != end && *begin == '-';
  const char* next = begin + (is_negative ? 1 : 0);
  const std::string_view rest{next, static_cast<std::size_t>(end - next)};
  const auto set = [&](double magnitude) { value = is_negative ? -magnitude : magnitude; };
  if (const std::size_t length = length_of_name(rest); length != 0) {
    set(begins_with_word(rest, "inf") ? std::numeric_limits<double>::infinity()
                                      : std::numeric_limits<double>::quiet_NaN());
    return {next + length, std::errc{}};
  }

  DecimalText digits;
  const char* const first = next;
  for (; is_digit(next); ++next) digits.append(*next, 0);
  if (next != end && *next == '.' && (next != first || is_digit(next + 1))) {
    for (++next; is_digit(next); ++next) digits.append(*next, 1);
  }
  if (next == first) return {begin, std::errc::invalid_argument};

  std::int64_t exponent = 0;
  if (next != end && (*next == 'e' || *next == 'E')) {
    const bool is_signed = next + 1 != end && (next[1] == '-' || next[1] == '+');
    const char* at = next + (is_signed ? 2 : 1);
    constexpr std::int64_t beyond_any_text = std::numeric_limits<std::int64_t>::max() / 20;
    if (is_digit(at)) {
      for (; is_digit(at); ++at) exponent = std::min(exponent * 10 + (*at - '0'), beyond_any_text);
      if (next[1] == '-') exponent = -exponent;
      next = at;
    }
  }
  const double magnitude = digits.value(exponent);
  if (std::isinf(magnitude) || (magnitude == 0 && !digits.is_zero())) {
    return {next, std::errc::result_out_of_range};
  }
  set(magnitude);
  return {next, std::errc{}};
}

template <class Float>
concept HasFromChars = requires(const char* text, Float& value) {
  std::from_chars(text, text, value);
};

#if defined(_GLIBCXX_RELEASE) && _GLIBCXX_RELEASE < 12
inline constexpr bool reads_subnormal_numbers = false;
#else
inline constexpr bool reads_subnormal_numbers = true;
#endif

/// As std::from_chars: the longest number at the beginning, no blanks and no `+` before it; what no double
/// holds leaves `value` and is std::errc::result_out_of_range.
template <class Float>
std::from_chars_result float_from_chars(const char* begin, const char* end, Float& value) noexcept {
  if constexpr (HasFromChars<Float> && reads_subnormal_numbers) {
    return std::from_chars(begin, end, value);
  } else {
    return portable_from_chars(begin, end, value);
  }
}

}  // namespace statwire::detail
