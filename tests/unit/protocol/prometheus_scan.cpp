#include "statwire/protocol/prometheus_scan.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace statwire;
using namespace statwire::protocol;

TEST_CASE("prometheus scan: lines are counted, the last one may lack its end") {
  PrometheusScan scan{"a\n\nb"};
  std::vector<std::string_view> lines;
  while (scan.next_line()) lines.push_back(scan.rest);
  CHECK(lines == std::vector<std::string_view>{"a", "", "b"});
  scan.fail("x", "y");
  CHECK(scan.error().line == 3);
  CHECK(scan.error().message() == "line 3: found 'x', expected y");
}

TEST_CASE("prometheus scan: labels are spelled loosely or strictly") {
  const std::vector<PrometheusLabel> expected{{"a", "1"}, {"b", "2"}};
  const auto take = [](std::string_view text, Spelling spelling, std::vector<PrometheusLabel>& labels) {
    PrometheusScan scan{text};
    REQUIRE(scan.next_line());
    return scan.take_labels(labels, spelling) && scan.rest == "rest";
  };
  std::vector<PrometheusLabel> labels;
  CHECK(take("{a=\"1\",b=\"2\"}rest", Spelling::strict, labels));
  CHECK(labels == expected);
  labels.clear();
  CHECK(take("{,a=\"1\" ,\t b = \"2\",,}rest", Spelling::loose, labels));
  CHECK(labels == expected);
  labels.clear();
  CHECK_FALSE(take("{a=\"1\", b=\"2\"}rest", Spelling::strict, labels));
}

TEST_CASE("prometheus scan: a line of very many labels takes no time to speak of") {
  std::string line = "{";
  for (int i = 0; i < 100'000; ++i) line += "l" + std::to_string(i) + "=\"v\",";
  PrometheusScan scan{line += "}"};
  REQUIRE(scan.next_line());
  std::vector<PrometheusLabel> labels;
  CHECK(scan.take_labels(labels, Spelling::loose));
  CHECK(labels.size() == 100'000);
}

TEST_CASE("prometheus scan: the words of types") {
  CHECK(parse_prometheus_type("counter") == PrometheusType::counter);
  CHECK(parse_prometheus_type("untyped") == PrometheusType::untyped);
  CHECK(parse_prometheus_type("unknown") == PrometheusType::untyped);
  CHECK(parse_prometheus_type("gaugehistogram") == PrometheusType::gaugehistogram);
  CHECK(parse_prometheus_type("gauge_histogram") == PrometheusType::gaugehistogram);
  CHECK_FALSE(parse_prometheus_type("Counter"));
  CHECK_FALSE(parse_prometheus_type(""));
}
