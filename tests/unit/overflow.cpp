// What becomes of series that there is no room for.

#include <ostream>

#include <doctest/doctest.h>

#include <string>

#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"

using namespace statwire;
using namespace std::chrono_literals;
using Memory = StatsdClient<testing::MemoryTransport>;

TEST_CASE("overflow: what finds no room keeps its name and its sum, with one tag instead of its own") {
  Memory statsd{testing::MemoryTransport{},
                {.tags = {{"zone", "eu"}}, .flush = Flush::manual, .max_series = 3}};
  constexpr int users = 100;
  for (int i = 0; i < users; ++i) {
    statsd.increment("hits", 2, {.tags = {{"user", std::to_string(i)}}});
    statsd.timing("latency", 1ms, {.tags = {{"user", std::to_string(i)}}});
  }
  const Counter late = statsd.counter("hits", {.tags = {{"user", "late"}}});
  late.increment(5);
  statsd.flush();
  const testing::Captured captured{statsd.transport(), profiles::etsy};
  CHECK(captured.counter("hits", {{"user", "0"}, {"zone", "eu"}}) == 2);
  CHECK(captured.counter("hits", {{"user", "1"}, {"zone", "eu"}}) == 2);
  CHECK(captured.counter("hits", {{"overflow", "true"}, {"zone", "eu"}}) == 2 * (users - 2) + 5);
  CHECK(captured.timing("latency", {{"user", "0"}, {"zone", "eu"}}).count() == 1);
  CHECK(captured.timing("latency", {{"overflow", "true"}, {"zone", "eu"}}).count() == users - 1);
  const DeliveryStats stats = statsd.stats();
  CHECK(stats.overflowed == (users - 2) + 1 + (users - 1));
  CHECK(stats.dropped() == 0);
  CHECK(stats.sent == 2 * users + 1);
}

TEST_CASE(
    "overflow: a name without tags that finds no room is dropped and counted, as are the overflows' own") {
  Memory statsd{testing::MemoryTransport{}, {.flush = Flush::manual, .max_series = 1}};
  statsd.increment("first");
  for (int i = 0; i < 10; ++i) statsd.increment("name" + std::to_string(i));
  CHECK(statsd.stats().dropped_series_limit == 10);
  // Sixteen metrics may overflow at least.
  for (int i = 0; i < 17; ++i) statsd.increment("tagged" + std::to_string(i), 1, {.tags = {{"a", "b"}}});
  CHECK(statsd.stats().dropped_series_limit == 11);
  statsd.flush();
  CHECK(statsd.stats().overflowed == 16);
  CHECK(statsd.transport().lines().size() == 17);
  CHECK(statsd.transport().lines().at(1) == "tagged0:1|c|#overflow:true");
}

TEST_CASE("overflow: a buffered client needs no series for a line") {
  Memory statsd{testing::MemoryTransport{},
                {.delivery = Delivery::buffered, .flush = Flush::manual, .max_series = 1}};
  for (int i = 0; i < 10; ++i) statsd.increment("name" + std::to_string(i), 1, {.tags = {{"a", "b"}}});
  statsd.flush();
  CHECK(statsd.stats().sent == 10);
  CHECK(statsd.transport().lines().size() == 10);
}

TEST_CASE("overflow: a change of a gauge is no line where a sign means nothing") {
  Memory statsd{testing::MemoryTransport{},
                {.profile = profiles::dogstatsd,
                 .delivery = Delivery::buffered,
                 .flush = Flush::manual,
                 .max_series = 1}};
  statsd.increment("first");
  statsd.gauge_delta("depth", 3);
  statsd.flush();
  CHECK(statsd.transport().lines() == std::vector<std::string>{"first:1|c"});
  CHECK(statsd.stats().dropped_series_limit == 1);
}

TEST_CASE("overflow: members that a set refuses are counted once, however many flushes there are") {
  Memory statsd{testing::MemoryTransport{}, {.flush = Flush::manual, .max_samples_per_series = 4}};
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i) statsd.set("users", i);
    statsd.flush();
    const DeliveryStats stats = statsd.stats();
    CHECK(stats.sent == 4u * static_cast<unsigned>(round + 1));
    CHECK(stats.dropped_series_limit == 6u * static_cast<unsigned>(round + 1));
    CHECK(stats.pending == 0);
  }
}
