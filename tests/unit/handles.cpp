// Counter, Gauge, Timing and Set: what their calls make leave.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <limits>
#include <thread>

#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

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

TEST_CASE("handles: the second call of a thread, which takes a shorter way, is as the first") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.flush = Flush::manual, .max_samples_per_series = 2}};
  const Gauge depth = statsd.gauge("depth");
  const Timing latency = statsd.timing("latency");
  depth.set(1);
  depth.set(-0.1f);
  for (int i = 0; i < 4; ++i) latency.record(1500us);
  CHECK(flushed(statsd) == Lines{"depth:0|g", "depth:-0.1|g", "latency:1.5|ms|@0.5", "latency:1.5|ms|@0.5"});
  depth.add(1);
  depth.set(2);
  latency.record(2ms);
  std::thread{[&] {
    depth.set(3);
    depth.set(4);
    latency.record(3ms);
    latency.record(3ms);
  }}.join();
  CHECK(flushed(statsd) == Lines{"depth:4|g", "latency:2|ms", "latency:3|ms", "latency:3|ms"});
  latency.record(4ms);  // nothing else in this interval, so this call alone must be seen
  CHECK(flushed(statsd) == Lines{"latency:4|ms"});
  depth.set(5);
  CHECK(flushed(statsd) == Lines{"depth:5|g"});
  CHECK(statsd.stats().accepted == 15);
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

TEST_CASE("handles: without signed gauges a change goes on from what was set, at the next flush") {
  MemoryStatsd statsd{
      testing::MemoryTransport{},
      {.profile = profiles::dogstatsd, .delivery = Delivery::buffered, .flush = Flush::manual}};
  const Gauge depth = statsd.gauge("depth", {.rate = 0.1});  // gauges are never left out
  depth.set(42);
  depth.add(-1);
  depth.set(40);  // after the change, so not before it on the wire
  depth.add(-42);
  statsd.flush();
  CHECK(statsd.transport().lines() == Lines{"depth:42|g", "depth:-2|g"});
  depth.set(7);
  statsd.flush();
  CHECK(statsd.transport().lines().back() == "depth:7|g");
}

TEST_CASE("handles: a client that sends at once refuses changes where a sign means nothing") {
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.profile = profiles::dogstatsd, .delivery = Delivery::immediate}};
  const Gauge depth = statsd.gauge("depth");
  depth.add(1);
  statsd.gauge_delta("depth", 1);
  CHECK(statsd.transport().datagrams().empty());
  CHECK(statsd.stats().dropped_unsupported == 2);
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
