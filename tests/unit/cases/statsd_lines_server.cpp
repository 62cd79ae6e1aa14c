// tests/cases/002_statsd_lines.json: each line alone, then a flush after ten seconds.

#include <cstdint>

#include "statwire/server/statsd_aggregator.hpp"
#include "support/case_files.hpp"
#include "support/graphite_text.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

/// The lines of a flush that are not the server's own, without timestamps.
std::vector<std::string> flushed_for_clients(server::Aggregator& aggregator) {
  std::vector<std::string> lines;
  for (const std::string& line : split(aggregator.flush_text(1'700'000'010s), '\n')) {
    const bool is_own = line.empty() || line.starts_with("stats.statsd.") ||
                        line.starts_with("stats_counts.statsd.") || line.starts_with("statsd.");
    if (!is_own) lines.push_back(line.substr(0, line.rfind(' ')));
  }
  return lines;
}

}  // namespace

TEST_CASE("statsd lines, aggregated: every line is flushed as the reference daemon flushes it") {
  for (const LineCase& wanted : line_cases()) {
    CAPTURE(wanted.line);
    server::Aggregator aggregator{{}, 1'700'000'000s};
    aggregator.add(wanted.line, 1'700'000'000s);
    // Where the reference daemon dies, ours counts a bad value and goes on.
    CHECK(aggregator.totals().bad_values == (wanted.crashes ? 1 : wanted.bad_lines));
    CHECK(flushed_for_clients(aggregator) == wanted.flushed);
  }
}

TEST_CASE("statsd lines, aggregated: a name that is known changes nothing about what its line says") {
  for (const LineCase& wanted : line_cases()) {
    CAPTURE(wanted.line);
    server::Aggregator aggregator{{}, 1'700'000'000s};
    aggregator.add(wanted.line, 1'700'000'000s);
    const std::uint64_t bad = aggregator.totals().bad_values;
    flushed_for_clients(aggregator);
    aggregator.add("foo:0|g", 1'700'000'010s);
    aggregator.add(wanted.line, 1'700'000'010s);
    CHECK(aggregator.totals().bad_values == 2 * bad);
    std::vector<std::string> lines = flushed_for_clients(aggregator);
    std::erase(lines, "stats.gauges.statsd.timestamp_lag -10");
    std::erase(lines, "stats.gauges.foo 0");
    CHECK(lines == wanted.flushed);
  }
}
