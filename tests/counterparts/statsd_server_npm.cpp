// The same traffic to npm statsd and to StatsdServer, with the same options: every flush has the same paths
// and, but for clocks, the same values.
//
// Left out of the traffic is what ends or spoils the reference daemon: rates that it takes and then cannot
// read (`|@+1`, `|@ 1`), and names and members that every object of JavaScript has (`constructor`,
// `__proto__`).

#include "support/npm_pair.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "support/counterpart.hpp"
#include "support/odd_lines.hpp"

using namespace statwire;
using namespace statwire::test;

TEST_CASE("npm statsd: beside it, every kind of metric is flushed alike, interval after interval") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  for (const bool deletes : {false, true}) {
    CAPTURE(deletes);
    NpmPair pair{{.percentiles = {90, 99.9, -10, 0}, .delete_idle = deletes},
                 std::string{"percentThreshold: [90, 99.9, -10, 0], deleteIdleStats: "} +
                     (deletes ? "true" : "false")};
    pair.send("app.hits:1|c\napp.hits:5|c|@0.1\napp.down:-7|c\napp.part:0.75|c\napp.part:1.5|c\n");
    pair.send("app.depth:42|g\napp.depth:+5|g\napp.depth:-7.5|g\napp.below:-5|g\napp.plus:+3|g\n");
    for (int i = 1; i <= 40; ++i) pair.send("app.latency:" + std::to_string(i * i * 0.37) + "|ms");
    pair.send("app.latency:320|ms|@0.1\napp.single:12|ms\napp.none:0|ms\napp.pair:1|ms:9|ms:4|ms|@0.5");
    pair.send("app.users:alice|s\napp.users:bob|s\napp.users:alice|s\napp.users:|s\napp.users:17|s|@0.1");
    pair.send("app.mixed:1|c:2|g:3|ms:x|s:4|c");
    const Flushed first = pair.check_flush();
    CHECK(first.at("stats_counts.app.hits") == 51);
    CHECK(first.at("stats.timers.app.latency.count_99_9") == 41);
    CHECK(first.contains("stats.timers.app.latency.lower_top10"));
    pair.check_flush();  // nothing came
    pair.send("app.hits:2|c\napp.depth:-1|g\napp.depth:+0|g\napp.latency:3|ms\napp.users:carol|s");
    pair.check_flush();
    pair.check_flush();
  }
}

TEST_CASE("npm statsd: beside it, idle series are deleted alike, each kind by its own option") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  NpmPair pair{{.delete_idle = true, .delete_timers = false, .delete_gauges = true, .gauges_max_ttl = 3},
               "deleteIdleStats: true, deleteTimers: false, deleteGauges: true, gaugesMaxTTL: 3"};
  // A name that holds that of one of the daemon's own counters is zeroed, not deleted.
  pair.send("a:1|c\nmy.packets_received:1|c\nbad_lines_seen:1|c\na:1|ms\na:1|g\na:1|s\nb:2|g");
  pair.check_flush();
  pair.send("b:3|g");  // lives longer
  for (int i = 0; i < 5; ++i) pair.check_flush();
  pair.send("a:-1|g\nb:+1|g\na:1|c\na:1|s");
  pair.check_flush();
}

TEST_CASE("npm statsd: beside it, names have the same prefixes, suffixes and tags") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  const std::string lines =
      "a:1|c\na b/c:2|c\na:1|c|#env:prod,x:y\na:2|c|@0.5|#env:prod\na;env=prod;x=y:4|c\n"
      "t:1|ms|#env:prod\nt:3|ms\ng:1|g|#k:v;w:x\nu:1|s|#solo\nu;solo:2|s\na;b:1|c|#,c:d:e,\n:1|c\n;:1|c\n";
  SUBCASE("the legacy ones") {
    NpmPair pair{{.graphite = {.global_suffix = "web1"}, .prefix_stats = "own"},
                 "graphite: { globalSuffix: 'web1' }, prefixStats: 'own'"};
    pair.send(lines);
    CHECK(pair.check_flush().contains("own.numStats.web1"));
    pair.check_flush();
  }
  SUBCASE("the new ones") {
    NpmPair pair{{.graphite = {.legacy = false}}, "graphite: { legacyNamespace: false }"};
    pair.send(lines);
    CHECK(pair.check_flush().at("stats.counters.a.count;env=prod;x=y") == 5);
    pair.check_flush();
  }
  SUBCASE("the new ones, all told") {
    NpmPair pair{
        {.graphite = {.legacy = false,
                      .global_prefix = "all",
                      .counter_prefix = "c.d",
                      .timer_prefix = "",
                      .gauge_prefix = "gg",
                      .set_prefix = "ss",
                      .global_suffix = "web1"},
         .prefix_stats = "own.stats"},
        "graphite: { legacyNamespace: false, globalPrefix: 'all', prefixCounter: 'c.d', prefixTimer: '', "
        "prefixGauge: 'gg', prefixSet: 'ss', globalSuffix: 'web1' }, prefixStats: 'own.stats'"};
    pair.send(lines);
    CHECK(pair.check_flush().contains("all.c.d.a.count.web1;env=prod"));
    pair.check_flush();
  }
  SUBCASE("the new ones without any prefix, cleaned at the flush alone") {
    NpmPair pair{{.names = server::Names::keep, .graphite = {.legacy = false, .global_prefix = ""}},
                 "keyNameSanitize: false, graphite: { legacyNamespace: false, globalPrefix: '' }"};
    pair.send("a b/c:2|c\na b/c:1|c|#env:prod\n  t:1|ms\n\xc3\xa9g:1|g|#k:v\nu/:1|s|#solo\nu/;solo:2|s\n");
    CHECK(pair.check_flush().contains("counters.a_b-c.count"));
    pair.check_flush();
  }
}

TEST_CASE("npm statsd: beside it, timers have the same statistics, whichever are wanted") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  const auto send_timers = [](NpmPair& pair) {
    std::mt19937 random{7};
    for (const int count : {1, 2, 3, 10, 99, 200}) {
      for (int i = 0; i < count; ++i) {
        const std::string value = std::to_string(static_cast<double>(random() % 1'000'000) / 997);
        pair.send("app.t" + std::to_string(count) + ":" + value + "|ms" + (i % 7 == 0 ? "|@0.25" : ""));
      }
    }
  };
  SUBCASE("percentiles of all kinds, and histograms") {
    NpmPair pair{{.flush_interval = std::chrono::milliseconds{1500},
                  .percentiles = {50, 99.99, -50, -0.5, 100, 0, 0.1},
                  .histograms = {{"t99", {}}, {"t", {10, 100.5, server::detail::infinity}}}},
                 "flushInterval: 1500, percentThreshold: [50, 99.99, -50, -0.5, 100, 0, 0.1], "
                 "histogram: [{ metric: 't99', bins: [] }, { metric: 't', bins: [10, 100.5, 'inf'] }]"};
    send_timers(pair);
    CHECK(pair.check_flush().contains("stats.timers.app.t200.histogram.bin_100_5"));
    pair.check_flush();
  }
  SUBCASE("some alone, without the counts of counters") {
    NpmPair pair{{.percentiles = {90, -5, 99.9},
                  .histograms = {{"", {10, 500}}},
                  .timer_metrics = {"count", "upper_percent", "mean_percent", "lower_percent", "histogram"},
                  .flush_counts = false},
                 "percentThreshold: [90, -5, 99.9], calculatedTimerMetrics: ['count', 'upper_percent', "
                 "'mean_percent', 'lower_percent', 'histogram'], flush_counts: false, "
                 "histogram: [{ metric: '', bins: [10, 500] }]"};
    send_timers(pair);
    pair.send("c:1|c");
    const Flushed flushed = pair.check_flush();
    CHECK(!flushed.contains("stats.timers.app.t10.sum"));
    CHECK(!flushed.contains("stats_counts.c"));
    pair.check_flush();
  }
}

TEST_CASE("npm statsd: beside it, lines that are bad, odd or hostile come to the same") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  for (const bool cleans : {true, false}) {
    CAPTURE(cleans);
    NpmPair pair{{.names = cleans ? server::Names::clean : server::Names::keep},
                 std::string{"keyNameSanitize: "} + (cleans ? "true" : "false")};
    OddLines lines{1, cleans ? OddLines::Tags::any : OddLines::Tags::clean};
    for (int interval = 0; interval < 4; ++interval) {
      for (int i = 0; i < 400; ++i) {
        std::string packet = lines.line();
        for (int more = i % 4; more != 0; --more) packet += "\n" + lines.line();
        pair.send(i % 9 == 0 ? packet + "\n\n" : packet);
      }
      const Flushed flushed = pair.check_flush();
      CHECK(flushed.at("stats_counts.statsd.bad_lines_seen") > 100);
    }
    pair.send("\n");
    pair.send("");
    pair.send(std::string(60'000, 'x') + ":1|c");
    pair.check_flush();
  }
}

TEST_CASE("npm statsd: beside it, lines over TCP come to the same, in however many pieces") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  NpmPair pair{{}, "debug: false"};
  pair.send_lines({"a:1|c\n", "b:", "2|", "c\n", "t:5|ms\r\n", "\n", "bad\n", "g:-4|g\n", "cut:1|c"});
  pair.send_lines({"a:3|c\n", "u:x|s\n"});
  const Flushed flushed = pair.check_flush();
  CHECK(flushed.at("stats_counts.a") == 4);
  CHECK(!flushed.contains("stats_counts.cut"));
}

TEST_CASE("npm statsd: beside it, the admin port gives the same answers") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  NpmPair pair{{}, "debug: false"};
  const auto check_answers = [&] {
    for (const char* const command : {"counters", "gauges", "timers"}) pair.check_answer(command);
  };
  CHECK(pair.check_answer("help", "\n\n").find("delcounters") != std::string::npos);
  for (const char* const command :
       {"health", "health down", "health", "health UP", "health sideways x", "  health  "}) {
    pair.check_answer(command, "\n");
  }
  for (const char* const command : {"nonsense", "", "Help", "delcounter a", "counters;"}) {
    CHECK(pair.check_answer(command, "\n") == "ERROR\n");
  }
  check_answers();
  pair.send("app.hits:3|c\napp.misses:0.5|c\nother:1e21|c\na-b:1|c\napp.huge:1e400|c\nother.deep.er:-1|c");
  pair.send("depth:4.25|g\nlevel:-2|g\nt:1|ms:2|ms\none:0.5|ms\nu:x|s");
  pair.send("long:1|ms:22|ms:3.5|ms:1e-7|ms:5|ms:666666|ms");
  pair.settle();
  check_answers();
  for (const char* const command : {"delcounters other", "delcounters app.* missing app.hits", "delcounters",
                                    "delcounters .*", "delgauges depth depth", "deltimers one t",
                                    "deltimers lo*", "delcounters other.*  a-b", "delgauges a b"}) {
    pair.check_answer(command);
  }
  check_answers();
  pair.send("t:3|ms\ndepth:-1|g\napp.hits:1|c\nbad");
  pair.settle();
  check_answers();
  pair.check_flush();
  pair.check_flush();
  pair.check_answer("delgauges statsd.timestamp_lag");
  check_answers();
  // Of what it says of itself, all but the times.
  const auto without_times = [](std::string text) {
    for (const char* const key :
         {"uptime", "messages.last_msg_seen", "graphite.last_flush", "graphite.last_exception",
          "graphite.flush_time", "graphite.flush_length"}) {
      const std::size_t value = text.find(std::string{key} + ": ");
      REQUIRE_MESSAGE(value != std::string::npos, text);
      const std::size_t begin = value + std::string_view{key}.size() + 2;
      text.erase(begin, text.find('\n', begin) - begin);
    }
    return text;
  };
  const std::string stats = without_times(pair.theirs().ask("stats"));
  CHECK(without_times(ask_admin(pair.ours().admin_port(), "stats", "END\n\n")) == stats);
  CHECK(stats.find("messages.bad_lines_seen: 1\n") != std::string::npos);
}

TEST_CASE("npm statsd: what ours repeats to it, it has counted alike") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  NpmStatsd theirs{"debug: false"};
  std::string text;
  server::StatsdServer ours{{.flush = Flush::manual,
                             .on_flush =
                                 [&](const server::FlushedBatch& batch) {
                                   for (const server::FlushedLine line : batch)
                                     server::append_flushed_line(text, line);
                                 },
                             .repeat_to = {"udp://127.0.0.1:" + std::to_string(theirs.port())}}};
  ours.start();
  UdpSender sender{ours.port()};
  OddLines lines{8125};
  for (std::uint64_t packets = 1; packets <= 600; ++packets) {
    sender.send(lines.line() + "\nhits:2|c|@0.5\n" + lines.line());
    if (packets % 50 != 0) continue;  // no more at once than any receive buffer takes
    REQUIRE(ours.wait_for_packets(packets, patience));
    theirs.wait_for_packets(packets);
  }
  ours.flush();
  const Flushed seen = theirs.flush();
  CHECK(seen.at("stats_counts.hits") == 2400);
  check_same(seen, read_flush(text));
  CHECK(ours.stats().unrepeated == 0);
}

// What follows differs on purpose.

TEST_CASE("npm statsd: it says NaN of a percentile of the largest that takes all values, ours their sum") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  NpmPair pair{{.percentiles = {-100}}, "percentThreshold: [-100]"};
  pair.send("t:1|ms\nt:2|ms");
  pair.settle();
  const NpmPair::Both both = pair.flush();
  CHECK(std::isnan(both.theirs.at("stats.timers.t.sum_top100")));
  CHECK(both.ours.at("stats.timers.t.sum_top100") == 3);
  CHECK(both.ours.at("stats.timers.t.lower_top100") == both.theirs.at("stats.timers.t.lower_top100"));
}

TEST_CASE("npm statsd: it lets tags through as they came when it does not clean names, ours cleans them") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  NpmPair pair{{.names = server::Names::keep}, "keyNameSanitize: false"};
  pair.send("a:1|c|#k:v 9 9");
  pair.settle();
  const NpmPair::Both both = pair.flush();
  CHECK(both.theirs.contains("stats_counts.a;k=v 9 9"));  // a line that carbon refuses
  CHECK(both.ours.contains("stats_counts.a;k=v_9_9"));
}

TEST_CASE(
    "npm statsd: over TCP it takes seven bits of a byte, and all lines that it reads at once as a packet") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  NpmPair pair{{}, "debug: false"};
  RawConnection{pair.theirs().tcp_port()}.send("a\xc3\xa9:1|c\nb:1|c\n");
  RawConnection{pair.ours().tcp_port()}.send("a\xc3\xa9:1|c\nb:1|c\n");
  pair.theirs().wait_for_packets(1);
  REQUIRE(pair.ours().wait_for_packets(2, patience));
  const NpmPair::Both both = pair.flush();
  CHECK(both.theirs.at("stats_counts.aC") == 1);
  CHECK(both.ours.at("stats_counts.a") == 1);
  CHECK(both.theirs.at("stats_counts.statsd.packets_received") == 1);
  CHECK(both.ours.at("stats_counts.statsd.packets_received") == 2);
  CHECK(both.theirs.at("stats_counts.statsd.metrics_received") == 2);
  CHECK(both.ours.at("stats_counts.statsd.metrics_received") == 2);
}

TEST_CASE("npm statsd: members that are no UTF-8 are one to it, to ours they differ") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  NpmPair pair{{}, "debug: false"};
  pair.send("u:\xff|s\nu:\xfe|s");
  pair.settle();
  const NpmPair::Both both = pair.flush();
  CHECK(both.theirs.at("stats.sets.u.count") == 1);
  CHECK(both.ours.at("stats.sets.u.count") == 2);
}

TEST_CASE("npm statsd: a counter of its own that the admin port deleted is NaN, ours counts on") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  NpmPair pair{{}, "debug: false"};
  pair.check_answer("delcounters statsd.metrics_received");
  pair.send("a:1|c");
  pair.settle();
  const NpmPair::Both both = pair.flush();
  CHECK(std::isnan(both.theirs.at("stats_counts.statsd.metrics_received")));
  CHECK(both.ours.at("stats_counts.statsd.metrics_received") == 1);
}

TEST_CASE("npm statsd: its admin port has whole numbers first and long arrays in columns, ours has not") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  NpmPair pair{{}, "debug: false"};
  pair.send("b:1|g\n17:2|g");
  for (int i = 0; i < 130; ++i) pair.send("t:" + std::to_string(i * 7919 % 1000) + "|ms");
  pair.settle();
  const auto both = [&](const char* command) {
    return std::pair{pair.theirs().ask(command), ask_admin(pair.ours().admin_port(), command, "END\n\n")};
  };
  const auto [their_gauges, our_gauges] = both("gauges");
  CHECK(their_gauges == "{ '17': 2, b: 1 }\nEND\n\n");
  CHECK(our_gauges == "{ b: 1, '17': 2 }\nEND\n\n");
  auto [their_timers, our_timers] = both("timers");
  for (std::string* const text : {&their_timers, &our_timers}) {
    text->erase(std::remove_if(text->begin(), text->end(), [](char c) { return c == ' ' || c == '\n'; }),
                text->end());
  }
  CHECK(their_timers == our_timers);
  CHECK(our_timers.ends_with(",...30moreitems]}END"));
}
