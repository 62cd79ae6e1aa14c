#pragma once

// What counts as a number in a metric call, without its text: light, for code that only records. number.hpp
// writes and reads them.

#include <concepts>
#include <cstdint>
#include <limits>
#include <utility>

namespace statwire::protocol {

/// A type whose values are numbers: integers up to 64 bits and floating-point types, but not bool and
/// characters.
template <class T>
concept Numeric = ((std::integral<T> && sizeof(T) <= sizeof(std::uint64_t)) ||
                   std::floating_point<T>)&&!std::same_as<T, bool> &&
                  !std::same_as<T, char> && !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                  !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// How many decimals a number gets: as few as read back as the same number, or six, as C's `%f` prints.
enum class Decimals { fewest, six };

/// Whether a count can be added as an integer: all integers and whole doubles that a double holds exactly.
template <Numeric Value>
constexpr bool as_exact_integer(Value value, std::int64_t& integer) noexcept {
  constexpr std::int64_t limit = std::int64_t{1} << 53;
  if constexpr (std::floating_point<Value>) {
    if (!(value > -static_cast<Value>(limit) && value < static_cast<Value>(limit))) return false;
    integer = static_cast<std::int64_t>(value);
    return static_cast<Value>(integer) == value;
  } else {
    integer = static_cast<std::int64_t>(value);
    if constexpr (sizeof(Value) < sizeof(std::int64_t)) return true;
    return std::cmp_less_equal(value, limit) && std::cmp_greater_equal(value, -limit);
  }
}

/// A number of a metric call. Integers keep all their 64 bits, whatever their sign; a float prints as short
/// as a float can, not as the double that it becomes.
class Number {
 public:
  template <Numeric T>
  constexpr Number(T value) noexcept  // NOLINT(google-explicit-constructor): every number is a Number
      : kind_{std::integral<T>         ? Kind::integer
              : std::same_as<T, float> ? Kind::single_float
                                       : Kind::double_float} {
    if constexpr (std::floating_point<T>) {
      float_ = static_cast<double>(value);
    } else if constexpr (std::signed_integral<T>) {
      negative_ = value < 0;
      magnitude_ = negative_ ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
    } else {
      magnitude_ = value;
    }
  }

  constexpr Number operator-() const noexcept {
    Number result = *this;
    result.negative_ = !negative_ && magnitude_ != 0;
    result.float_ = -float_;
    return result;
  }

  /// Whether the number is below zero; -0.0 is not.
  constexpr bool is_negative() const noexcept { return negative_ || float_ < 0; }

  constexpr bool is_finite() const noexcept { return float_ - float_ == 0; }

  /// Calls `use` with the number as std::int64_t, std::uint64_t, float or double, whichever holds it.
  template <class Use>
  decltype(auto) visit(Use&& use) const {
    if (kind_ == Kind::single_float) return use(static_cast<float>(float_));
    if (kind_ == Kind::double_float) return use(float_);
    if (!negative_ && magnitude_ > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return use(magnitude_);
    }
    return use(static_cast<std::int64_t>(negative_ ? ~magnitude_ + 1 : magnitude_));
  }

  /// Writes the shortest fixed notation that reads back as the same number: `0.5`, `301`, never `-0` or
  /// `1e9`. `out` has room for max_number_chars, the number is finite; returns the end of the text.
  /// Defined in number.hpp, as the next.
  inline char* write(char* out) const noexcept;

  /// The same with as many decimals as are asked for: `42.000000`. What six decimals round to zero has no
  /// sign.
  inline char* write(char* out, Decimals decimals) const noexcept;

 private:
  enum class Kind { integer, single_float, double_float };

  inline char* write_float(char* out) const noexcept;

  Kind kind_;
  bool negative_ = false;
  std::uint64_t magnitude_ = 0;
  double float_ = 0;
};

}  // namespace statwire::protocol
