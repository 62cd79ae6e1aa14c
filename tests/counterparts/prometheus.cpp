// The page of a StatsD server, read by Prometheus' own tool: whatever names were sent, it finds nothing to
// refuse, and nothing to blame but what the senders chose.

#include <ostream>

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/server/prometheus_totals.hpp"
#include "statwire/server/statsd_aggregator.hpp"
#include "support/child_process.hpp"
#include "support/counterpart.hpp"
#include "support/prometheus_page.hpp"
#include "support/random_bytes.hpp"
#include "support/scratch_directory.hpp"
#include "support/text.hpp"

using namespace statwire::server;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

/// Names that are no names in Prometheus, that are one there, or that its own suffixes make.
const std::vector<std::string> hostile_names{
    "",
    "9lives",
    "say \"hi\"",
    "back\\slash",
    "caf\xc3\xa9",
    "not\xff utf\xc3",
    "zero\0byte",
    "return\rhere",
    "{a=\"b\"} 1",
    "# HELP a b",
    "a.b;tag=\"quoted\"",
    "a.b;tag=back\\slash\\",
    "a.b;tag=caf\xc3\xa9",
    "a.b;tag=not\xff utf8",
    "a.b;x=1;y=2",
    "a/b;y=2;x=1",
    "a.b;x=1;x=2",
    "a.b;__name__=forged",
    "a.b;le=1;quantile=0.5;job=j;instance=i",
    "a.b;9=1;=2;;flag;empty=",
    "a_total",
    "a.sum",
    "a.count",
    "a.bucket",
    "a",
    "a_value",
    "a_timer",
    "a_timer_2",
    "a_members",
    "a_net",
    "a_counts",
    "statwire.statsd.hidden_series",
};

/// Whether promtool takes a page; it may blame what senders choose: units, capitals and ends of names.
void check_page(const std::string& page) {
  const ScratchDirectory scratch;
  const std::string file = scratch.write("page", page);
  ChildProcess promtool{{"/bin/sh", "-c", "exec promtool check metrics <\"$0\"", file}};
  const int status = promtool.wait();
  INFO(promtool.output());
  constexpr int has_blame = 3;
  CHECK((status == 0 || status == has_blame));
  const std::set<std::string> allowed{"metric names should not contain abbreviated units",
                                      "label names should be written in 'snake_case' not 'camelCase'",
                                      "metric names should be written in 'snake_case' not 'camelCase'"};
  for (const std::string& line : split(promtool.output(), '\n')) {
    const std::size_t blank = line.find(' ');
    // `_total`, `_bucket` and the like: gauges and timers are called what they are called.
    if (line.empty() || line.find(" metrics should not have \"_") != std::string::npos) continue;
    CHECK_MESSAGE(allowed.contains(line.substr(blank + 1)), line);
  }
}

}  // namespace

TEST_CASE("prometheus: promtool takes a page of hostile names") {
  if (is_missing("prometheus", find_daemon("promtool"))) return;
  AggregatorOptions options;
  options.names = Names::keep;
  Aggregator aggregator{options};
  PrometheusTotals totals{100'000};
  for (const char* const value : {":3|c", ":-1|c", ":2.5|g", ":12|ms", ":a|s"}) {
    for (const std::string& name : hostile_names) aggregator.add(name + value, 1s);
  }
  aggregator.add("inf:Infinity|g\nminus:-Infinity|g\ninf:Infinity|c\nhits:1|c\nhits:1e300|c", 1s);
  totals.take(aggregator.series());
  const std::string page = totals.text();
  CHECK_NOTHROW(PrometheusPage{page});
  check_page(page);
  aggregator.flush_text(2s);
  totals.take(aggregator.series());
  check_page(totals.text());  // without values: NaN
}

TEST_CASE("prometheus: promtool takes a page of 10,000 series with random names and tags") {
  if (is_missing("prometheus", find_daemon("promtool"))) return;
  RandomBytes random{8125};
  StatsdSeries series{{.max_series = 10'000, .max_values = 10'000}};
  PrometheusTotals totals{10'000};
  while (series.size() < 10'000) {
    const std::string name = random.string(6) + ";" + random.string(4) + "=" + random.string(12);
    switch (random.up_to(3)) {
      case 0:
        series.get(series.counters, name)->sum += static_cast<double>(random.up_to(9)) - 1;
        break;
      case 1:
        series.get(series.gauges, name)->value = -0.5;
        break;
      case 2:
        series.add(*series.get(series.timers, name), 1.25, 10);
        break;
      default:
        series.add(*series.get(series.sets, name), "member");
    }
  }
  totals.take(series);
  REQUIRE(totals.size() == 10'000);
  check_page(totals.text());
}
