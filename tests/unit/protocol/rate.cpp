#include "statwire/protocol/rate.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "statwire/protocol/number.hpp"

using namespace statwire::protocol;

namespace {

std::string text_of(double value) {
  char text[max_number_chars];
  return {text, Number{value}.write(text)};
}

}  // namespace

TEST_CASE("rate: the nearest one in N, or 0 for what is no rate") {
  CHECK(one_in(1) == 1);
  CHECK(one_in(0.5) == 2);
  CHECK(one_in(0.1) == 10);
  CHECK(one_in(0.3) == 3);
  CHECK(one_in(0.9) == 1);
  CHECK(one_in(1e-9) == 1'000'000'000);
  for (const double no_rate : {0.0, -0.5, 1.5, 1e-10, std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity()}) {
    CHECK(one_in(no_rate) == 0);
  }
}

TEST_CASE("rate: short where that is right, the next double below where servers that cut off need it") {
  CHECK(text_of(rate_of(1)) == "1");
  CHECK(text_of(rate_of(2)) == "0.5");
  CHECK(text_of(rate_of(10)) == "0.1");
  CHECK(text_of(rate_of(100)) == "0.01");
  CHECK(text_of(rate_of(1000)) == "0.001");
  CHECK(text_of(rate_of(93)) == "0.01075268817204301");  // 1/93 is 0.010752688172043012, read back as 92
}

namespace {

/// A quotient as a server computes it: no more exact than a double, as x86 without SSE would have it.
std::uint64_t cut_off_quotient(double left, double right) {
  const volatile double quotient = left / right;
  return static_cast<std::uint64_t>(quotient);
}

}  // namespace

TEST_CASE("rate: a server that cuts 1/rate off, or value/rate, or rounds, gets N back") {
  for (std::uint64_t n = 1; n <= 100'000; ++n) {
    const double rate = parse_float(text_of(rate_of(n))).value_or(0);
    REQUIRE(cut_off_quotient(1, rate) == n);                         // statsd_exporter, vector, older agents
    for (const std::uint64_t value : {2U, 3U, 7U, 1000U, 65537U}) {  // telegraf, cloudwatch
      REQUIRE(cut_off_quotient(static_cast<double>(value), rate) == value * n);
    }
  }
}
