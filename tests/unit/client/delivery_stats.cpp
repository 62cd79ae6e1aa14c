#include "statwire/client/delivery_stats.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using statwire::DeliveryStats;
using statwire::client::DeliveryCounters;

TEST_CASE("delivery_stats: everything begins at zero") {
  for (const DeliveryStats& stats : {DeliveryStats{}, DeliveryCounters{}.snapshot(0)}) {
    CHECK(stats.accepted == 0);
    CHECK(stats.sent == 0);
    CHECK(stats.sampled_out == 0);
    CHECK(stats.pending == 0);
    CHECK(stats.dropped() == 0);
    CHECK(stats.datagrams == 0);
    CHECK(stats.bytes == 0);
  }
}

TEST_CASE("delivery_stats: a snapshot shows each counter in its own place") {
  DeliveryCounters counters;
  DeliveryCounters::add(counters.accepted, 1);
  DeliveryCounters::add(counters.sent, 2);
  DeliveryCounters::add(counters.sampled_out, 4);
  DeliveryCounters::add(counters.dropped_invalid, 8);
  DeliveryCounters::add(counters.dropped_oversize, 16);
  DeliveryCounters::add(counters.dropped_queue_full, 32);
  DeliveryCounters::add(counters.dropped_send, 64);
  DeliveryCounters::add(counters.datagrams, 128);
  DeliveryCounters::add(counters.bytes, 256);
  DeliveryCounters::add(counters.dropped_unsupported, 512);
  DeliveryCounters::add(counters.dropped_series_limit, 1024);
  const DeliveryStats stats = counters.snapshot(2048);
  CHECK(stats.accepted == 1 + 2048);
  CHECK(stats.sent == 2);
  CHECK(stats.sampled_out == 4);
  CHECK(stats.dropped_invalid == 8);
  CHECK(stats.dropped_oversize == 16);
  CHECK(stats.dropped_queue_full == 32);
  CHECK(stats.dropped_send == 64);
  CHECK(stats.datagrams == 128);
  CHECK(stats.bytes == 256);
  CHECK(stats.dropped_unsupported == 512);
  CHECK(stats.dropped_series_limit == 1024);
  CHECK(stats.dropped() == 120 + 512 + 1024);
  CHECK(stats.pending == 1 + 2048 - 2 - 4 - (120 + 512 + 1024));
}

TEST_CASE("delivery_stats: counters add up, one at a time unless told otherwise") {
  DeliveryCounters counters;
  DeliveryCounters::add(counters.accepted);
  DeliveryCounters::add(counters.accepted);
  DeliveryCounters::add(counters.accepted, 0);
  CHECK(counters.snapshot(0).accepted == 2);
  DeliveryCounters::add(counters.bytes, std::uint64_t{1} << 40);
  DeliveryCounters::add(counters.bytes, std::uint64_t{1} << 40);
  CHECK(counters.snapshot(0).bytes == std::uint64_t{1} << 41);
}

TEST_CASE("delivery_stats: an earlier snapshot does not change") {
  DeliveryCounters counters;
  const DeliveryStats before = counters.snapshot(3);
  DeliveryCounters::add(counters.sent, 5);
  CHECK(before.sent == 0);
  CHECK(before.pending == 3);
  CHECK(counters.snapshot(0).sent == 5);
}
