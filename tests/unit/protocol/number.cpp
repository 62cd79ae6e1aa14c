#include "statwire/protocol/number.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <bit>
#include <charconv>
#include <chrono>
#include <clocale>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <locale>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/random_bytes.hpp"

namespace {

using namespace std::chrono_literals;
using statwire::protocol::max_number_chars;
using statwire::protocol::Number;
using statwire::protocol::Numeric;
using statwire::protocol::parse_float;
using statwire::protocol::parse_integer;
using statwire::protocol::WholeNumbers;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::string text_of(Number number) {
  char text[max_number_chars];
  return std::string(text, number.write(text));
}

std::string text_of(std::chrono::nanoseconds duration) {
  char text[max_number_chars];
  return std::string(text, statwire::protocol::write_milliseconds(text, duration));
}

std::string six_decimals(Number number) {
  char text[max_number_chars];
  return std::string(text, number.write(text, statwire::protocol::Decimals::six));
}

std::string six_decimals(std::chrono::nanoseconds duration) {
  char text[statwire::protocol::max_milliseconds_chars];
  return std::string(
      text, statwire::protocol::write_milliseconds(text, duration, statwire::protocol::Decimals::six));
}

std::string float_text(double value, WholeNumbers whole_numbers) {
  char text[max_number_chars];
  return std::string(text, statwire::protocol::write_float(text, value, whole_numbers));
}

static_assert(Numeric<int> && Numeric<unsigned char> && Numeric<signed char> && Numeric<float> &&
              Numeric<long double> && Numeric<std::int64_t> && Numeric<std::uint64_t>);
static_assert(!Numeric<bool> && !Numeric<char> && !Numeric<wchar_t> && !Numeric<char8_t> &&
              !Numeric<char16_t> && !Numeric<char32_t> && !Numeric<const char*>);
static_assert(!std::constructible_from<Number, bool> && !std::constructible_from<Number, char>);

}  // namespace

TEST_CASE("number: integers of every size keep all their digits") {
  CHECK(text_of(0) == "0");
  CHECK(text_of(-1) == "-1");
  CHECK(text_of(static_cast<signed char>(-128)) == "-128");
  CHECK(text_of(static_cast<unsigned char>(255)) == "255");
  CHECK(text_of(std::numeric_limits<int>::min()) == "-2147483648");
  CHECK(text_of(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(text_of(std::numeric_limits<std::int64_t>::max()) == "9223372036854775807");
  CHECK(text_of(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
}

TEST_CASE("number: the negative of the extreme integers is exact, and that of zero has no sign") {
  CHECK(text_of(-Number{std::numeric_limits<std::int64_t>::min()}) == "9223372036854775808");
  CHECK(text_of(-Number{std::numeric_limits<std::int64_t>::max()}) == "-9223372036854775807");
  CHECK(text_of(-Number{std::numeric_limits<std::uint64_t>::max()}) == "-18446744073709551615");
  CHECK(text_of(-Number{0}) == "0");
  CHECK(text_of(-Number{0u}) == "0");
  CHECK(text_of(-Number{0.0}) == "0");
  CHECK(text_of(-Number{-2.5}) == "2.5");
  CHECK(text_of(-(-Number{-7})) == "-7");
}

TEST_CASE("number: doubles print shortest and in fixed notation") {
  struct Case {
    double value;
    std::string text;
  };
  const std::vector<Case> cases{
      {0.0, "0"},
      {-0.0, "0"},
      {0.5, "0.5"},
      {-0.5, "-0.5"},
      {3.0, "3"},
      {-3.0, "-3"},
      {0.1, "0.1"},
      {0.1 + 0.2, "0.30000000000000004"},
      {1.0 / 3, "0.3333333333333333"},
      {0.00001, "0.00001"},
      {123456789.12345679, "123456789.12345679"},
      {9007199254740991.0, "9007199254740991"},
      {9007199254740992.0, "9007199254740992"},
      {-9007199254740994.0, "-9007199254740994"},
      {1e22, "10000000000000000000000"},
      {9223372036854775808.0, "9223372036854775808"},
      {5e-324, "0." + std::string(323, '0') + "5"},
      {-2.2250738585072014e-308, "-0." + std::string(307, '0') + "22250738585072014"},
      {1e300,
       "1000000000000000052504760255204420248704468581108159154915854115511802457988908195786371375080"
       "4478640437044438328838781769425232353604305756447921847867069828483872009265758037378302337947880900"
       "59368953234970799945081119038967640880074652742780142494579258788820056842838115669472196386865459400"
       "540160"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(text_of(c.value) == c.text);
  }
  CHECK(text_of(0.5F) == "0.5");
  CHECK(text_of(0.5L) == "0.5");
}

TEST_CASE("number: a float prints as short as a float can") {
  char text[max_number_chars];
  CHECK(std::string(text, Number{0.1F}.write(text)) == "0.1");
  CHECK(std::string(text, (-Number{2.5F}).write(text)) == "-2.5");
  CHECK(std::string(text, Number{16777216.0F}.write(text)) == "16777216");
  CHECK(std::string(text, Number{0.1}.write(text)) == "0.1");
}

TEST_CASE("number: any finite double reads back equal, without an exponent or a plus") {
  statwire::test::RandomBytes random{1};
  for (int i = 0; i < 20000; ++i) {
    const double value = std::bit_cast<double>(random.bits());
    if (!std::isfinite(value)) continue;
    const std::string text = text_of(value);
    CAPTURE(text);
    REQUIRE(text.size() <= max_number_chars);
    REQUIRE(text.find_first_not_of("-.0123456789") == std::string::npos);
    REQUIRE(std::strtod(text.c_str(), nullptr) == value);
    REQUIRE(parse_float(text) == value);
    const std::string float_style = float_text(value, WholeNumbers::with_point);
    REQUIRE(std::strtod(float_style.c_str(), nullptr) == value);
    REQUIRE(parse_float(float_style) == value);
  }
}

TEST_CASE("number: it knows whether it is negative and whether it is finite") {
  CHECK(Number{-1}.is_negative());
  CHECK(Number{-5e-324}.is_negative());
  CHECK(Number{-infinity}.is_negative());
  CHECK(Number{std::numeric_limits<std::int64_t>::min()}.is_negative());
  CHECK((-Number{1u}).is_negative());
  CHECK_FALSE(Number{-0.0}.is_negative());
  CHECK_FALSE((-Number{0}).is_negative());
  CHECK_FALSE(Number{std::numeric_limits<std::uint64_t>::max()}.is_negative());
  CHECK(Number{std::numeric_limits<std::uint64_t>::max()}.is_finite());
  CHECK(Number{std::numeric_limits<double>::max()}.is_finite());
  CHECK_FALSE(Number{infinity}.is_finite());
  CHECK_FALSE(Number{-infinity}.is_finite());
  CHECK_FALSE(Number{not_a_number}.is_finite());
}

TEST_CASE("number: milliseconds have up to six decimals and no trailing zero") {
  CHECK(text_of(0ns) == "0");
  CHECK(text_of(1ns) == "0.000001");
  CHECK(text_of(400ns) == "0.0004");
  CHECK(text_of(999999ns) == "0.999999");
  CHECK(text_of(250us) == "0.25");
  CHECK(text_of(1ms) == "1");
  CHECK(text_of(1000001ns) == "1.000001");
  CHECK(text_of(1050us) == "1.05");
  CHECK(text_of(500ms) == "500");
  CHECK(text_of(1500ms) == "1500");
  CHECK(text_of(std::chrono::nanoseconds::max()) == "9223372036854.775807");
}

TEST_CASE("number: floats print as Python prints them") {
  struct Case {
    double value;
    std::string_view plain;
    std::string_view with_point;
  };
  const std::vector<Case> cases{
      {0.0, "0", "0.0"},
      {10.0, "10", "10.0"},
      {-10.0, "-10", "-10.0"},
      {0.5, "0.5", "0.5"},
      {301.0, "301", "301.0"},
      {1e15, "1000000000000000", "1000000000000000.0"},
      {9999999999999998.0, "9999999999999998", "9999999999999998.0"},
      {1e16, "1e+16", "1e+16"},
      {-1e16, "-1e+16", "-1e+16"},
      {1.5e300, "1.5e+300", "1.5e+300"},
      {0.0001, "0.0001", "0.0001"},
      {0.00009999, "9.999e-05", "9.999e-05"},
      {0.00001, "1e-05", "1e-05"},
      {-0.00001, "-1e-05", "-1e-05"},
      {5e-324, "5e-324", "5e-324"},
      {123456789.12345679, "123456789.12345679", "123456789.12345679"},
      {not_a_number, "nan", "nan"},
      {std::copysign(not_a_number, -1.0), "nan", "nan"},
      {infinity, "inf", "inf"},
      {-infinity, "-inf", "-inf"},
  };
  for (const Case& c : cases) {
    CHECK(float_text(c.value, WholeNumbers::plain) == c.plain);
    CHECK(float_text(c.value, WholeNumbers::with_point) == c.with_point);
  }
}

TEST_CASE("number: an integer is read only when the whole text is one of 64 bits") {
  CHECK(parse_integer("0") == 0);
  CHECK(parse_integer("+5") == 5);
  CHECK(parse_integer("-5") == -5);
  CHECK(parse_integer("007") == 7);
  CHECK(parse_integer("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_integer("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  for (const std::string_view text :
       {"", "+", "-", "+-5", "-+5", "++5", "--5", "5 ", " 5", "5\r", "2.5", "5.", "1e3", "0x10", "1_000",
        "five", "9223372036854775808", "-9223372036854775809", "99999999999999999999999"}) {
    CAPTURE(text);
    CHECK(parse_integer(text) == std::nullopt);
  }
  CHECK(parse_integer(std::string_view{}) == std::nullopt);
  CHECK(parse_integer(std::string_view{"5\0", 2}) == std::nullopt);
}

TEST_CASE("number: a float is read only when the whole text is one") {
  CHECK(parse_float("+5") == 5.0);
  CHECK(parse_float("-0.5") == -0.5);
  CHECK(parse_float(".5") == 0.5);
  CHECK(parse_float("5.") == 5.0);
  CHECK(parse_float("1e-05") == 0.00001);
  CHECK(parse_float("1E+16") == 1e16);
  CHECK(parse_float("1.7976931348623157e308") == std::numeric_limits<double>::max());
  for (const std::string_view text : {"inf", "+inf", "INF", "infinity", "Infinity"}) {
    CHECK(parse_float(text) == infinity);
  }
  CHECK(parse_float("-inf") == -infinity);
  for (const std::string_view text : {"nan", "NaN", "+nan", "-nan"}) {
    CAPTURE(text);
    const std::optional<double> value = parse_float(text);
    REQUIRE(value.has_value());
    CHECK(std::isnan(value.value_or(0)));
  }
  for (const std::string_view text :
       {"",      "+",    "-",    ".",    "e5",    "+-5",   "-+5",   "++5",    "--5",
        "5 ",    " 5",   "5\r",  "1e",   "1e+",   "1.2.3", "1e400", "-1e400", "nan(x)",
        "nan()", "nan(", "nanx", "0x10", "1_000", "1,5",   "five",  "infin"}) {
    CAPTURE(text);
    CHECK(parse_float(text) == std::nullopt);
  }
  CHECK(parse_float(std::string_view{}) == std::nullopt);
  CHECK(parse_float(std::string_view{"5\0", 2}) == std::nullopt);
}

namespace {

struct CommaAndGroups : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

/// While it lives, the locales of C++ and (where the system has one) of C have a decimal comma.
class CommaLocale {
 public:
  CommaLocale() {
    for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ru_RU.UTF-8"}) {
      if (std::setlocale(LC_ALL, name) != nullptr) break;
    }
    previous_ = std::locale::global(std::locale{std::locale::classic(), new CommaAndGroups});
  }
  ~CommaLocale() {
    std::locale::global(previous_);
    std::setlocale(LC_ALL, "C");
  }
  CommaLocale(const CommaLocale&) = delete;
  CommaLocale& operator=(const CommaLocale&) = delete;

 private:
  std::locale previous_;
};

}  // namespace

TEST_CASE("number: no locale changes a number, written or read") {
  const CommaLocale comma;
  CHECK(text_of(1234567) == "1234567");
  CHECK(text_of(1234567.25) == "1234567.25");
  CHECK(text_of(1234567250us) == "1234567.25");
  CHECK(float_text(1234567.0, WholeNumbers::with_point) == "1234567.0");
  CHECK(float_text(1.5e-7, WholeNumbers::plain) == "1.5e-07");
  CHECK(parse_float("1234567.25") == 1234567.25);
  CHECK(parse_float("1,5") == std::nullopt);
  CHECK(parse_float("1.234.567") == std::nullopt);
  CHECK(parse_integer("1234567") == 1234567);
  CHECK(parse_integer("1.234.567") == std::nullopt);
}

TEST_CASE("number: integers and floats are read as std::from_chars reads them, to the same bit and place") {
  statwire::test::RandomBytes random{31};
  const std::string_view alphabet = "0123456789012345678901234567890123456789..-eE+ nfax";
  for (int i = 0; i < 300'000; ++i) {
    std::string text = random.up_to(3) == 0 ? "-" : "";
    for (std::size_t k = random.up_to(24); k != 0; --k) text += alphabet[random.up_to(alphabet.size() - 1)];
    if (i % 3 == 0) {  // a plain decimal
      text = std::to_string(random.up_to(1'000'000'000)) + "." + std::to_string(random.up_to(100'000'000));
    }
    CAPTURE(text);
    const char* const begin = text.data();
    const char* const end = begin + text.size();

    double expected = 7;
    const auto floating = statwire::detail::float_from_chars(begin, end, expected);
    double value = 7;
    const char* const stop = statwire::protocol::read_float(begin, end, value);
    REQUIRE(stop == (floating.ec == std::errc{} ? floating.ptr : nullptr));
    if (stop != nullptr && !std::isnan(expected)) {
      REQUIRE(value == expected);
      REQUIRE(std::signbit(value) == std::signbit(expected));
    }

    std::int64_t expected_integer = 7;
    const auto whole = std::from_chars(begin, end, expected_integer);
    std::int64_t integer = 7;
    const char* const integer_stop = statwire::protocol::read_integer(begin, end, integer);
    REQUIRE(integer_stop == (whole.ec == std::errc{} ? whole.ptr : nullptr));
    if (integer_stop != nullptr) REQUIRE(integer == expected_integer);
  }
}

TEST_CASE("number: six decimals are those of C's %f, but zero has no sign") {
  CHECK(six_decimals(42) == "42.000000");
  CHECK(six_decimals(-7) == "-7.000000");
  CHECK(six_decimals(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615.000000");
  CHECK(six_decimals(0.1f) == "0.100000");
  CHECK(six_decimals(-1.5) == "-1.500000");
  CHECK(six_decimals(2.0000004) == "2.000000");
  CHECK(six_decimals(2.0000006) == "2.000001");
  CHECK(six_decimals(-0.0) == "0.000000");
  CHECK(six_decimals(-4e-7) == "0.000000");
  CHECK(six_decimals(-6e-7) == "-0.000001");
  CHECK(six_decimals(std::numeric_limits<double>::max()).size() == 309 + 7);
  CHECK(six_decimals(-std::numeric_limits<double>::max()).size() == 1 + 309 + 7);
  CHECK(six_decimals(125s) == "125000.000000");
  CHECK(six_decimals(0s) == "0.000000");
  CHECK(six_decimals(1ns) == "0.000001");
  CHECK(six_decimals(250us) == "0.250000");
  CHECK(six_decimals(std::chrono::nanoseconds::max()) == "9223372036854.775807");
}
