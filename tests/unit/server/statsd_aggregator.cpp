#include "statwire/server/statsd_aggregator.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/text.hpp"

using namespace statwire::server;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

/// The lines of a flush whose path holds `part`, without timestamps.
Lines flushed(Aggregator& aggregator, std::string_view part, UnixTime now = 20s) {
  Lines lines;
  for (const std::string& line : statwire::test::split(aggregator.flush_text(now), '\n')) {
    if (line.find(part) != std::string::npos) lines.push_back(line.substr(0, line.rfind(' ')));
  }
  return lines;
}

}  // namespace

TEST_CASE("aggregator: a sign changes a gauge that has a value, and sets one that has none or is zero") {
  Aggregator aggregator;
  aggregator.add("new:+3|g\nnew:+4|g\nzero:0|g\nzero:-5|g\nblank:1|g\nblank: +5|g", 10s);
  CHECK(flushed(aggregator, "stats.gauges.") ==
        Lines{"stats.gauges.new 7", "stats.gauges.zero -5", "stats.gauges.blank 5"});
}

TEST_CASE("aggregator: a known name is counted as a new one is, rates and signs included") {
  Aggregator aggregator;
  for (int i = 0; i < 2; ++i) aggregator.add("c:3|c|@0.5\nt:4|ms|@0.1\ng:+1|g\nu:a|s", 10s);
  const SeriesSnapshot seen = aggregator.snapshot();
  CHECK(seen.counters.at("c") == 12);
  CHECK(seen.gauges.at("g") == 2);
  CHECK(seen.timers.at("t").values == std::vector<double>{4, 4});
  CHECK(seen.timers.at("t").count == 20);
  CHECK(seen.sets.at("u") == std::set<std::string, std::less<>>{"a"});
}

TEST_CASE("aggregator: a counter that is no number begins anew with the next value, known or not") {
  Aggregator aggregator;
  aggregator.add("n.a:0|c|@0\nn.a:5|c\nn.a:1|c\nn.b:0|c|@0\nn.b:3|q\nn.c:1|c\nn.c:0|c|@0", 10s);
  CHECK(flushed(aggregator, "stats_counts.n.") ==
        Lines{"stats_counts.n.a 6", "stats_counts.n.b 3", "stats_counts.n.c NaN"});
}

TEST_CASE("aggregator: idle gauges are deleted after so many flushes, others are kept") {
  Aggregator aggregator{{.delete_gauges = true, .gauges_max_ttl = 2}};
  aggregator.add("g:1|g", 10s);
  CHECK(flushed(aggregator, ".g ").size() == 1);
  aggregator.add("other:1|g", 10s);
  CHECK(flushed(aggregator, ".g ").size() == 1);
  CHECK(flushed(aggregator, ".g ").empty());
  CHECK(flushed(aggregator, "timestamp_lag").size() == 1);
}

TEST_CASE("aggregator: what deletes idle series can be told for each type") {
  Aggregator aggregator{{.delete_idle = true, .delete_counters = false, .delete_sets = false}};
  aggregator.add("c:1|c\nt:1|ms\ng:1|g\nu:1|s\nmy.packets_received:1|c", 10s);
  aggregator.flush_text(10s);
  CHECK(flushed(aggregator, "stats_counts.c ") == Lines{"stats_counts.c 0"});
  CHECK(flushed(aggregator, "stats.sets.") == Lines{"stats.sets.u.count 0"});
  CHECK(flushed(aggregator, "stats.timers.").empty());
  CHECK(flushed(aggregator, "stats.gauges.g").empty());
}

TEST_CASE("aggregator: counters that are deleted when idle come back, but the server's own stay") {
  Aggregator aggregator{{.delete_counters = true}};
  aggregator.add("c:1|c\nmy.packets_received:1|c", 10s);
  aggregator.flush_text(10s);
  CHECK(flushed(aggregator, "stats_counts.") ==
        Lines{"stats_counts.statsd.bad_lines_seen 0", "stats_counts.statsd.packets_received 0",
              "stats_counts.statsd.metrics_received 0", "stats_counts.my.packets_received 0"});
  aggregator.add("c:2|c", 10s);
  CHECK(flushed(aggregator, "stats_counts.c ") == Lines{"stats_counts.c 2"});
}

TEST_CASE("aggregator: names beyond max_series are dropped and counted, known ones go on") {
  Aggregator aggregator{{.max_series = 5}};  // three of them are the server's own
  aggregator.add("a:1|c\nb:1|g\nc:1|ms\nd:1|s\na:1|c", 10s);
  CHECK(aggregator.totals().dropped_samples == 2);
  CHECK(aggregator.series().size() == 5);
  CHECK(aggregator.series().counters.find("a")->sum == 2);
  aggregator.flush_text(10s);
  CHECK(flushed(aggregator, "timestamp_lag").size() == 1);  // has room all the same
}

TEST_CASE("aggregator: names and members beyond max_name_bytes are dropped and counted, short ones go on") {
  Aggregator aggregator{{.max_name_bytes = 100}};  // the server's own three have 67
  aggregator.add(std::string(34, 'a') + ":1|c\nb:1|g\nu:" + std::string(101, 'x') + "|s\nu:y|s", 10s);
  CHECK(aggregator.totals().dropped_samples == 2);
  CHECK(aggregator.series().counters.size() == 3);
  CHECK(aggregator.snapshot().gauges.contains("b"));
  CHECK(aggregator.snapshot().sets.at("u") == std::set<std::string, std::less<>>{"y"});
}

TEST_CASE("aggregator: after other options its series are there, and flushed by them") {
  Aggregator aggregator;
  aggregator.add("c:2|c\ng:7|g\nt:5|ms", 10s);
  aggregator.flush_text(10s);
  aggregator.reconfigure({.flush_interval = 1s, .percentiles = {50}, .prefix_stats = "own", .max_series = 1});
  aggregator.add("c:3|c\nt:5|ms\nnew:1|c", 11s);
  CHECK(aggregator.totals().dropped_samples == 1);
  const std::string text = aggregator.flush_text(11s);
  for (const char* line : {"stats.c 3 11\n", "stats.gauges.g 7 11\n", "stats.timers.t.upper_50 5 11\n",
                           "stats_counts.own.metrics_received 3 11\n", "own.numStats "}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("aggregator: values and members beyond max_values are dropped and counted until the next flush") {
  Aggregator aggregator{{.max_values = 3}};
  aggregator.add("t:1|ms\nt:2|ms\nu:a|s\nu:a|s\nu:b|s\nt:3|ms\nc:1|c", 10s);
  CHECK(aggregator.totals().dropped_samples == 2);
  CHECK(flushed(aggregator, "stats.timers.t.count ") == Lines{"stats.timers.t.count 2"});
  aggregator.add("t:1|ms\nu:c|s", 20s);
  CHECK(aggregator.totals().dropped_samples == 2);
}

TEST_CASE("aggregator: a percentile of the largest values that takes all of them is their sum") {
  // The reference daemon says NaN there, which carbon drops.
  Aggregator aggregator{{.percentiles = {-100}}};
  aggregator.add("t:1|ms\nt:2|ms", 10s);
  CHECK(flushed(aggregator, "_top100") ==
        Lines{"stats.timers.t.count_top100 2", "stats.timers.t.mean_top100 1.5",
              "stats.timers.t.lower_top100 1", "stats.timers.t.sum_top100 3",
              "stats.timers.t.sum_squares_top100 5"});
}

TEST_CASE("aggregator: a percentile of no value is left out, and one beyond all takes all") {
  Aggregator aggregator{{.percentiles = {10, 0, 200}}};
  aggregator.add("t:1|ms\nt:2|ms", 10s);
  CHECK(flushed(aggregator, ".upper_") == Lines{"stats.timers.t.upper_200 2"});
  CHECK(flushed(aggregator, ".lower_").empty());
}

TEST_CASE("aggregator: of listed metrics, those of a percentile are named as the reference daemon does") {
  Aggregator aggregator{{.percentiles = {90, -10, 99.9},
                         .histograms = {{"t", {1, detail::infinity}}},
                         .timer_metrics = {"sum_percent", "lower_percent", "upper_99_percent", "histogram"}}};
  aggregator.add("t:1|ms\nt:2|ms\nt:2|ms\nt:2|ms\nt:2|ms", 10s);
  CHECK(flushed(aggregator, "stats.timers.") ==
        Lines{"stats.timers.t.sum_90 9", "stats.timers.t.lower_top10 2", "stats.timers.t.sum_top10 2",
              "stats.timers.t.upper_99_9 2", "stats.timers.t.histogram.bin_1 0",
              "stats.timers.t.histogram.bin_inf 5"});
}

TEST_CASE("aggregator: tags stand after the path and its suffix, and names that are kept are cleaned there") {
  const std::string packet = "a b;x=1:1|c\na b:2|c|#x:1 2,y:3";
  Aggregator clean{{.graphite = {.global_suffix = "end"}}};
  clean.add(packet, 10s);
  CHECK(flushed(clean, "stats_counts.a") ==
        Lines{"stats_counts.a_b.end;x=1 1", "stats_counts.a_b.end;x=1_2;y=3 2"});
  Aggregator kept{{.names = Names::keep}};
  kept.add(packet, 10s);
  CHECK(kept.series().counters.find("a b;x=1 2;y=3")->sum == 2);
  CHECK(flushed(kept, "stats_counts.a") == Lines{"stats_counts.a_b;x=1 1", "stats_counts.a_b;x=1_2;y=3 2"});
}

TEST_CASE("aggregator: a client of Datadog is summed as it means it, when that is asked for") {
  Aggregator aggregator{{.senders = Senders::dogstatsd}};
  aggregator.add("d:1:2:3|d|@0.5|#zone:eu|c:ci-1\nh:4|h\nc:1|c|T1700000000", 10s);
  CHECK(flushed(aggregator, ".count") ==
        Lines{"stats.timers.d.count_90;zone=eu 3", "stats.timers.d.count;zone=eu 6",
              "stats.timers.d.count_ps;zone=eu 0.6", "stats.timers.h.count_90 1", "stats.timers.h.count 1",
              "stats.timers.h.count_ps 0.1"});
  CHECK(aggregator.totals().bad_values == 0);
}

TEST_CASE("aggregator: half a second rounds up, and the lag is what a flush came late") {
  Aggregator aggregator;
  CHECK(aggregator.flush_text(1'700'000'000'499ms).find(" 1700000000\n") != std::string::npos);
  CHECK(flushed(aggregator, "timestamp_lag", 1'700'000'012'500ms) ==
        Lines{"stats.gauges.statsd.timestamp_lag 3"});
}

TEST_CASE("aggregator: the sender to Graphite speaks for itself in a flush") {
  Aggregator aggregator{{.graphite = {.legacy = false}, .prefix_stats = "own"}};
  const std::string text = aggregator.flush_text(20s, {.calculation_ms = 1,
                                                       .processing_ms = 2,
                                                       .last_exception = 3,
                                                       .last_flush = 4,
                                                       .flush_time_ms = 5,
                                                       .flush_length = 6});
  CHECK(
      text.ends_with("stats.own.numStats 3 20\nstats.own.graphiteStats.calculationtime 1 20\n"
                     "stats.own.processing_time 2 20\nstats.own.graphiteStats.last_exception 3 20\n"
                     "stats.own.graphiteStats.last_flush 4 20\nstats.own.graphiteStats.flush_time 5 20\n"
                     "stats.own.graphiteStats.flush_length 6 20\n"));
}

TEST_CASE("aggregator, pystatsd: an exception costs the rest of its packet, a warning only its line") {
  std::vector<std::string> warnings;
  Aggregator aggregator{{.flavour = Flavour::pystatsd,
                         .on_warning = [&](std::string_view text) { warnings.emplace_back(text); }}};
  aggregator.add("a:1|c\nb:1|x\nc:1|c|@0\nd:1|c\ne:1.2.3|ms\nf:1|c", 10s);
  CHECK(warnings == Lines{"Encountered unknown metric type in <b:1|x>",
                          "Ignoring counter with sample rate of zero: <c>"});
  CHECK(aggregator.totals().bad_values == 3);
  CHECK(flushed(aggregator, "") == Lines{"stats.a 0.1", "stats.d 0.1", "statsd.numStats 2", ""});
}

TEST_CASE("aggregator, pystatsd: values that are no number are sorted last, and crash nothing") {
  Aggregator aggregator{{.flavour = Flavour::pystatsd}};
  for (const char* value : {"nan", "3", "nan", "1", "inf", "2"}) {
    aggregator.add(std::string{"t:"} + value + "|ms", 10s);
  }
  CHECK(flushed(aggregator, ".lower") == Lines{"stats.timers.t.lower 1.0"});
}
