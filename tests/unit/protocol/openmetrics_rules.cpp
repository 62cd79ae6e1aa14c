#include "statwire/protocol/openmetrics_rules.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace statwire;
using namespace statwire::protocol;
using namespace std::chrono_literals;

namespace {

/// What is wrong with samples of a family `a`; empty when nothing is.
std::string complaint(PrometheusType type, const std::vector<PrometheusSample>& samples) {
  PrometheusCheck check;
  const PrometheusFamily family{"a", type, {}, {}, samples};
  OpenmetricsRules rules{check, family, family.name};
  std::vector<const PrometheusSample*> metric;
  for (const PrometheusSample& sample : samples) {
    if (!rules.check_sample(sample)) return check.error().message();
    metric.push_back(&sample);
  }
  return rules.check_metric(metric) ? "" : check.error().message();
}

PrometheusSample bucket(std::string le, double value) {
  return {"a_bucket", {{"le", std::move(le)}}, value, {}, {}};
}

PrometheusSample plain(std::string suffix, double value) {
  return {"a" + std::move(suffix), {}, value, {}, {}};
}

}  // namespace

TEST_CASE("openmetrics rules: counters are numbers from 0 on") {
  using enum PrometheusType;
  CHECK(complaint(counter, {plain("_total", 0), plain("_created", -5)}) == "");
  CHECK(complaint(counter, {plain("_total", 1e300)}) == "");
  CHECK(complaint(counter, {plain("_total", -1)}) == "found 'a_total -1', expected a number from 0 on");
  CHECK(complaint(counter, {plain("_total", std::nan(""))}) ==
        "found 'a_total NaN', expected a number from 0 on");
  CHECK(complaint(gauge, {plain("", std::nan(""))}) == "");
}

TEST_CASE("openmetrics rules: summaries") {
  using enum PrometheusType;
  const auto quantile = [](double value) {
    return PrometheusSample{"a", {{"quantile", "0.5"}}, value, {}, {}};
  };
  CHECK(complaint(summary, {quantile(1), quantile(std::nan("")), plain("_sum", 1), plain("_count", 2)}) ==
        "");
  CHECK(complaint(summary, {quantile(-1)}) != "");
  CHECK(complaint(summary, {plain("", 1)}) != "");
  CHECK(complaint(summary, {plain("_count", 1.5)}) ==
        "found 'a_count 1.5', expected a whole number from 0 on");
  CHECK(complaint(summary, {plain("_count", std::numeric_limits<double>::infinity())}) != "");
  CHECK(complaint(summary, {plain("_sum", -1)}) != "");
}

TEST_CASE("openmetrics rules: states and infos") {
  using enum PrometheusType;
  CHECK(complaint(stateset, {{"a", {{"a", "on"}}, 1, {}, {}}, {"a", {{"a", "off"}}, 0, {}, {}}}) == "");
  CHECK(complaint(stateset, {{"a", {{"a", "on"}}, 2, {}, {}}}) != "");
  CHECK(complaint(stateset, {{"a", {{"b", "on"}}, 1, {}, {}}}) != "");
  CHECK(complaint(info, {{"a_info", {{"a", "1"}}, 1, 1ms, {}}, {"a_info", {{"a", "2"}}, 1, 2ms, {}}}) == "");
  CHECK(complaint(info, {{"a_info", {{"a", "1"}}, 1, 1ms, {}}, {"a_info", {{"a", "2"}}, 1, {}, {}}}) != "");
  CHECK(complaint(info, {plain("_info", 0)}) != "");
}

TEST_CASE("openmetrics rules: buckets ascend, count those below, and end with +Inf") {
  using enum PrometheusType;
  CHECK(complaint(histogram, {plain("_count", 3), bucket("1", 1), bucket("+Inf", 3), plain("_sum", 5)}) ==
        "");
  CHECK(complaint(histogram, {bucket("-1", 1), bucket("+Inf", 3)}) == "");
  CHECK(complaint(histogram, {bucket("2", 1), bucket("1", 1), bucket("+Inf", 3)}) ==
        "found 'a_bucket{le=\"1\"} 1', expected buckets in ascending order of 'le'");
  CHECK(complaint(histogram, {bucket("1", 1), bucket("1.0", 1), bucket("+Inf", 3)}) != "");
  CHECK(complaint(histogram, {bucket("1", 2), bucket("+Inf", 1)}) != "");
  CHECK(complaint(histogram, {bucket("1", 1)}) != "");
  CHECK(complaint(histogram, {bucket("-Inf", 1)}) != "");
  CHECK(complaint(histogram, {plain("_created", 1)}) != "");
  CHECK(complaint(histogram, {bucket("+Inf", 0.5)}) != "");
  CHECK(complaint(histogram, {bucket("+Inf", 3), plain("_count", 2), plain("_sum", 5)}) != "");
  CHECK(complaint(histogram, {bucket("+Inf", 3), plain("_count", 3)}) != "");
  CHECK(complaint(histogram, {bucket("+Inf", 3), plain("_sum", 3)}) != "");
  CHECK(complaint(histogram, {bucket("-1", 1), bucket("+Inf", 3), plain("_count", 3), plain("_sum", 5)}) !=
        "");
  CHECK(complaint(gaugehistogram,
                  {bucket("-1", 1), bucket("+Inf", 3), plain("_gcount", 3), plain("_gsum", -5)}) == "");
  CHECK(complaint(gaugehistogram,
                  {bucket("1", 1), bucket("+Inf", 3), plain("_gcount", 3), plain("_gsum", -5)}) != "");
  CHECK(complaint(gaugehistogram, {bucket("+Inf", 3), plain("_gcount", 3), plain("_gsum", std::nan(""))}) !=
        "");
}

TEST_CASE("openmetrics rules: samples of one metric have one time") {
  using enum PrometheusType;
  CHECK(complaint(counter, {{"a_total", {}, 1, 1ms, {}}, {"a_created", {}, 1, 1ms, {}}}) == "");
  CHECK(complaint(counter, {{"a_total", {}, 1, 1ms, {}}, {"a_created", {}, 1, 2ms, {}}}) ==
        "found 'a_created 1', expected the same time for all samples with these labels");
  CHECK(complaint(counter, {{"a_total", {}, 1, 1ms, {}}, {"a_created", {}, 1, {}, {}}}) != "");
}

TEST_CASE("openmetrics rules: exemplars of counters and buckets, with 128 characters of labels") {
  using enum PrometheusType;
  const auto exemplar = [](std::string value) {
    return PrometheusExemplar{{{"id", std::move(value)}}, 1, {}};
  };
  const auto counted = [&](const std::string& value) {
    return complaint(counter, {{"a_total", {}, 1, {}, exemplar(value)}});
  };
  CHECK(counted("x") == "");
  CHECK(counted(std::string(126, 'x')) == "");
  CHECK(counted(std::string(127, 'x')) != "");
  std::string wide;
  for (int i = 0; i < 126; ++i) wide += "\xc3\xa9";
  CHECK(counted(wide) == "");
  CHECK(counted(wide + "\xff") != "");
  CHECK(complaint(gauge, {{"a", {}, 1, {}, exemplar("x")}}) != "");
  CHECK(complaint(counter, {{"a_created", {}, 1, {}, exemplar("x")}}) != "");
  CHECK(complaint(summary, {{"a_count", {}, 1, {}, exemplar("x")}}) != "");
  CHECK(complaint(counter, {{"a_total", {}, 1, {}, PrometheusExemplar{{{"9", "x"}}, 1, {}}}}) != "");
}
