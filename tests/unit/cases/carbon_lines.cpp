// tests/cases/002_carbon_lines.json: how carbon reads a line, and so what the reader of our tests has to do;
// then our own lines, of any name, read so.

#include "statwire/server/statsd_aggregator.hpp"
#include "support/case_files.hpp"
#include "support/graphite_text.hpp"
#include "support/random_bytes.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

TEST_CASE("carbon lines: the tests read a line as carbon does") {
  for (const CarbonCase& wanted : carbon_cases()) {
    CAPTURE(wanted.line);
    const auto point = read_as_carbon(wanted.line);
    REQUIRE(point.has_value() == !wanted.is_dropped);
    if (!point) continue;
    CHECK(point->metric == wanted.metric);
    CHECK(point->value == wanted.value);
    CHECK(point->timestamp == wanted.timestamp);
  }
}

TEST_CASE("carbon lines: of any packet, carbon takes every line of ours whose value is a number") {
  for (const auto names : {server::Names::clean, server::Names::keep}) {
    RandomBytes random{7};
    server::Aggregator aggregator{{.names = names, .senders = server::Senders::dogstatsd}};
    for (int packet = 0; packet < 2000; ++packet) {
      aggregator.add("a" + random.string(20) + ":1|" + (random.up_to(1) == 0 ? "c" : "s") + random.string(4),
                     1'700'000'000s);
    }
    std::size_t lines = 0;
    for (const std::string& line : split(aggregator.flush_text(1'700'000'010s), '\n')) {
      if (line.empty() || line.find(" NaN ") != std::string::npos) continue;
      CAPTURE(line);
      CHECK(read_as_carbon(line).has_value());
      ++lines;
    }
    CHECK(lines > 1000);
  }
}
