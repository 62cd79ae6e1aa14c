// tests/cases/002_statsd_lines.json: which lines the reference daemon takes for bad, and what the others
// count.

#include "statwire/server/statsd_tally.hpp"
#include "support/cases.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

/// `stats_counts.foo 10` -> 10, for a counter that was flushed after ten seconds.
double flushed_value(const Json& flushed, const std::string& key) {
  for (const std::string line : flushed) {
    if (line.starts_with(key + " ")) return number_of(line.substr(key.size() + 1));
  }
  FAIL("no line " << key);
  return 0;
}

}  // namespace

TEST_CASE("statsd lines: bad parts are counted as the reference daemon counts them") {
  for (const Json& wanted : load_cases("002_statsd_lines.json")) {
    const auto line = wanted.at("line").get<std::string>();
    CAPTURE(line);
    server::StatsdTally tally{1000};
    tally.add(line);
    // Where the original dies of a line, ours counts one bad part and goes on.
    CHECK(tally.totals().bad_values == wanted.value("bad_lines_seen", std::uint64_t{1}));
  }
}

TEST_CASE("statsd lines: what is not bad is summed to what the reference daemon flushes") {
  for (const Json& wanted : load_cases("002_statsd_lines.json")) {
    const auto line = wanted.at("line").get<std::string>();
    CAPTURE(line);
    server::StatsdTally tally{1000};
    tally.add(line);
    const server::StatsdTotals& totals = tally.totals();
    const Json flushed = wanted.value("flushed", Json::array());
    CHECK(flushed.empty() == (totals.samples == 0));
    for (const auto& [name, sum] : totals.counters)
      CHECK(sum == flushed_value(flushed, "stats_counts." + name));
    for (const auto& [name, value] : totals.gauges)
      CHECK(value == flushed_value(flushed, "stats.gauges." + name));
    for (const auto& [name, members] : totals.sets) {
      CHECK(static_cast<double>(members.size()) == flushed_value(flushed, "stats.sets." + name + ".count"));
    }
    for (const auto& [name, timing] : totals.timings) {
      CHECK(timing.sum == flushed_value(flushed, "stats.timers." + name + ".sum"));
      CHECK(timing.count == flushed_value(flushed, "stats.timers." + name + ".count"));
      CHECK(timing.max == flushed_value(flushed, "stats.timers." + name + ".upper"));
    }
  }
}
