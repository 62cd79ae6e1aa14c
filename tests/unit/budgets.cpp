// What is bounded: the size of a datagram, the samples and members of a series, series, tags; and a client
// that is switched off.

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "statwire/timer.hpp"
#include "support/memory_statsd.hpp"
#include "support/text.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

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

TEST_CASE("budget: the two lines of a negative gauge are in one datagram, however little fits into it") {
  constexpr int gauges = 50;
  for (const Delivery delivery : {Delivery::immediate, Delivery::buffered, Delivery::aggregated}) {
    for (std::size_t limit = 20; limit <= 60; ++limit) {
      CAPTURE(limit);
      MemoryStatsd statsd{testing::MemoryTransport{},
                          {.delivery = delivery, .max_packet_bytes = limit, .flush = Flush::manual}};
      for (int i = 10; i < 10 + gauges; ++i) {
        statsd.gauge("g" + std::to_string(i), -i);
        if (i % 3 == 0) statsd.gauge("h" + std::to_string(i), i);
      }
      statsd.flush();
      int pairs = 0;
      for (const std::string& datagram : statsd.transport().datagrams()) {
        CHECK(datagram.size() <= limit);
        const Lines lines = split(datagram, '\n');
        for (std::size_t i = 0; i < lines.size(); ++i) {
          const std::size_t sign = lines[i].find('-');
          if (sign == std::string::npos) continue;
          REQUIRE(i != 0);
          CHECK(lines[i - 1] == lines[i].substr(0, sign) + "0|g");
          ++pairs;
        }
      }
      CHECK(pairs == gauges);
      check_settled(statsd.stats());
    }
  }
}

TEST_CASE("budget: what is longer than a datagram is dropped and counted, each call once") {
  const std::string name(50, 'n');
  for (const Delivery delivery : {Delivery::immediate, Delivery::buffered, Delivery::aggregated}) {
    CAPTURE(static_cast<int>(delivery));
    MemoryStatsd statsd{testing::MemoryTransport{},
                        {.delivery = delivery, .max_packet_bytes = 40, .flush = Flush::manual}};
    for (int round = 1; round <= 3; ++round) {
      statsd.increment(name);
      statsd.timing(name, 1ms);
      statsd.set("members", name);
      statsd.increment("tagged", 1, {.tags = {{"key", name}}});
      statsd.gauge("only.a.pair.is.too.long", -5);
      CHECK(flushed(statsd).empty());
      CHECK(statsd.stats().dropped_oversize == static_cast<std::uint64_t>(round) * 5);
      CHECK(statsd.stats().accepted == static_cast<std::uint64_t>(round) * 5);
    }
    statsd.gauge("only.a.pair.is.too.long", 5);
    statsd.flush();
    CHECK(statsd.transport().lines() == Lines{"only.a.pair.is.too.long:5|g"});
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

namespace {

/// Has no connection until a test says so.
struct LateTransport {
  bool* is_connected;
  std::error_code send(std::string_view) noexcept { return {}; }
  bool ready() noexcept { return *is_connected; }
};

}  // namespace

TEST_CASE("budget: when a thread's memory is full, lines that cannot be summed are dropped and counted") {
  bool is_connected = false;
  StatsdClient<LateTransport> statsd{LateTransport{&is_connected},
                                     {.profile = profiles::dogstatsd,
                                      .delivery = Delivery::buffered,
                                      .max_packet_bytes = 1000,
                                      .flush = Flush::manual}};
  constexpr std::uint64_t calls = 20'000;  // some 400 KB, into 256 KiB
  for (std::uint64_t i = 0; i < calls; ++i) statsd.event({.title = "deploy", .text = "v1"});
  const DeliveryStats full = statsd.stats();
  CHECK(full.accepted == calls);
  CHECK(full.dropped_queue_full > 0);
  CHECK(full.dropped_queue_full == full.dropped());
  CHECK(full.pending + full.dropped_queue_full == calls);
  statsd.increment("summed", 7);  // a sum needs no room
  is_connected = true;
  statsd.flush();
  const DeliveryStats stats = statsd.stats();
  CHECK(stats.sent == full.pending + 1);
  CHECK(stats.dropped() == full.dropped_queue_full);
  check_settled(stats);
}
