#include "mesos_collector/exact_number.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using namespace mesos_collector;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// `12`, `-1/3`.
ExactNumber exact(const char* text) {
  ExactNumber number{text};
  number.canonicalize();
  return number;
}

ExactNumber power_of_ten(unsigned exponent) {
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, exponent);
  return power;
}

}  // namespace

TEST_CASE("exact number: in binary, a double has all the digits that it has in memory") {
  CHECK(binary_value(0.5).value() == exact("1/2"));
  CHECK(binary_value(0.1).value() == exact("3602879701896397/36028797018963968"));
  CHECK(binary_value(-65.43).value() == exact("-1151056732886139/17592186044416"));
  CHECK(binary_value(-0.0).value() == 0);
  CHECK(binary_value(1e22).value() == power_of_ten(22));
  CHECK(binary_value(1e23).value() == power_of_ten(23) - 8388608);
  const ExactNumber smallest = binary_value(5e-324).value();
  CHECK(smallest > 0);
  CHECK(smallest * power_of_ten(324) < 5);
}

TEST_CASE("exact number: in decimal, a double is what is printed of it") {
  CHECK(decimal_value(0.1).value() == exact("1/10"));
  CHECK(decimal_value(0.7).value() == exact("7/10"));
  CHECK(decimal_value(-1.25).value() == exact("-5/4"));
  CHECK(decimal_value(4.0).value() == 4);
  CHECK(decimal_value(0.0).value() == 0);
  CHECK(decimal_value(1e-05).value() == exact("1/100000"));
  CHECK(decimal_value(1.5e300).value() == 15 * power_of_ten(299));
  CHECK(decimal_value(1e23).value() == power_of_ten(23));
  CHECK(decimal_value(5e-324).value() == 5 / power_of_ten(324));
  CHECK(decimal_value(1.7976931348623157e308).value() == exact("17976931348623157") * power_of_ten(292));
}

TEST_CASE("exact number: integers keep all their 64 bits, either way") {
  for (const auto value_of : {binary_value, decimal_value}) {
    CHECK(value_of(-7).value() == -7);
    CHECK(value_of(std::numeric_limits<std::int64_t>::min()).value() == exact("-9223372036854775808"));
    CHECK(value_of(std::numeric_limits<std::uint64_t>::max()).value() == exact("18446744073709551615"));
    CHECK(value_of(Json::parse("9007199254740993")).value() == exact("9007199254740993"));
  }
}

TEST_CASE("exact number: what is no number, or not finite, has no value") {
  for (const auto value_of : {binary_value, decimal_value}) {
    for (const char* const text : {"null", "true", "\"1\"", "[1]", "{\"a\":1}"}) {
      CAPTURE(text);
      CHECK_FALSE(value_of(Json::parse(text)));
    }
    CHECK_FALSE(value_of(infinity));
    CHECK_FALSE(value_of(-infinity));
    CHECK_FALSE(value_of(not_a_number));
  }
}

TEST_CASE("exact number: it is rounded away from zero, if only a trace is left") {
  CHECK(round_away(exact("1/3"), 5) == 0.33334);
  CHECK(round_away(exact("-1/3"), 5) == -0.33334);
  CHECK(round_away(exact("1/4"), 5) == 0.25);
  CHECK(round_away(exact("-1/4"), 1) == -0.3);
  CHECK(round_away(exact("163/20"), 1) == 8.2);
  CHECK(round_away(exact("8"), 1) == 8);
  CHECK(round_away(binary_value(65.43).value() - binary_value(54.88).value(), 5) == 10.55001);
  CHECK(round_away(decimal_value(65.43).value() - decimal_value(54.88).value(), 5) == 10.55);
  CHECK(round_away(1 / power_of_ten(1000), 5) == 1e-05);
  CHECK(round_away(-1 / power_of_ten(1000), 5) == -1e-05);
  CHECK(round_away(1 + 1 / power_of_ten(1000), 5) == 1.00001);
  CHECK(round_away(exact("7/2"), 0) == 4);
  const auto zero = round_away(ExactNumber{}, 5);
  CHECK(Json(zero.value()).dump() == "0.0");
}

TEST_CASE("exact number: what was rounded becomes the nearest double, not the next one towards zero") {
  CHECK(round_away(exact("3/10"), 1) == 0.3);
  CHECK(round_away(exact("12196208/100000"), 5) == 121.96208);
  CHECK(round_away(exact("9007199254740993"), 5) == 9007199254740992.0);
  CHECK(round_away(exact("9007199254740993") + exact("1/1000000"), 5) == 9007199254740994.0);
  CHECK(round_away(exact("9007199254740995"), 5) == 9007199254740996.0);
}

TEST_CASE("exact number: beyond the largest double there is none") {
  const ExactNumber largest = binary_value(std::numeric_limits<double>::max()).value();
  CHECK(round_away(largest, 5) == std::numeric_limits<double>::max());
  CHECK(round_away(-largest, 5) == -std::numeric_limits<double>::max());
  CHECK_FALSE(round_away(2 * largest, 5));
  CHECK_FALSE(round_away(-2 * largest, 5));
  CHECK_FALSE(round_away(power_of_ten(10'000), 5));
}
