#include "statwire/protocol/prometheus_parse.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace statwire;
using namespace statwire::protocol;
using namespace std::chrono_literals;

namespace {

std::vector<PrometheusFamily> read(std::string_view page) {
  PrometheusReader reader{page};
  auto families = reader.read();
  REQUIRE_MESSAGE(families, reader.error().message());
  return *families;
}

PrometheusSample sample_of(std::string_view page) {
  const auto families = read(page);
  REQUIRE(families.size() == 1);
  REQUIRE(families[0].samples.size() == 1);
  return families[0].samples[0];
}

std::string error_of(std::string_view page) {
  PrometheusReader reader{page};
  REQUIRE_FALSE(reader.read());
  return reader.error().message();
}

}  // namespace

TEST_CASE("prometheus parse: blanks, tabs and commas stand where promtool or Python take them") {
  const PrometheusSample expected{"a", {{"b", "c"}, {"d", "e"}}, 1, 5ms, {}};
  for (const std::string_view line :
       {"a{b=\"c\",d=\"e\"} 1 5\n", "a{b=\"c\",d=\"e\"}1\t5",
        " \ta {\tb = \"c\" , d=\"e\" , } \t 1 \t 5 \r\n", "a{b=\"c\"d=\"e\"} 1 5\n",
        "\n  \n\na{b=\"c\",d=\"e\",x=\"\"} +1. 5.0\n\n"}) {
    CAPTURE(line);
    CHECK(sample_of(line) == expected);
  }
  CHECK(sample_of("a-1\n") == PrometheusSample{"a", {}, -1, {}, {}});
  CHECK(sample_of("a{} 1_000\n") == PrometheusSample{"a", {}, 1000, {}, {}});
}

TEST_CASE("prometheus parse: labels hold any text") {
  CHECK(sample_of(R"(a{b="\\ \" \n \t } , = # caf)"
                  "\xc3\xa9\"} 1\n")
            .labels == std::vector<PrometheusLabel>{{"b", "\\ \" \n \\t } , = # caf\xc3\xa9"}});
  CHECK(sample_of({"a{b=\"\0\r\"} 1\n", 12}).labels[0].value == std::string{"\0\r", 2});
}

TEST_CASE("prometheus parse: families in any order, with HELP and TYPE before, behind, twice, or without") {
  const auto families = read(
      "a 1\n# HELP b first\n# TYPE b Gauge \nb 2\na 3\n#HELP b one\\ntwo\\\\ \\\"x\\\"\n# HELP a \n"
      "# HELP\n# TYPE c\n# whatever else\n");
  REQUIRE(families.size() == 3);
  CHECK(families[0].name == "a");
  CHECK(families[0].type == PrometheusType::untyped);
  CHECK(families[0].samples.size() == 2);
  CHECK(families[1].type == PrometheusType::gauge);
  CHECK(families[1].help == "one\ntwo\\ \\\"x\\\"");
  CHECK(families[2].name == "c");
}

TEST_CASE("prometheus parse: sums, counts and buckets belong to the summary or histogram before them") {
  const auto families = read(
      "s_sum 0\n# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_count 2\ns_bucket 3\n"
      "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 2\nh_count 1\ng_count 4\n");
  REQUIRE(families.size() == 5);
  CHECK(families[0].name == "s_sum");
  CHECK(families[1].samples.size() == 2);
  CHECK(families[2].name == "s_bucket");
  CHECK(families[3].samples.size() == 3);
  CHECK(families[4].name == "g_count");
  // What becomes a family of its own has its samples from then on.
  const auto later = read("# TYPE s summary\ns_sum 1\n# TYPE s_sum gauge\ns_sum{x=\"y\"} 2\n");
  REQUIRE(later.size() == 2);
  CHECK(later[1].samples.size() == 1);
}

TEST_CASE("prometheus parse: help that is no UTF-8 is mended, as promtool takes it") {
  CHECK(read("# HELP a x\xff\xc3\n")[0].help == "x\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(read("# HELP a \t x  \r\n")[0].help == "x  ");
}

TEST_CASE("prometheus parse: an error says where, what and what is legal") {
  CHECK(error_of("a 1\n\n9b 2\n") ==
        "line 3: found '9b 2', expected a name of letters, digits, '_' and ':' that does not begin with a "
        "digit");
  CHECK(error_of("a 1x\n") ==
        "line 1: found '1x', expected a number as 1, -2.5, 1e9, +Inf, -Inf or NaN, and nothing but a time "
        "after it");
  CHECK(error_of("a 1 soon\n") ==
        "line 1: found 'soon', expected a time in milliseconds, or the end of the line");
  CHECK(error_of("a{b=\"c\",b=\"d\"} 1\n") == "line 1: found 'b', expected each label once");
  CHECK(error_of("a{b=\"c\n\"} 1\n") == "line 1: found 'c', expected double quotes that end within the line");
  CHECK(error_of("# TYPE a gage\n") ==
        "line 1: found 'gage', expected counter, gauge, histogram, summary, untyped, unknown, info, stateset "
        "or "
        "gaugehistogram");
  CHECK(error_of(std::string(100, '\x1b')).size() < 160);
}

TEST_CASE("prometheus parse: what no reader takes, or what would lose data, is refused") {
  for (const std::string_view line : {"a",
                                      "a ",
                                      "a{",
                                      "a{b",
                                      "a{b=",
                                      "a{b=\"",
                                      "a{b=\"c\"",
                                      "a{b=\"c\"}",
                                      "a{b=c} 1",
                                      "a{b} 1",
                                      "a{1=\"c\"} 1",
                                      "a{b=x\"c\"} 1",
                                      "a{b=\"c\"} 1 # {} 2",
                                      "a{b=\"\xff\"} 1",
                                      "{b=\"c\"} 1",
                                      "a 0x10",
                                      "a 1__0",
                                      "a _1",
                                      "a 1_",
                                      "a 1_e5",
                                      "a 1 2 3",
                                      "a 1 nan",
                                      "a 1 1e30",
                                      "# HELP 9a x",
                                      "# TYPE a{ gauge"}) {
    CAPTURE(line);
    CHECK(error_of(std::string{line} + "\n").starts_with("line 1: found '"));
  }
}
