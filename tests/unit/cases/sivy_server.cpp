// tests/cases/002_sivy_server.json: what pystatsd's server flushes, text and all.

#include "statwire/server/statsd_aggregator.hpp"
#include "support/case_files.hpp"
#include "support/graphite_text.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

TEST_CASE("sivy server: every case of the case file gives the same text") {
  for (const ServerCase& wanted : server_cases("002_sivy_server.json")) {
    CAPTURE(wanted.name);
    std::vector<std::string> warnings;
    server::AggregatorOptions options = wanted.options;
    options.on_warning = [&](std::string_view text) { warnings.emplace_back(text); };
    server::UnixTime now = 1'700'000'000s;
    server::Aggregator aggregator{options, now};
    for (const ServerStep& step : wanted.steps) {
      CAPTURE(step.text);
      if (step.kind == ServerStep::Kind::flush) {
        now = step.time;
        // With a global prefix theirs loses the last line feed, and with it carbon the last line; ours has
        // it.
        std::vector<std::string> lines = split(aggregator.flush_text(now), '\n');
        REQUIRE(lines.back().empty());
        lines.pop_back();
        CHECK(lines == step.lines);
        continue;
      }
      warnings.clear();
      const std::uint64_t bad = aggregator.totals().bad_values;
      aggregator.add(step.text, now);
      CHECK(warnings == step.warnings);
      CHECK(aggregator.totals().bad_values - bad == step.warnings.size() + (step.error.empty() ? 0 : 1));
    }
  }
}
