#include "statwire/protocol/prometheus_rules.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace statwire;
using namespace statwire::protocol;

TEST_CASE("prometheus rules: names") {
  for (const std::string_view name : {"a", "_", ":", "A9_:z"}) CHECK(is_prometheus_name(name, Colons::legal));
  for (const std::string_view name : {"", "9a", "a-b", "a b", "caf\xc3\xa9", "a\n"}) {
    CHECK_FALSE(is_prometheus_name(name, Colons::legal));
  }
  CHECK(is_prometheus_name("le_1", Colons::illegal));
  CHECK_FALSE(is_prometheus_name("a:b", Colons::illegal));
  CHECK(prometheus_name_size("ab{c", Colons::legal) == 2);
}

TEST_CASE("prometheus rules: numbers as pages spell them") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(parse_prometheus_number("1") == 1);
  CHECK(parse_prometheus_number("+.5e1") == 5);
  CHECK(parse_prometheus_number("-5.") == -5);
  CHECK(parse_prometheus_number("iNf") == infinity);
  CHECK(parse_prometheus_number("-Infinity") == -infinity);
  CHECK(std::isnan(parse_prometheus_number("-nan").value()));
  for (const std::string_view text :
       {"", "+", "+-1", "--1", "0x10", "1p4", "1_0", "nan(1)", "1 ", "1e", "e5"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_prometheus_number(text));
  }
}

TEST_CASE("prometheus rules: a number that no double holds is infinite, or 0") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const std::string_view text : {"1e400", "+1e+400", "10e308", "0.001e400", "1e99999999999999999999"}) {
    CAPTURE(text);
    CHECK(parse_prometheus_number(text) == infinity);
    if (!text.starts_with('+')) CHECK(parse_prometheus_number("-" + std::string{text}) == -infinity);
  }
  CHECK(parse_prometheus_number(std::string(400, '9')) == infinity);
  for (const std::string_view text :
       {"1e-400", "1000e-400", "0.1e-330", "1e-99999999999999999999", "0e400"}) {
    CAPTURE(text);
    CHECK(parse_prometheus_number(text) == 0);
  }
  CHECK(parse_prometheus_number("0." + std::string(400, '0') + "1") == 0);
  CHECK(parse_prometheus_number(std::string(400, '0') + "1e-400") == 0);
}

TEST_CASE("prometheus rules: an excerpt is short, of one line, and UTF-8") {
  CHECK(prometheus_excerpt("a\nb\tc\x7f") == "a?b?c?");
  CHECK(prometheus_excerpt("caf\xc3\xa9 \xff") == "caf\xc3\xa9 ?");
  CHECK(prometheus_excerpt(std::string(60, 'x')) == std::string(60, 'x'));
  CHECK(prometheus_excerpt(std::string(61, 'x')) == std::string(57, 'x') + "...");
  CHECK(prometheus_excerpt(std::string(56, 'x') + "\xc3\xa9\xc3\xa9\xc3\xa9") ==
        std::string(56, 'x') + "...");
}

TEST_CASE("prometheus rules: a label that comes twice is found among few and among many") {
  std::vector<PrometheusLabel> labels;
  CHECK_FALSE(repeated_label(labels));
  for (int i = 0; i < 100; ++i) {
    labels.push_back({"l" + std::to_string(i), "v"});
    CHECK_FALSE(repeated_label(labels));
    auto twice = labels;
    twice.insert(twice.begin(), {"l" + std::to_string(i), "w"});
    if (i != 0) twice.push_back({"z", "w"});
    CHECK(repeated_label(twice) == "l" + std::to_string(i));
  }
}

TEST_CASE("prometheus rules: counters have a suffix in OpenMetrics only") {
  CHECK(prometheus_suffixes(PrometheusType::counter, PrometheusFormat::text).front().empty());
  CHECK(prometheus_suffixes(PrometheusType::counter, PrometheusFormat::openmetrics).front() == "_total");
  CHECK(prometheus_suffixes(PrometheusType::histogram, PrometheusFormat::text).size() == 3);
  CHECK(prometheus_suffixes(PrometheusType::histogram, PrometheusFormat::openmetrics).back() == "_created");
  CHECK(prometheus_suffixes(PrometheusType::gauge, PrometheusFormat::openmetrics).size() == 1);
}
