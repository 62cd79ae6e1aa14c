// A client that aggregates, which is the default: what leaves at a flush for the calls before it.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "statwire/protocol/statsd_parse.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "statwire/timer.hpp"
#include "support/random_bytes.hpp"

namespace {

using namespace statwire;
using namespace std::chrono_literals;
using MemoryStatsd = StatsdClient<testing::MemoryTransport>;
using Lines = std::vector<std::string>;

/// The lines of one flush.
Lines flushed(MemoryStatsd& statsd) {
  statsd.transport().clear();
  statsd.flush();
  return statsd.transport().lines();
}

void check_settled(const DeliveryStats& stats) {
  CHECK(stats.pending == 0);
  CHECK(stats.accepted == stats.sent + stats.sampled_out + stats.dropped());
}

const StatsdOptions manual{.flush = Flush::manual};
const StatsdOptions to_datadog{.profile = profiles::dogstatsd, .flush = Flush::manual};

}  // namespace

TEST_CASE("aggregated: counters leave as their sum, once, and not again when nothing was added") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  for (int i = 0; i < 1000; ++i) statsd.increment("hits");
  statsd.decrement("hits", 7);
  statsd.increment("bytes", std::uint64_t{1} << 40);
  statsd.increment("zero", 5);
  statsd.decrement("zero", 5);
  CHECK(statsd.stats().pending == 1004);
  CHECK(flushed(statsd) == Lines{"hits:993|c", "bytes:1099511627776|c"});
  CHECK(statsd.stats().sent == 1004);
  CHECK(flushed(statsd).empty());
  statsd.increment("hits");
  CHECK(flushed(statsd) == Lines{"hits:1|c"});
  check_settled(statsd.stats());
}

TEST_CASE("aggregated: counts that are no integers below 2^53 are summed, too") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  for (int i = 0; i < 4; ++i) statsd.increment("half", 0.5F);
  statsd.increment("mixed", 3);
  statsd.increment("mixed", 0.25);
  statsd.increment("whole", 2.0);
  statsd.increment("huge", std::numeric_limits<std::uint64_t>::max());
  statsd.decrement("least", std::numeric_limits<std::int64_t>::min());
  CHECK(flushed(statsd) == Lines{"half:2|c", "mixed:3.25|c", "whole:2|c", "huge:18446744073709551616|c",
                                 "least:9223372036854775808|c"});
  check_settled(statsd.stats());
}

TEST_CASE("aggregated: a counter's rate is not needed: every call counts, and no rate is sent") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  for (int i = 0; i < 1000; ++i) statsd.increment("hits", 1, {.rate = 0.1});
  CHECK(flushed(statsd) == Lines{"hits:1000|c"});
}

TEST_CASE("aggregated: a gauge leaves with its last value, changes on top of it") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  statsd.gauge("g", 1);
  statsd.gauge("g", 42);
  statsd.gauge_delta("g", -2);
  statsd.gauge_delta("d", 3);
  statsd.gauge_delta("d", -5);
  statsd.gauge_delta("up", 3);
  statsd.gauge_delta("overruled", 3);
  statsd.gauge("overruled", 0.1F);
  statsd.gauge("below", -5);
  statsd.gauge_delta("nothing", 1);
  statsd.gauge_delta("nothing", -1);
  CHECK(flushed(statsd) ==
        Lines{"g:40|g", "d:-2|g", "up:+3|g", "overruled:0.1|g", "below:0|g", "below:-5|g"});
  CHECK(flushed(statsd).empty());
  statsd.gauge_delta("g", 1);
  CHECK(flushed(statsd) == Lines{"g:+1|g"});
  check_settled(statsd.stats());
}

TEST_CASE("aggregated: where gauges have no sign, changes are summed here and negative values stand alone") {
  MemoryStatsd statsd{testing::MemoryTransport{}, to_datadog};
  statsd.gauge_delta("in_flight", 1);
  statsd.gauge_delta("in_flight", 1);
  statsd.gauge("below", -5);
  CHECK(flushed(statsd) == Lines{"in_flight:2|g", "below:-5|g"});
  statsd.gauge_delta("in_flight", -1);
  CHECK(flushed(statsd) == Lines{"in_flight:1|g"});
}

TEST_CASE("aggregated: a set leaves without doubles, and begins anew") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  statsd.set("users", "alice");
  statsd.set("users", "b:o|b\n");
  statsd.set("users", "alice");
  statsd.set("users", 17);
  CHECK(flushed(statsd) == Lines{"users:alice|s", "users:b_o_b_|s", "users:17|s"});
  statsd.set("users", "alice");
  CHECK(flushed(statsd) == Lines{"users:alice|s"});
  check_settled(statsd.stats());
}

TEST_CASE("aggregated: timings and histograms are all sent, packed where the server takes it") {
  MemoryStatsd plain{testing::MemoryTransport{}, manual};
  plain.timing("t", 500ms);
  plain.timing("t", 250us);
  plain.histogram("h", 3.5);
  plain.histogram("h", -1);  // would be a negative timing
  CHECK(flushed(plain) == Lines{"t:500|ms", "t:0.25|ms", "h:3.5|ms"});
  CHECK(plain.stats().dropped_invalid == 1);

  MemoryStatsd packed{testing::MemoryTransport{}, to_datadog};
  packed.timing("t", 500ms);
  packed.timing("t", 250us);
  packed.histogram("h", -1);
  packed.histogram("h", 2);
  packed.distribution("d", 3.5);
  CHECK(flushed(packed) == Lines{"t:500:0.25|ms", "h:-1:2|h", "d:3.5|d"});
  check_settled(packed.stats());
}

TEST_CASE("aggregated: packed lines are no longer than a datagram, and lose no value") {
  for (const std::size_t limit : {40U, 60U, 1432U}) {
    MemoryStatsd statsd{testing::MemoryTransport{},
                        {.profile = profiles::dogstatsd, .max_packet_bytes = limit, .flush = Flush::manual}};
    for (int i = 1; i <= 1000; ++i) statsd.histogram("h", i);
    statsd.flush();
    int sum = 0;
    for (const std::string& datagram : statsd.transport().datagrams()) CHECK(datagram.size() <= limit);
    for (std::string line : statsd.transport().lines()) {
      REQUIRE(line.ends_with("|h"));
      line.resize(line.size() - 2);
      for (std::size_t colon = line.rfind(':'); colon != std::string::npos; colon = line.rfind(':')) {
        sum += std::stoi(line.substr(colon + 1));
        line.resize(colon);
      }
      CHECK(line == "h");
    }
    CHECK(sum == 500'500);
    check_settled(statsd.stats());
  }
}

TEST_CASE("aggregated: of more timings than are kept, the rates give the exact number") {
  for (const int calls : {10, 11, 25, 29, 1000}) {
    CAPTURE(calls);
    MemoryStatsd statsd{
        testing::MemoryTransport{},
        {.profile = profiles::dogstatsd, .flush = Flush::manual, .max_samples_per_series = 10}};
    for (int i = 0; i < calls; ++i) statsd.timing("t", 1ms, {.tags = {{"k", "v"}}});
    double counted = 0;
    for (const std::string& line : flushed(statsd)) {
      CHECK(line.ends_with("|#k:v"));
      double rate = 1;
      if (const std::size_t at = line.find("|@"); at != std::string::npos)
        rate = std::stod(line.substr(at + 2));
      const auto values =
          std::count(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(line.find('|')), ':');
      counted += static_cast<double>(values) * static_cast<double>(static_cast<int>(1 / rate));
    }
    CHECK(counted == calls);
    check_settled(statsd.stats());
  }
}

TEST_CASE("aggregated: a timing's rate leaves samples out before they cost anything, and is sent") {
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.flush = Flush::manual, .max_samples_per_series = 100'000}};
  constexpr int calls = 100'000;
  for (int i = 0; i < calls; ++i) statsd.timing("t", 1ms, {.rate = 0.1});
  const Lines lines = flushed(statsd);
  // Ten standard deviations (95) off the mean: a right source fails once in 10^22 runs.
  CHECK(lines.size() > calls / 10 - 950);
  CHECK(lines.size() < calls / 10 + 950);
  for (const std::string& line : lines) REQUIRE(line == "t:1|ms|@0.1");
  CHECK(statsd.stats().sampled_out == calls - lines.size());
  check_settled(statsd.stats());
}

TEST_CASE(
    "aggregated: the order of tags makes no other series, a call's tag replaces the scope's and the "
    "client's") {
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.prefix = "shop", .tags = {{"zone", "eu"}, {"env", "prod"}}, .flush = Flush::manual}};
  statsd.increment("hits", 1, {.tags = {{"route", "/a"}, {"code", "200"}}});
  statsd.increment("hits", 1, {.tags = {{"code", "200"}, {"route", "/a"}}});
  statsd.increment("hits", 1, {.tags = {{"zone", "us"}}});
  auto api = statsd.scope("api", {.tags = {{"zone", "asia"}}});
  api.increment("hits");
  api.increment("hits", 1, {.tags = {{"zone", "us"}}});
  api.scope("v1", {.tags = {{"beta", ""}}}).increment("hits");
  CHECK(flushed(statsd) == Lines{"shop.hits:2|c|#code:200,env:prod,route:/a,zone:eu",
                                 "shop.hits:1|c|#env:prod,zone:us", "shop.api.hits:1|c|#env:prod,zone:asia",
                                 "shop.api.hits:1|c|#env:prod,zone:us",
                                 "shop.api.v1.hits:1|c|#beta:true,env:prod,zone:asia"});
}

TEST_CASE("aggregated: every profile writes tags its own way, and no byte of a tag can leave its place") {
  const auto line_for = [](const Profile& profile) {
    MemoryStatsd statsd{testing::MemoryTransport{}, {.profile = profile, .flush = Flush::manual}};
    statsd.increment("n", 1, {.tags = {{"a:b|c\n", "d:e,f=g;h[i]#j"}, {"label", ""}}});
    return flushed(statsd).at(0);
  };
  const std::string hash = "n:1|c|#a_b_c_:d_e_f_g_h_i__j,label";
  CHECK(line_for(profiles::etsy) == hash + ":true");
  CHECK(line_for(profiles::dogstatsd) == "n:1|c|#a_b_c_:d:e_f=g;h[i]_j,label");
  CHECK(line_for(profiles::vector) == hash);
  CHECK(line_for(profiles::otel) == hash + ":true");
  CHECK(line_for(profiles::statsd_exporter) == hash + ":true");
  CHECK(line_for(profiles::cloudwatch) == hash + ":true");
  CHECK(line_for(profiles::telegraf) == "n,a_b_c_=d_e_f_g_h_i__j,label=true:1|c");
  CHECK(line_for(profiles::graphite) == "n;a_b_c_=d_e_f_g_h_i__j;label=true:1|c");
  CHECK(line_for(profiles::signalfx) == "n[a_b_c_=d_e_f_g_h_i__j,label=true]:1|c");
  CHECK(line_for(profiles::librato) == "n#a_b_c_=d_e_f_g_h_i__j,label=true:1|c");
}

TEST_CASE("aggregated: what a profile cannot express is refused and counted") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.profile = profiles::otel, .flush = Flush::manual}};
  statsd.set("users", "alice");
  statsd.set("users").insert("alice");
  statsd.event({.title = "deploy"});
  statsd.service_check({.name = "db"});
  MemoryStatsd etsy{testing::MemoryTransport{}, manual};
  etsy.increment("old", 1, {.timestamp = 1'700'000'000});
  CHECK(flushed(statsd).empty());
  CHECK(flushed(etsy).empty());
  CHECK(statsd.stats().dropped_unsupported == 4);
  CHECK(etsy.stats().dropped_unsupported == 1);
  check_settled(statsd.stats());
  check_settled(etsy.stats());
}

TEST_CASE("profiles: only counters and gauges have timestamps; others with one are refused and counted") {
  MemoryStatsd statsd{testing::MemoryTransport{}, to_datadog};
  const MetricOptions past{.timestamp = 1'700'000'000};
  statsd.timing("t", 1ms, past);
  statsd.histogram("h", 1, past);
  statsd.distribution("d", 1, past);
  statsd.set("s", "m", past);
  statsd.gauge("g", 1, past);
  CHECK(flushed(statsd) == Lines{"g:1|g|T1700000000"});
  CHECK(statsd.stats().dropped_unsupported == 4);
}

TEST_CASE("aggregated: samples with a timestamp, events and service checks leave as they are") {
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.tags = {{"env", "prod"}}, .profile = profiles::dogstatsd, .flush = Flush::manual}};
  statsd.increment("old", 2, {.tags = {{"a", "b"}}, .timestamp = 1'700'000'000});
  statsd.increment("old", 3, {.tags = {{"a", "b"}}, .timestamp = 1'700'000'000});
  statsd.event({.title = "de|ploy",
                .text = "v\n2",
                .timestamp = 7,
                .hostname = "h",
                .aggregation_key = "k",
                .priority = EventPriority::low,
                .source_type = "s",
                .alert_type = AlertType::error,
                .tags = {{"a", "b"}}});
  statsd.service_check({.name = "db", .status = CheckStatus::critical, .message = "m:x\ny"});
  CHECK(flushed(statsd) == Lines{"old:2|c|#env:prod,a:b|T1700000000", "old:3|c|#env:prod,a:b|T1700000000",
                                 "_e{7,4}:de_ploy|v\\n2|d:7|h:h|k:k|p:low|s:s|t:error|#env:prod,a:b",
                                 "_sc|db|2|#env:prod|m:m\\:x\\ny"});
  check_settled(statsd.stats());
}

TEST_CASE("handles: a handle and a name are the same series") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  const Counter hits = statsd.counter("hits", {.tags = {{"route", "/a"}}});
  const Counter fixed = statsd.counter<"hits.total">();
  const Gauge depth = statsd.gauge("depth");
  const Timing latency = statsd.timing("latency");
  const Set users = statsd.set("users");
  CHECK(flushed(statsd).empty());
  hits.increment();
  hits.increment(5);
  hits.decrement(2);
  hits.increment(0.5);
  statsd.increment("hits", 1, {.tags = {{"route", "/a"}}});
  fixed.increment();
  depth.set(42);
  depth.add(-1);
  latency.record(12ms);
  users.insert("alice");
  users.insert(7);
  CHECK(flushed(statsd) == Lines{"hits:5.5|c|#route:/a", "hits.total:1|c", "depth:41|g", "latency:12|ms",
                                 "users:alice|s", "users:7|s"});
  check_settled(statsd.stats());
}

TEST_CASE("handles: what is no number or no name is dropped and counted") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  statsd.counter("c").increment(nan);
  statsd.gauge("g").set(nan);
  statsd.gauge("g").add(nan);
  statsd.timing("t").record(-1ms);
  statsd.set("s").insert("");
  statsd.set("s").insert(nan);
  statsd.counter("").increment();
  statsd.counter("c", {.rate = 7}).increment();
  CHECK(flushed(statsd).empty());
  CHECK(statsd.stats().dropped_invalid == 8);
  check_settled(statsd.stats());
}

TEST_CASE("handles: without aggregation each call is a line") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::immediate}};
  const Counter hits = statsd.counter("hits", {.tags = {{"route", "/a"}}});
  hits.increment();
  hits.decrement(2.5);
  const Gauge depth = statsd.gauge("depth");
  depth.set(-4);
  depth.add(3);
  statsd.timing("latency").record(12ms);
  statsd.set("users").insert("a|b");
  CHECK(statsd.transport().datagrams() == Lines{"hits:1|c|#route:/a", "hits:-2.5|c|#route:/a",
                                                "depth:0|g\ndepth:-4|g", "depth:+3|g", "latency:12|ms",
                                                "users:a_b|s"});
  check_settled(statsd.stats());
}

TEST_CASE("handles: without aggregation and without signed gauges a change goes on from what was set") {
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.profile = profiles::dogstatsd, .delivery = Delivery::immediate}};
  const Gauge depth = statsd.gauge("depth", {.rate = 0.1});  // gauges are never left out
  depth.set(42);
  depth.add(-1);
  depth.add(-43);
  CHECK(statsd.transport().datagrams() == Lines{"depth:42|g", "depth:41|g", "depth:-2|g"});
}

TEST_CASE("profiles: a negative histogram goes where it is legal, and is dropped and counted elsewhere") {
  MemoryStatsd telegraf{testing::MemoryTransport{}, {.profile = profiles::telegraf, .flush = Flush::manual}};
  telegraf.histogram("h", -1);
  CHECK(flushed(telegraf).empty());
  CHECK(telegraf.stats().dropped_invalid == 1);
  MemoryStatsd otel{testing::MemoryTransport{}, {.profile = profiles::otel, .flush = Flush::manual}};
  otel.histogram("h", -1);
  CHECK(flushed(otel) == Lines{"h:-1|h"});
}

TEST_CASE("tags: more than sixteen are refused by the constructor, and dropped and counted in a call") {
  StatsdOptions options{.flush = Flush::manual};
  for (int i = 0; i < 16; ++i) options.tags.emplace_back("key" + std::to_string(i), "value");
  MemoryStatsd statsd{testing::MemoryTransport{}, options};
  statsd.increment("n");
  statsd.increment("n", 1, {.tags = {{"one", "more"}}});
  CHECK(flushed(statsd).size() == 1);
  CHECK(statsd.stats().dropped_invalid == 1);
  options.tags.emplace_back("key16", "value");
  CHECK_THROWS_WITH_AS((MemoryStatsd{testing::MemoryTransport{}, options}),
                       doctest::Contains("the number of tags is 17; it must be 0 to 16"), ClientError);
}

TEST_CASE("handles: one that outlives its client, or was made of nothing, is harmless") {
  Counter hits;
  Timing latency;
  hits.increment();
  latency.record(1ms);
  for (const Delivery delivery : {Delivery::aggregated, Delivery::immediate}) {
    {
      MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = delivery, .flush = Flush::manual}};
      hits = statsd.counter("hits");
      latency = statsd.timing("latency");
      hits.increment();
    }
    hits.increment();
    latency.record(1ms);
    std::thread{[&] { hits.increment(); }}.join();
  }
  MemoryStatsd next{testing::MemoryTransport{}, manual};
  hits.increment();  // not of the new client, wherever that may lie in memory
  next.increment("other");
  CHECK(flushed(next) == Lines{"other:1|c"});
}

TEST_CASE("clients: each has cells of its own, in whatever order a thread calls them") {
  MemoryStatsd one{testing::MemoryTransport{}, manual};
  MemoryStatsd two{testing::MemoryTransport{}, manual};
  const Counter first = one.counter("n");
  const Counter second = two.counter("n");
  for (int i = 0; i < 10; ++i) {
    first.increment();
    second.increment(2);
    one.increment("m");
    two.increment("m", 2);
  }
  CHECK(flushed(one) == Lines{"n:10|c", "m:10|c"});
  CHECK(flushed(two) == Lines{"n:20|c", "m:20|c"});
}

TEST_CASE("budget: over max_series samples are dropped and counted, and what is known goes on") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.flush = Flush::manual, .max_series = 2}};
  statsd.increment("a");
  statsd.increment("b");
  for (int i = 0; i < 100; ++i) statsd.increment("name" + std::to_string(i));
  const Counter late = statsd.counter("late");
  late.increment();
  statsd.increment("a");
  CHECK(flushed(statsd) == Lines{"a:2|c", "b:1|c"});
  CHECK(statsd.stats().dropped_series_limit == 101);
  check_settled(statsd.stats());
}

TEST_CASE("budget: a set takes no more members than its bound") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.flush = Flush::manual, .max_samples_per_series = 3}};
  for (int i = 0; i < 10; ++i) statsd.set("s", i);
  statsd.set("s", 0);
  CHECK(flushed(statsd) == Lines{"s:0|s", "s:1|s", "s:2|s"});
  CHECK(statsd.stats().dropped_series_limit == 7);
  CHECK(statsd.stats().sent == 4);
  check_settled(statsd.stats());
}

TEST_CASE("disabled: by option, calls do nothing and count nothing") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.flush = Flush::manual, .enabled = false}};
  statsd.increment("a");
  statsd.gauge("g", 1);
  const Counter hits = statsd.counter("hits");
  hits.increment();
  { const ScopedTimer timer{statsd, "t"}; }
  CHECK(flushed(statsd).empty());
  CHECK(statsd.stats().accepted == 0);
}

TEST_CASE("aggregated: random bytes in every field make exactly the samples sent, and nothing else") {
  test::RandomBytes random{11};
  for (int round = 0; round < 300; ++round) {
    MemoryStatsd statsd{testing::MemoryTransport{}, {.prefix = random.string(8), .flush = Flush::manual}};
    const std::string name = random.string(12) + "n";
    const std::string key = random.string(6) + "k";
    const std::string value = random.string(6);
    const MetricOptions options{.tags = {{key, value}}};
    statsd.increment(name, 3, options);
    statsd.gauge(name, 7, options);
    statsd.timing(name, 5ms, options);
    statsd.set(name, random.string(9) + "m", options);
    statsd.flush();
    std::map<protocol::MetricType, double> seen;
    for (const std::string& datagram : statsd.transport().datagrams()) {
      protocol::for_each_line(datagram, [&](std::string_view line) {
        const std::size_t bad = protocol::parse_statsd_line(
            line, [&](const protocol::StatsdSample& sample) { seen[sample.type] += sample.value; });
        CHECK(bad == 0);
      });
    }
    using Seen = std::map<protocol::MetricType, double>;
    CHECK(seen == Seen{{protocol::MetricType::counter, 3},
                       {protocol::MetricType::gauge, 7},
                       {protocol::MetricType::timing, 5},
                       {protocol::MetricType::set, 0}});
    CHECK(statsd.transport().lines().size() == 4);
  }
}

TEST_CASE("aggregated: a send that fails is counted, sample by sample") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  statsd.transport().fail_with(std::make_error_code(std::errc::network_unreachable));
  for (int i = 0; i < 5; ++i) statsd.increment("a");
  statsd.flush();
  CHECK(statsd.stats().dropped_send == 5);
  statsd.transport().fail_with({});
  statsd.increment("a");
  CHECK(flushed(statsd) == Lines{"a:1|c"});
  check_settled(statsd.stats());
}

TEST_CASE("timer: a handle, tags that are known late, the result, and a move") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  const Timing latency = statsd.timing("latency");
  { const ScopedTimer timer{latency}; }
  CHECK(timed(latency, [] { return 42; }) == 42);
  const auto throwing = [&] {
    ScopedTimer timer{statsd, "request"};
    timer.tag("route", "/a").tag_result();
    throw 1;
  };
  CHECK_THROWS_AS(throwing(), int);
  {
    ScopedTimer timer{statsd, "moved"};
    timer.tag_result();
    const ScopedTimer heir{std::move(timer)};
  }
  ScopedTimer cancelled{latency};
  cancelled.cancel();
  const Lines lines = flushed(statsd);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("latency:"));
  CHECK(lines[2].ends_with("|ms|#result:error,route:/a"));
  CHECK(lines[3].ends_with("|ms|#result:ok"));
}
