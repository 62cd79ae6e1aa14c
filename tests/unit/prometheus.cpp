#include "statwire/prometheus.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace statwire;

namespace {

const std::vector<PrometheusFamily> shop{
    {.name = "conversion",
     .type = PrometheusType::gauge,
     .help = "Orders of 100 visitors",
     .samples = {{.name = "conversion", .value = 12.5}}},
    {.name = "orders_total",
     .type = PrometheusType::counter,
     .samples = {{.name = "orders_total", .labels = {{"shop", "north"}, {"paid", "card"}}, .value = 17},
                 {.name = "orders_total", .labels = {{"shop", "south"}}, .value = 5}}}};

}  // namespace

TEST_CASE("prometheus: families are written in both formats") {
  CHECK(write_prometheus(shop) ==
        "# HELP conversion Orders of 100 visitors\n# TYPE conversion gauge\nconversion 12.5\n"
        "# HELP orders_total \n# TYPE orders_total counter\n"
        "orders_total{shop=\"north\",paid=\"card\"} 17\norders_total{shop=\"south\"} 5\n");
  CHECK(write_prometheus(shop, PrometheusFormat::openmetrics) ==
        "# TYPE conversion gauge\n# HELP conversion Orders of 100 visitors\nconversion 12.5\n"
        "# TYPE orders counter\n# HELP orders \n"
        "orders_total{shop=\"north\",paid=\"card\"} 17\norders_total{shop=\"south\"} 5\n# EOF\n");
  CHECK(parse_prometheus(write_prometheus(shop)) == shop);
}

TEST_CASE("prometheus: the content types") {
  CHECK(prometheus_content_type(PrometheusFormat::text) == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(prometheus_content_type(PrometheusFormat::openmetrics) ==
        "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST_CASE("prometheus: a sample is found by its exact name, and by its labels in any order") {
  CHECK(find_sample(shop, "conversion")->value == 12.5);
  CHECK(find_sample(shop, "conversion_rate") == nullptr);
  CHECK(find_sample(shop, "conver") == nullptr);
  CHECK(find_sample(shop, "orders_total")->value == 17);
  CHECK(find_sample(shop, "orders_total", {{"shop", "south"}})->value == 5);
  CHECK(find_sample(shop, "orders_total", {{"paid", "card"}, {"shop", "north"}})->value == 17);
  CHECK(find_sample(shop, "orders_total", {{"shop", "north"}}) == nullptr);
  CHECK(find_sample(shop, "orders_total", std::vector<PrometheusLabel>{}) == nullptr);
}

TEST_CASE("prometheus: the page of the original service is read") {
  const auto families = parse_prometheus(
      "# HELP python_info Python platform information\n# TYPE python_info gauge\n"
      "python_info{implementation=\"CPython\",major=\"3\"} 1.0\n"
      "# HELP users_count \n# TYPE users_count gauge\nusers_count 4.0\n"
      "# HELP conversion \n# TYPE conversion gauge\nconversion 33.33\n"
      "# HELP last_message_time \n# TYPE last_message_time gauge\nlast_message_time 1.542848400006e+12\n");
  CHECK(find_sample(families, "conversion")->value == 33.33);
  CHECK(find_sample(families, "last_message_time")->value == 1542848400006);
  CHECK(families[1].help.empty());
}

TEST_CASE("prometheus: errors are set, or thrown with a code and a message") {
  PrometheusError error;
  CHECK_FALSE(parse_prometheus("a\n", PrometheusFormat::text, error));
  CHECK(error.line == 1);
  CHECK(parse_prometheus("a 1\n", PrometheusFormat::text, error));
  CHECK(error.message() == "found '', expected ");
  CHECK_FALSE(
      write_prometheus(std::vector<PrometheusFamily>{{.name = "9"}}, PrometheusFormat::openmetrics, error));
  CHECK(error.found == "9");
  try {
    static_cast<void>(parse_prometheus("a 1\n", PrometheusFormat::openmetrics));
    FAIL("no exception");
  } catch (const ClientError& thrown) {
    CHECK(thrown.code() == errc::invalid_page);
    CHECK(std::string{thrown.what()}.starts_with("statwire: line 1: found '', expected '# EOF'"));
  }
  try {
    static_cast<void>(write_prometheus(std::vector<PrometheusFamily>{{.name = "9"}}));
    FAIL("no exception");
  } catch (const ClientError& thrown) {
    CHECK(thrown.code() == errc::invalid_family);
    CHECK(std::string{thrown.what()}.starts_with("statwire: found '9', expected a name"));
  }
}
