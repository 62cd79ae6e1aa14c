#include "statwire/protocol/openmetrics_parse.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace statwire;
using namespace statwire::protocol;
using namespace std::chrono_literals;

namespace {

std::vector<PrometheusFamily> read(std::string_view page) {
  OpenmetricsReader reader{page};
  auto families = reader.read();
  REQUIRE_MESSAGE(families, reader.error().message());
  return *families;
}

std::string error_of(std::string_view page) {
  OpenmetricsReader reader{page};
  REQUIRE_FALSE(reader.read());
  return reader.error().message();
}

}  // namespace

TEST_CASE("openmetrics parse: seconds become milliseconds, digit by digit") {
  CHECK(parse_seconds("0") == 0ms);
  CHECK(parse_seconds("1520879607.789") == 1520879607789ms);
  CHECK(parse_seconds("1520879607.7894999") == 1520879607789ms);
  CHECK(parse_seconds("1520879607.7895") == 1520879607790ms);
  CHECK(parse_seconds("-1.25") == -1250ms);
  CHECK(parse_seconds("-0.5") == -500ms);
  CHECK(parse_seconds("+3.") == 3s);
  CHECK(parse_seconds(".5") == 500ms);
  CHECK(parse_seconds("1.5e9") == 1500000000s);
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  CHECK(parse_seconds("9223372036854775.807") == std::chrono::milliseconds{largest});
  CHECK(parse_seconds("-9223372036854775.808") == std::chrono::milliseconds{-largest - 1});
}

TEST_CASE("openmetrics parse: what is no time, or beyond 64 bits, is none") {
  for (const std::string_view text :
       {"", ".", "-", "+-1", "1.2.3", "nan", "inf", "1s", "9223372036854775.808", "-9223372036854775.809",
        "9223372036854776", "99999999999999999999", "1e300"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_seconds(text));
  }
}

TEST_CASE("openmetrics parse: metadata, samples, times and exemplars") {
  const auto families = read(
      "# TYPE a_seconds counter\n"
      "# UNIT a_seconds seconds\n"
      "# HELP a_seconds one\\ntwo \\\"three\\\" \\\\ \\t\n"
      "a_seconds_total{b=\"c\\\"}\",d=\"\"} 1.5 2.25 # {trace=\"x # y\"} 0.5 1e3\n"
      "a_seconds_created 7\n"
      "other 3\n"
      "# EOF\n");
  REQUIRE(families.size() == 2);
  CHECK(families[0].name == "a_seconds");
  CHECK(families[0].type == PrometheusType::counter);
  CHECK(families[0].unit == "seconds");
  CHECK(families[0].help == "one\ntwo \"three\" \\ \\t");
  REQUIRE(families[0].samples.size() == 2);
  const PrometheusSample expected{
      "a_seconds_total", {{"b", "c\"}"}}, 1.5, 2250ms, PrometheusExemplar{{{"trace", "x # y"}}, 0.5, 1000s}};
  CHECK(families[0].samples[0] == expected);
  CHECK(families[0].samples[1] == PrometheusSample{"a_seconds_created", {}, 7, {}, {}});
  CHECK(families[1].name == "other");
  CHECK(families[1].type == PrometheusType::untyped);
}

TEST_CASE("openmetrics parse: samples go to the family whose type has their suffix") {
  const auto families = read(
      "# TYPE h histogram\n# TYPE g gauge\n# TYPE i info\n# TYPE u unknown\n"
      "h_bucket{le=\"+Inf\"} 1\nh_created 1\ng_count 1\ni_info 1\nu_total 1\n# EOF\n");
  REQUIRE(families.size() == 6);
  CHECK(families[0].samples.size() == 2);
  CHECK(families[1].samples.empty());
  CHECK(families[2].samples.size() == 1);
  CHECK(families[4].name == "g_count");
  CHECK(families[5].name == "u_total");
}

TEST_CASE("openmetrics parse: a page without its end is none, nor is one with more behind it") {
  CHECK(read("# EOF").empty());
  CHECK(read("# EOF\n").empty());
  CHECK(error_of("a 1\n") == "line 1: found '', expected '# EOF' as the last line; the page is not whole");
  CHECK(error_of("") == "line 1: found '', expected '# EOF' as the last line; the page is not whole");
  CHECK(error_of("# EOF\na 1\n") == "line 2: found 'a 1', expected nothing after '# EOF'");
}

TEST_CASE("openmetrics parse: a line has one spelling") {
  for (const std::string_view line : {"",
                                      " a 1",
                                      "a  1",
                                      "a 1 ",
                                      "a\t1",
                                      "a",
                                      "a 1_0",
                                      "a 0x1",
                                      "a 1 2 3",
                                      "a 1 nan",
                                      "a {b=\"c\"} 1",
                                      "a{b=\"c\",} 1",
                                      "a{,b=\"c\"} 1",
                                      "a{b=\"c\" } 1",
                                      "a{b =\"c\"} 1",
                                      "a{b=\"c\"}1",
                                      "a{b=\"c\"d=\"e\"} 1",
                                      "a{b=\"c\",b=\"d\"} 1",
                                      "a{b=\"\xff\"} 1",
                                      "a{b:=\"c\"} 1",
                                      "a 1 #",
                                      "a 1 # ",
                                      "a 1 # {}",
                                      "a 1 # {} ",
                                      "a 1 # {} 1 ",
                                      "a 1 # {} 1 2 3",
                                      "a 1 # {b=c} 1",
                                      "# comment",
                                      "#HELP a b",
                                      "# HELP a",
                                      "# TYPE a Gauge",
                                      "# TYPE 9a gauge",
                                      "9a 1"}) {
    CAPTURE(line);
    const std::string page = "ok 1\n" + std::string{line} + "\n# EOF\n";
    CHECK(error_of(page).starts_with("line 2: found '"));
  }
}
