#include "statwire/protocol/openmetrics_write.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace statwire;
using namespace statwire::protocol;
using namespace std::chrono_literals;

namespace {

std::string written(const std::vector<PrometheusFamily>& families) {
  OpenmetricsWriter writer;
  auto page = writer.write(families);
  REQUIRE_MESSAGE(page, writer.error().message());
  return *page;
}

std::string error_of(const std::vector<PrometheusFamily>& families) {
  OpenmetricsWriter writer;
  REQUIRE_FALSE(writer.write(families));
  return writer.error().message();
}

std::string seconds_of(std::chrono::milliseconds time) {
  std::string text;
  append_seconds(text, time);
  return text;
}

PrometheusFamily one(std::string name, PrometheusType type, PrometheusSample sample) {
  return {std::move(name), type, {}, {}, {std::move(sample)}};
}

}  // namespace

TEST_CASE("openmetrics write: milliseconds are seconds with as many decimals as they need") {
  CHECK(seconds_of(0ms) == "0");
  CHECK(seconds_of(1500ms) == "1.5");
  CHECK(seconds_of(1642667947007ms) == "1642667947.007");
  CHECK(seconds_of(-1ms) == "-0.001");
  CHECK(seconds_of(-2120ms) == "-2.12");
  CHECK(seconds_of(std::chrono::milliseconds{std::numeric_limits<std::int64_t>::min()}) ==
        "-9223372036854775.808");
}

TEST_CASE("openmetrics write: type, unit, help, samples with times and exemplars, and the end") {
  CHECK(written({}) == "# EOF\n");
  CHECK(written({{"a_seconds",
                  PrometheusType::counter,
                  "x\n\"\\",
                  "seconds",
                  {{"a_seconds_total",
                    {{"b", "c"}, {"d", ""}},
                    1,
                    1500ms,
                    PrometheusExemplar{{{"trace", "t\""}}, 0.5, 2ms}},
                   {"a_seconds_total", {}, 2, {}, PrometheusExemplar{{}, 3, {}}}}},
                 one("u", PrometheusType::untyped, {"u", {}, -1, {}, {}})}) ==
        "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds x\\n\\\"\\\\\n"
        "a_seconds_total{b=\"c\"} 1 1.5 # {trace=\"t\\\"\"} 0.5 0.002\n"
        "a_seconds_total 2 # {} 3\n"
        "# TYPE u unknown\n# HELP u \nu -1\n# EOF\n");
}

TEST_CASE("openmetrics write: counters and infos that are called as in the text lose their suffix") {
  CHECK(written({one("hits_total", PrometheusType::counter, {"hits_total", {}, 1, {}, {}}),
                 one("v_info", PrometheusType::info, {"v_info", {{"x", "1"}}, 1, {}, {}})}) ==
        "# TYPE hits counter\n# HELP hits \nhits_total 1\n# TYPE v info\n# HELP v \nv_info{x=\"1\"} 1\n# "
        "EOF\n");
}

TEST_CASE("openmetrics write: samples of one metric are put together") {
  const std::vector<PrometheusLabel> x{{"x", "1"}};
  const std::vector<PrometheusLabel> y{{"y", "1"}};
  CHECK(written({{"a",
                  PrometheusType::counter,
                  "",
                  "",
                  {{"a_total", x, 1, {}, {}}, {"a_total", y, 2, {}, {}}, {"a_created", x, 3, {}, {}}}}}) ==
        "# TYPE a counter\n# HELP a \na_total{x=\"1\"} 1\na_created{x=\"1\"} 3\na_total{y=\"1\"} 2\n# EOF\n");
}

TEST_CASE("openmetrics write: what the format forbids is refused, by name") {
  const auto gauge = [](const std::string& name) {
    return one(name, PrometheusType::gauge, {name, {}, 1, {}, {}});
  };
  CHECK(error_of({one("hits", PrometheusType::counter, {"hits", {}, 1, {}, {}})}) ==
        "found 'hits', expected a sample of a counter called hits_total or hits_created");
  CHECK(error_of({gauge("_total"), one("_total", PrometheusType::counter, {"_total", {}, 1, {}, {}})})
            .starts_with("found '', expected a name"));
  CHECK(error_of({gauge("a_total"), one("a", PrometheusType::counter, {"a_total", {}, 1, {}, {}})})
            .starts_with("found 'a_total', expected a name that no other"));
  CHECK(error_of({{"a_seconds", PrometheusType::gauge, "", "bytes", {}}}) ==
        "found 'bytes', expected a unit that 'a_seconds' ends with, behind '_'");
  CHECK(error_of({{"seconds", PrometheusType::gauge, "", "seconds", {}}})
            .starts_with("found 'seconds', expected"));
  CHECK(error_of({{"a_x", PrometheusType::info, "", "x", {}}}) ==
        "found 'x', expected no unit of an info or a stateset");
  CHECK(error_of({{"a", PrometheusType::gauge, "", "", {{"a", {}, 1, 1ms, {}}, {"a", {}, 2, 2ms, {}}}}})
            .starts_with("found 'a', expected each sample once"));
}
