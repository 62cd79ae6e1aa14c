#include "statwire/protocol/prometheus_check.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace statwire;
using namespace statwire::protocol;

TEST_CASE("prometheus check: labels are escaped, and those without value left out") {
  std::string text;
  append_prometheus_labels(text, std::vector<PrometheusLabel>{{"a", "1\n\"\\"}, {"b", ""}, {"c", "\xff"}});
  CHECK(text == "{a=\"1\\n\\\"\\\\\",c=\"\xef\xbf\xbd\"}");
  text.clear();
  append_prometheus_labels(text, std::vector<PrometheusLabel>{{"b", ""}});
  CHECK(text.empty());
}

TEST_CASE("prometheus check: the key of labels does not depend on their order, and no text forges another") {
  using Labels = std::vector<PrometheusLabel>;
  CHECK(label_key(Labels{{"a", "1"}, {"b", "2"}}) == label_key(Labels{{"b", "2"}, {"c", ""}, {"a", "1"}}));
  CHECK(label_key(Labels{{"a", "1"}, {"b", "2"}}) != label_key(Labels{{"a", "1\"b=\"2"}}));
  CHECK(label_key(Labels{{"a", "\\"}}) != label_key(Labels{{"a", "\\\\"}}));
  CHECK(label_key(Labels{{"a", "1"}, {"le", "2"}}, "le") == label_key(Labels{{"a", "1"}}));
  CHECK(label_key(Labels{{"a", "1"}}) != label_key(Labels{}));
}

TEST_CASE("prometheus check: names of labels") {
  PrometheusCheck check;
  CHECK(check.check_labels(std::vector<PrometheusLabel>{{"_a", "1"}, {"b", "2"}}));
  for (const char* const name : {"", "9", "a:b", "a-b", "__name__", "__x"}) {
    CAPTURE(name);
    CHECK_FALSE(check.check_labels(std::vector<PrometheusLabel>{{name, "1"}}));
    CHECK(check.error().found == name);
  }
  CHECK_FALSE(check.check_labels(std::vector<PrometheusLabel>{{"a", "1"}, {"a", ""}}));
  CHECK(check.error().message() == "found 'a', expected each label once");
}

TEST_CASE("prometheus check: a series and a name come once") {
  PrometheusCheck check;
  CHECK(check.claim("a"));
  CHECK_FALSE(check.claim("a"));
  check.begin_series();
  CHECK(check.check_series({"a", {{"x", "1"}, {"y", "2"}}, 1, {}, {}}));
  CHECK(check.check_series({"a", {{"x", "2"}}, 1, {}, {}}));
  CHECK_FALSE(check.check_series({"a", {{"y", "2"}, {"x", "1"}}, 2, {}, {}}));
  CHECK(check.error().found == "a{y=\"2\",x=\"1\"}");
  check.begin_series();
  CHECK(check.check_series({"a", {{"x", "2"}}, 1, {}, {}}));
}

TEST_CASE("prometheus check: bounds of buckets and quantiles are numbers") {
  PrometheusCheck check;
  const PrometheusFamily histogram{"h", PrometheusType::histogram, {}, {}, {}};
  const PrometheusFamily summary{"s", PrometheusType::summary, {}, {}, {}};
  const auto bucket = [&](const char* le) {
    return check.check_bound(histogram, {"h_bucket", {{"le", le}}, 1, {}, {}});
  };
  const auto quantile = [&](const char* text) {
    return check.check_bound(summary, {"s", {{"quantile", text}}, 1, {}, {}});
  };
  for (const char* const le : {"1", "-2.5", "1e9", "+Inf", "-Inf"}) CHECK(bucket(le));
  for (const char* const le : {"", "x", "NaN", "Inf", "inf", "1_0", "0x1"}) CHECK_FALSE(bucket(le));
  for (const char* const text : {"0", "0.5", "1"}) CHECK(quantile(text));
  for (const char* const text : {"", "x", "NaN", "-0.1", "1.1", "+Inf"}) CHECK_FALSE(quantile(text));
  CHECK(check.check_bound(histogram, {"h_sum", {}, 1, {}, {}}));
  CHECK(check.check_bound(summary, {"s_sum", {}, 1, {}, {}}));
}
