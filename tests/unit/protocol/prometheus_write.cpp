#include "statwire/protocol/prometheus_write.hpp"

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

std::string written(const std::vector<PrometheusFamily>& families) {
  PrometheusWriter writer;
  auto page = writer.write(families);
  REQUIRE_MESSAGE(page, writer.error().message());
  return *page;
}

std::string error_of(const std::vector<PrometheusFamily>& families) {
  PrometheusWriter writer;
  REQUIRE_FALSE(writer.write(families));
  return writer.error().message();
}

PrometheusFamily one(std::string name, PrometheusType type, PrometheusSample sample) {
  return {std::move(name), type, {}, {}, {std::move(sample)}};
}

}  // namespace

TEST_CASE("prometheus write: help, type, labels, numbers, times; an empty help keeps its blank") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(written({}) == "");
  CHECK(written({{"users_count", PrometheusType::gauge, "", "", {{"users_count", {}, 4, {}, {}}}}}) ==
        "# HELP users_count \n# TYPE users_count gauge\nusers_count 4\n");
  CHECK(written(
            {{"a",
              PrometheusType::untyped,
              "x\ny\\\"\xff",
              "",
              {{"a", {{"b", "c\n\"\\"}}, -infinity, -5ms, {}}, {"a", {}, std::nan(""), 1642667947000ms, {}}}},
             {"none", PrometheusType::summary, "", "", {}}}) ==
        "# HELP a x\\ny\\\\\"\xef\xbf\xbd\n# TYPE a untyped\n"
        "a{b=\"c\\n\\\"\\\\\"} -Inf -5\na NaN 1642667947000\n"
        "# HELP none \n# TYPE none summary\n");
}

TEST_CASE("prometheus write: a counter of OpenMetrics is called as its samples are") {
  CHECK(written({{"hits",
                  PrometheusType::counter,
                  "h",
                  "",
                  {{"hits_created", {}, 7, {}, {}}, {"hits_total", {}, 1, {}, PrometheusExemplar{}}}}}) ==
        "# HELP hits_total h\n# TYPE hits_total counter\nhits_total 1\n"
        "# HELP hits_created h\n# TYPE hits_created gauge\nhits_created 7\n");
  CHECK(written({{"hits_total",
                  PrometheusType::counter,
                  "",
                  "",
                  {{"hits_total", {}, 1, {}, {}}, {"hits_created", {}, 7, {}, {}}}}}) ==
        "# HELP hits_total \n# TYPE hits_total counter\nhits_total 1\n"
        "# HELP hits_created \n# TYPE hits_created gauge\nhits_created 7\n");
  CHECK(written({one("hits", PrometheusType::counter, {"hits", {}, 1, {}, {}})}) ==
        "# HELP hits \n# TYPE hits counter\nhits 1\n");
}

TEST_CASE("prometheus write: types that the text does not know become others") {
  CHECK(written({one("v", PrometheusType::info, {"v_info", {{"x", "1"}}, 1, {}, {}})}) ==
        "# HELP v_info \n# TYPE v_info gauge\nv_info{x=\"1\"} 1\n");
  CHECK(written({one("s", PrometheusType::stateset, {"s", {{"s", "on"}}, 1, {}, {}})}) ==
        "# HELP s \n# TYPE s gauge\ns{s=\"on\"} 1\n");
  CHECK(written({{"g",
                  PrometheusType::gaugehistogram,
                  "",
                  "",
                  {{"g_gcount", {}, 2, {}, {}},
                   {"g_bucket", {{"le", "+Inf"}}, 2, {}, {}},
                   {"g_gsum", {}, 3, {}, {}}}}}) ==
        "# HELP g \n# TYPE g histogram\ng_bucket{le=\"+Inf\"} 2\n# HELP g_gsum \n# TYPE g_gsum gauge\ng_gsum "
        "3\n"
        "# HELP g_gcount \n# TYPE g_gcount gauge\ng_gcount 2\n");
}

TEST_CASE("prometheus write: what the text forbids is refused, by name") {
  const auto gauge = [](std::string name) { return one(name, PrometheusType::gauge, {name, {}, 1, {}, {}}); };
  CHECK(error_of({gauge("9a")}) ==
        "found '9a', expected a name of letters, digits, '_' and ':' that does not begin with a digit");
  CHECK(error_of({gauge("")}).starts_with("found '', expected a name"));
  CHECK(error_of({gauge("a\nb")}).starts_with("found 'a?b', expected a name"));
  CHECK(error_of({gauge("a"), gauge("a")}) ==
        "found 'a', expected a name that no other family and none of its samples has");
  CHECK(error_of({gauge("s_sum"), one("s", PrometheusType::summary, {"s_count", {}, 1, {}, {}})})
            .starts_with("found 's_sum', expected a name that no other"));
  CHECK(
      error_of({one("hits", PrometheusType::counter, {"hits_created", {}, 1, {}, {}}), gauge("hits_created")})
          .starts_with("found 'hits_created', expected a name that no other"));
  CHECK(error_of({one("a", PrometheusType::gauge, {"b", {}, 1, {}, {}})}) ==
        "found 'b', expected a sample of a gauge called a");
  CHECK(error_of({one("hits_total", PrometheusType::counter, {"hits", {}, 1, {}, {}})})
            .starts_with("found 'hits', expected a sample of a counter"));
  CHECK(error_of({one("h", PrometheusType::histogram, {"_sum", {}, 1, {}, {}})})
            .starts_with("found '_sum', expected a sample of a histogram"));
  CHECK(error_of({one("h", PrometheusType::histogram, {"h", {}, 1, {}, {}})}) ==
        "found 'h', expected a sample of a histogram called h_bucket or h_sum or h_count or h_created");
  CHECK(error_of({one("h", PrometheusType::histogram, {"h_bucket", {}, 1, {}, {}})}) ==
        "found 'h_bucket', expected a label 'le' with a number, or '+Inf'");
  CHECK(
      error_of({{"a", PrometheusType::gauge, "", "", {{"a", {{"x", ""}}, 1, {}, {}}, {"a", {}, 2, 5ms, {}}}}})
          .starts_with("found 'a', expected each sample once"));
  CHECK(error_of({one("a", PrometheusType::gauge, {"a", {{"b\"", "x"}}, 1, {}, {}})})
            .starts_with("found 'b\"', expected the name of a label"));
}
