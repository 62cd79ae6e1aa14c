// A client that aggregates, which is the default: what leaves at a flush for the calls before it.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <system_error>

#include "statwire/protocol/statsd_parse.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"
#include "support/random_bytes.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

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

TEST_CASE("aggregated: random bytes in every field make exactly the samples sent, and nothing else") {
  RandomBytes random{11};
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
