#include "online_store/metrics_page.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstdint>
#include <statwire/prometheus.hpp>
#include <string>

using namespace online_store;

namespace {

const Figures figures{
    .users_count = 120, .orders_count = 4, .conversion = 3.25, .aov = 2450.5, .tov = 1'204'000};

double value_on(const std::string& page, const char* name) {
  const auto families = statwire::parse_prometheus(page);
  const statwire::PrometheusSample* const sample = statwire::find_sample(families, name);
  REQUIRE(sample != nullptr);
  return sample->value;
}

}  // namespace

TEST_CASE("metrics page: the five figures, and what became of the events") {
  const EventCounts counts{.taken = 9'007'199'254'740'992,
                           .bad = {1, 2, 3, 4, 5, 6},
                           .late = {.five_minutes = 8, .hour = 7, .day = 6},
                           .refused_sessions = 9};
  CHECK(metrics_page(figures, counts) ==
        "# HELP users_count Sessions seen within five minutes\n"
        "# TYPE users_count gauge\n"
        "users_count 120\n"
        "# HELP orders_count Orders within five minutes\n"
        "# TYPE orders_count gauge\n"
        "orders_count 4\n"
        "# HELP conversion Sessions of the hour that ordered, in percent\n"
        "# TYPE conversion gauge\n"
        "conversion 3.25\n"
        "# HELP aov Mean value of the day's orders\n"
        "# TYPE aov gauge\n"
        "aov 2450.5\n"
        "# HELP tov Total value of the day's orders\n"
        "# TYPE tov gauge\n"
        "tov 1204000\n"
        "# HELP online_store_events_total Events that count\n"
        "# TYPE online_store_events_total counter\n"
        "online_store_events_total 9007199254740992\n"
        "# HELP online_store_bad_events_total Events that do not count, by reason\n"
        "# TYPE online_store_bad_events_total counter\n"
        "online_store_bad_events_total{reason=\"not_avro\"} 1\n"
        "online_store_bad_events_total{reason=\"missing_field\"} 2\n"
        "online_store_bad_events_total{reason=\"bad_price\"} 3\n"
        "online_store_bad_events_total{reason=\"ahead_of_clock\"} 4\n"
        "online_store_bad_events_total{reason=\"duplicate\"} 5\n"
        "online_store_bad_events_total{reason=\"long_session\"} 6\n"
        "# HELP online_store_late_events_total Events too late for a window, by its length\n"
        "# TYPE online_store_late_events_total counter\n"
        "online_store_late_events_total{window=\"5m\"} 8\n"
        "online_store_late_events_total{window=\"1h\"} 7\n"
        "online_store_late_events_total{window=\"1d\"} 6\n"
        "# HELP online_store_refused_sessions Visits in the windows that are open whose session found no "
        "room\n"
        "# TYPE online_store_refused_sessions gauge\n"
        "online_store_refused_sessions 9\n");
}

TEST_CASE("metrics page: it is one for our reader of Prometheus pages, counts included") {
  const auto families = statwire::parse_prometheus(metrics_page(figures, {.bad = {0, 0, 17}}));
  REQUIRE(families.size() == 9);
  CHECK(families[2].name == "conversion");
  CHECK(families[2].samples.at(0).value == 3.25);
  CHECK(families[6].type == statwire::PrometheusType::counter);
  const auto* const bad =
      statwire::find_sample(families, "online_store_bad_events_total", {{"reason", "bad_price"}});
  REQUIRE(bad != nullptr);
  CHECK(bad->value == 17);
}

TEST_CASE("metrics page: the original's page on port 8013") {
  CHECK(compatible_page(figures) ==
        "# HELP users_count \n"
        "# TYPE users_count gauge\n"
        "users_count 120.0\n"
        "# HELP orders_count \n"
        "# TYPE orders_count gauge\n"
        "orders_count 4.0\n"
        "# HELP conversion \n"
        "# TYPE conversion gauge\n"
        "conversion 3.25\n"
        "# HELP aov \n"
        "# TYPE aov gauge\n"
        "aov 2450.5\n"
        "# HELP tov \n"
        "# TYPE tov gauge\n"
        "tov 1204000.0\n");
}

TEST_CASE("metrics page: the original's page on port 8012 begins with the time") {
  const std::string page = raw_page(figures, 1'542'848'400'006);
  CHECK(page ==
        "# HELP last_message_time \n"
        "# TYPE last_message_time gauge\n"
        "last_message_time 1542848400006.0\n" +
            compatible_page(figures));
  CHECK(value_on(page, "last_message_time") == 1'542'848'400'006);
  CHECK(value_on(page, "tov") == 1'204'000);
  CHECK(
      raw_page({}, 0).starts_with("# HELP last_message_time \n# TYPE last_message_time gauge\n"
                                  "last_message_time 0.0\n"));
}

TEST_CASE("metrics page: the original's numbers are as Python writes them") {
  struct Number {
    double value;
    std::string text;
  };
  for (const auto& [value, text] :
       {Number{0, "0.0"}, Number{0.01, "0.01"}, Number{66.67, "66.67"},
        Number{999999999999999.9, "999999999999999.9"}, Number{9007199254740992, "9007199254740992.0"},
        Number{9999999999999998, "9999999999999998.0"}, Number{1e16, "1e+16"},
        Number{12345678901234568, "1.2345678901234568e+16"}, Number{1e22, "1e+22"},
        Number{1.5e300, "1.5e+300"}}) {
    const std::string page = compatible_page({.tov = value});
    CHECK(page.ends_with("\ntov " + text + "\n"));
    CHECK(value_on(page, "tov") == value);
  }
}
