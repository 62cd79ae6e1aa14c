#include "statwire/detail/float_from_chars.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include "support/random_bytes.hpp"

namespace {

using statwire::detail::portable_from_chars;

struct Read {
  std::errc error;
  std::ptrdiff_t length;
  double value;
};

Read read(const std::string& text) {
  double value = 7;
  const auto [stop, error] = portable_from_chars(text.data(), text.data() + text.size(), value);
  return {error, stop - text.data(), value};
}

/// All of a text, which is a number.
double whole(const std::string& text) {
  CAPTURE(text);
  const Read result = read(text);
  CHECK(result.error == std::errc{});
  CHECK(result.length == static_cast<std::ptrdiff_t>(text.size()));
  return result.value;
}

/// The one that reads floats for all but libc++ and GCC 11; that of GCC 11 calls the smallest out of range.
template <class Float>
void compare_with_the_standard(const std::string& text) {
  if constexpr (statwire::detail::HasFromChars<Float> && statwire::detail::reads_subnormal_numbers) {
    CAPTURE(text);
    Float expected = 7;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), expected);
    const Read result = read(text);
    REQUIRE(result.error == error);
    REQUIRE(result.length == stop - text.data());
    if (std::isnan(expected)) {
      REQUIRE(std::isnan(result.value));
    } else {
      REQUIRE(std::bit_cast<std::uint64_t>(result.value) == std::bit_cast<std::uint64_t>(expected));
    }
  }
}

}  // namespace

TEST_CASE("float_from_chars: numbers end where they end, and nothing else is one") {
  CHECK(whole("0") == 0);
  CHECK(std::signbit(whole("-0.0")));
  CHECK(whole("12.50") == 12.5);
  CHECK(whole("5.") == 5);
  CHECK(whole("-.5e+1") == -5);
  CHECK(whole("1E-2") == 0.01);
  CHECK(whole("00000000000000000000000000000123") == 123);
  CHECK(whole("Inf") == std::numeric_limits<double>::infinity());
  CHECK(whole("-infinity") == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(whole("nan")));
  CHECK(std::isnan(whole("NaN(x_1)")));

  CHECK(read("1e").length == 1);
  CHECK(read("1e+").length == 1);
  CHECK(read("1.2.3").length == 3);
  CHECK(read("1,5").length == 1);
  CHECK(read("infinit").length == 3);
  CHECK(read("nan(").length == 3);
  CHECK(read("0x1f").length == 1);
  for (const std::string text : {"", "-", ".", "-.", "+1", " 1", "e5", "--1", "in"}) {
    CAPTURE(text);
    CHECK(read(text).error == std::errc::invalid_argument);
    CHECK(read(text).length == 0);
    CHECK(read(text).value == 7);
  }
}

TEST_CASE("float_from_chars: what no double holds is out of range, the smallest and the largest are not") {
  CHECK(whole("4.9406564584124654e-324") == std::numeric_limits<double>::denorm_min());
  CHECK(whole("2.2250738585072014e-308") == std::numeric_limits<double>::min());
  CHECK(whole("1.7976931348623157e308") == std::numeric_limits<double>::max());
  CHECK(whole("0e999999999999999999999") == 0);
  for (const std::string text : {"1.7976931348623159e308", "2e-324", "1e99999999999999999999",
                                 "-1e-99999999999999999999", "123e400"}) {
    CAPTURE(text);
    CHECK(read(text).error == std::errc::result_out_of_range);
    CHECK(read(text).length == static_cast<std::ptrdiff_t>(text.size()));
    CHECK(read(text).value == 7);
  }
  CHECK(whole("1" + std::string(2000, '0') + "e-2000") == 1);
  CHECK(whole("0." + std::string(2000, '0') + "1e2001") == 1);
}

TEST_CASE("float_from_chars: between two doubles a digit decides, however far behind it stands") {
  const std::string middle = "9007199254740993";  // 2^53 + 1: as far from 2^53 as from 2^53 + 2
  CHECK(whole(middle) == 9007199254740992);
  CHECK(whole(middle + "." + std::string(1500, '0')) == 9007199254740992);
  CHECK(whole(middle + "." + std::string(1500, '0') + "1") == 9007199254740994);
  CHECK(whole(middle + std::string(1500, '0') + "1e-1501") == 9007199254740994);
}

TEST_CASE("float_from_chars: random texts are read as std::from_chars reads them") {
  statwire::test::RandomBytes random{47};
  const std::string_view alphabet = "0123456789012345678901234567890123456789..-eE+ nfaxiINFty(_)";
  for (int i = 0; i < 100'000; ++i) {
    std::string text = random.up_to(3) == 0 ? "-" : "";
    for (std::size_t k = random.up_to(24); k != 0; --k) text += alphabet[random.up_to(alphabet.size() - 1)];
    if (i % 3 == 0) {
      text = std::to_string(random.bits()) + "." + std::to_string(random.bits()) + "e" +
             std::to_string(static_cast<int>(random.up_to(720)) - 370);
    }
    compare_with_the_standard<double>(text);
  }
}
