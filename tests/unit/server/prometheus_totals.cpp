#include "statwire/server/prometheus_totals.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "support/prometheus_page.hpp"
#include "support/random_bytes.hpp"

using namespace statwire::server;
using statwire::test::PrometheusPage;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// What an aggregator holds, by hand: each flush() is taken and then cleared as a StatsD server does.
class Source {
 public:
  explicit Source(std::size_t max_series = 1000, std::size_t max_name_bytes = 100'000)
      : totals_{max_series, max_name_bytes} {}

  Source& counter(std::string_view name, double sum) {
    series_.get(series_.counters, name)->sum += sum;
    return *this;
  }
  Source& gauge(std::string_view name, double value) {
    series_.get(series_.gauges, name)->value = value;
    return *this;
  }
  Source& timer(std::string_view name, const std::vector<double>& values, double weight = 1) {
    TimerSeries& timer = *series_.get(series_.timers, name);
    for (const double value : values) series_.add(timer, value, weight);
    return *this;
  }
  Source& set(std::string_view name, const std::vector<std::string>& members) {
    SetSeries& set = *series_.get(series_.sets, name);
    for (const std::string& member : members) series_.add(set, member);
    return *this;
  }

  Source& flush() {
    totals_.take(series_);
    for (std::size_t i = 0; i < series_.counters.size(); ++i) series_.counters.value(i).sum = 0;
    series_.clear_values();
    return *this;
  }

  /// The same, and deletes all series, as StatsD can do with idle ones.
  Source& flush_and_delete() {
    flush();
    const auto all = [](auto&&...) { return true; };
    series_.counters.erase_if(all);
    series_.gauges.erase_if(all);
    series_.timers.erase_if(all);
    series_.sets.erase_if(all);
    return *this;
  }

  const PrometheusTotals& totals() const { return totals_; }
  PrometheusPage page() const { return PrometheusPage{totals_.text()}; }
  std::string value(const std::string& sample) const { return page().value(sample); }

 private:
  StatsdSeries series_{{.max_series = 100'000, .max_values = 1'000'000}};
  PrometheusTotals totals_;
};

}  // namespace

TEST_CASE("prometheus totals: a page") {
  Source source;
  source.counter("api.hits;code=200", 3).gauge("depth", 2.5).timer("load", {10, 20}).set("users", {"a", "b"});
  source.flush();
  CHECK(source.totals().text() == R"(# HELP api_hits_total StatsD counter api.hits
# TYPE api_hits_total counter
api_hits_total{code="200"} 3
# HELP depth StatsD gauge depth
# TYPE depth gauge
depth 2.5
# HELP load StatsD timer load, in the unit that was sent; quantiles of the last interval
# TYPE load summary
load{quantile="0.5"} 10
load{quantile="0.9"} 20
load{quantile="0.99"} 20
load_sum 30
load_count 2
# HELP users Members of the StatsD set users in the last interval
# TYPE users gauge
users 2
# HELP statwire_statsd_dropped_samples_total Samples of StatsD that found no room
# TYPE statwire_statsd_dropped_samples_total counter
statwire_statsd_dropped_samples_total 0
# HELP statwire_statsd_dropped_series_total Series of a flush that found no room on this page
# TYPE statwire_statsd_dropped_series_total counter
statwire_statsd_dropped_series_total 0
# HELP statwire_statsd_hidden_series Gauges and sets not shown, as another has the same name and labels
# TYPE statwire_statsd_hidden_series gauge
statwire_statsd_hidden_series 0
)");
}

TEST_CASE("prometheus totals: a counter goes on from flush to flush, deleted or not") {
  Source source;
  source.counter("hits", 3).flush().flush().counter("hits", 0.5).flush_and_delete().flush();
  CHECK(source.value("hits_total") == "3.5");
  CHECK(source.counter("hits", 4).flush().value("hits_total") == "7.5");
}

TEST_CASE("prometheus totals: a counter that has gone down is a gauge for good") {
  Source source;
  source.counter("stock;shop=a", 5).counter("stock;shop=b", 7).flush();
  source.counter("stock;shop=a", -2).flush().counter("stock;shop=a", 4).flush();
  const PrometheusPage page = source.page();
  CHECK(page.family("stock").type == "gauge");
  CHECK(page.value("stock{shop=\"a\"}") == "7");
  CHECK(page.value("stock_total{shop=\"b\"}") == "7");
  CHECK(page.value("stock_total{shop=\"a\"}") == "");
}

TEST_CASE("prometheus totals: gauges and sets go when they go from StatsD") {
  Source source;
  source.gauge("depth", -1).set("users", {"a"}).flush();
  CHECK(source.value("depth") == "-1");
  CHECK(source.value("users") == "1");
  source.flush_and_delete();
  CHECK(source.value("depth") == "-1");  // not sent again, but still there
  CHECK(source.value("users") == "0");
  source.gauge("other", 2).flush();
  CHECK(source.value("depth") == "");
  CHECK(source.value("users") == "");
  CHECK(source.value("other") == "2");
  CHECK(source.totals().size() == 1);
}

TEST_CASE("prometheus totals: the quantiles of a timer are those of the last interval, by nearest rank") {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(i * 37 % 100 + 1);  // 1 to 100, mixed
  Source source;
  source.timer("load", {1000}).flush().timer("load", values).flush();
  CHECK(source.value("load{quantile=\"0.5\"}") == "50");
  CHECK(source.value("load{quantile=\"0.9\"}") == "90");
  CHECK(source.value("load{quantile=\"0.99\"}") == "99");
  CHECK(source.value("load_sum") == "6050");
  CHECK(source.value("load_count") == "101");
  for (int i = 0; i < 2; ++i) {
    source.flush_and_delete();
    CHECK(source.value("load{quantile=\"0.5\"}") == "NaN");
    CHECK(source.value("load_count") == "101");
  }
}

TEST_CASE("prometheus totals: a sampled timing counts as often as its rate says") {
  Source source;
  source.timer("load", {10, 20}, 10).flush().timer("load", {5}).flush();
  CHECK(source.value("load_sum") == "305");
  CHECK(source.value("load_count") == "21");
}

TEST_CASE("prometheus totals: what is not finite adds nothing to a sum") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Source source;
  source.counter("hits", 1).timer("load", {1, 2}).flush();
  source.counter("hits", infinity).timer("load", {infinity, nan, 4}).flush();
  source.counter("hits", nan).timer("load", {3}, infinity).flush();
  source.counter("hits", -infinity).timer("load", {nan}).gauge("depth", -infinity).flush();
  CHECK(source.value("hits_total") == "1");
  CHECK(source.value("load_sum") == "10");
  CHECK(source.value("load_count") == "4");
  CHECK(source.value("load{quantile=\"0.5\"}") == "NaN");
  CHECK(source.value("depth") == "-Inf");
}

TEST_CASE("prometheus totals: of the same sample sums are added up, and the first of the others is shown") {
  Source source;
  source.counter("a.b;x=1;y=2", 3).counter("a/b;y=2;x=1", 4);
  source.timer("t.t", {5}).timer("t_t", {7}).timer("t/t", {9});
  source.gauge("g.g", 1).gauge("g_g", 2).gauge("g/g", 3).gauge("g/g;x=1", 4).set("s.s", {"a"}).set("s_s", {});
  source.flush();
  const PrometheusPage page = source.page();
  CHECK(page.value("a_b_total{x=\"1\",y=\"2\"}") == "7");
  CHECK(page.value("t_t_sum") == "21");
  CHECK(page.value("t_t_count") == "3");
  CHECK(page.value("t_t{quantile=\"0.5\"}") == "5");
  CHECK(page.value("g_g") == "1");
  CHECK(page.value("g_g{x=\"1\"}") == "4");
  CHECK(page.value("s_s") == "1");
  CHECK(page.value("statwire_statsd_hidden_series") == "3");
  // The first that has any.
  CHECK(source.timer("t/t", {8}).flush().value("t_t{quantile=\"0.5\"}") == "8");
}

TEST_CASE("prometheus totals: series beyond max_series are counted, and room is what gauges leave") {
  Source source{2};
  source.gauge("a", 1).set("b", {"x"}).counter("c", 1).timer("d", {1}).flush_and_delete();
  CHECK(source.totals().size() == 2);
  CHECK(source.value("c_total") == "");
  CHECK(source.value("statwire_statsd_dropped_series_total") == "2");
  source.counter("c", 1).timer("d", {1}).flush();
  CHECK(source.value("c_total") == "1");
  CHECK(source.value("d_count") == "1");
  CHECK(source.value("statwire_statsd_dropped_series_total") == "2");
}

TEST_CASE("prometheus totals: names beyond max_name_bytes are counted, and room is what gauges leave") {
  Source source{100, 10};
  source.gauge("seven_b", 1).counter("abc", 1).counter("d", 1).flush_and_delete();
  CHECK(source.value("abc_total") == "1");
  CHECK(source.value("d_total") == "");
  CHECK(source.value("statwire_statsd_dropped_series_total") == "1");
  source.counter("d", 1).counter("sixbyt", 1).counter("e", 1).flush();
  CHECK(source.value("d_total") == "1");
  CHECK(source.value("sixbyt_total") == "1");
  CHECK(source.value("e_total") == "");
  CHECK(source.value("statwire_statsd_dropped_series_total") == "2");
}

TEST_CASE("prometheus totals: samples that the aggregator dropped are said") {
  StatsdSeries series{{.max_series = 0, .max_values = 0}};
  CHECK(series.get(series.counters, "a") == nullptr);
  PrometheusTotals totals{10};
  totals.take(series);
  totals.take(series);
  CHECK(PrometheusPage{totals.text()}.value("statwire_statsd_dropped_samples_total") == "1");
}

TEST_CASE("prometheus totals: nobody takes the names of the page's own series") {
  Source source;
  source.counter("statwire.statsd.dropped_series", 9).gauge("statwire_statsd_hidden_series", 9).flush();
  const PrometheusPage page = source.page();
  CHECK(page.value("statwire_statsd_dropped_series_total") == "0");
  CHECK(page.value("statwire_statsd_dropped_series_counts_total") == "9");
  CHECK(page.value("statwire_statsd_hidden_series_value") == "9");
}

TEST_CASE("prometheus totals: random names and values make a page that can be read") {
  statwire::test::RandomBytes random{20231117};
  constexpr std::string_view parts[] = {
      "a",  "b",    "_",    ".",  "_sum",  "_count", "_total", "_value",  "_timer", "_members",
      "_2", ";a=1", ";a=2", ";b", ";a.b=", ";le=1",  ";__a=x", "_counts", "9",      "\xc3\xa9"};
  const auto name = [&] {
    std::string text = random.up_to(3) == 0 ? random.string(12) : "";
    for (std::size_t i = random.up_to(5); i != 0; --i) text += parts[random.up_to(std::size(parts) - 1)];
    return text;
  };
  constexpr double values[] = {0, 1, -1, 0.25, 1e300, -1e300, infinity, 1e-9};
  const auto value = [&] { return values[random.up_to(std::size(values) - 1)]; };
  for (int round = 0; round < 60; ++round) {
    Source source{random.up_to(400)};
    for (int flushes = 0; flushes < 3; ++flushes) {
      for (int i = 0; i < 60; ++i) {
        source.counter(name(), value()).gauge(name(), value()).set(name(), {name(), name()});
        source.timer(name(), {std::fabs(value()), 1}, std::fabs(value()));
      }
      random.up_to(1) == 0 ? source.flush() : source.flush_and_delete();
      const std::string text = source.totals().text();
      INFO(text);
      CHECK_NOTHROW(PrometheusPage{text});
    }
  }
}
