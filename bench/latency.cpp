// How long one call keeps its caller, as percentiles: the client's thread runs meanwhile and sends over
// loopback. Each call is timed by itself with the processor's time stamp counter; the counter's own cost is
// the floor and is part of every figure.

#include "catch.hpp"

#if defined(__linux__) && (defined(__x86_64__) || defined(__i386__))

#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "loopback.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"

namespace {

using namespace statwire;
using namespace std::chrono_literals;

constexpr std::string_view name = "requests.total";
constexpr std::size_t calls = 1'000'000;

/// The fences keep the call between the two readings.
std::uint64_t ticks_before() {
  _mm_lfence();
  const std::uint64_t ticks = __rdtsc();
  _mm_lfence();
  return ticks;
}

std::uint64_t ticks_after() {
  unsigned processor = 0;
  const std::uint64_t ticks = __rdtscp(&processor);
  _mm_lfence();
  return ticks;
}

double ticks_per_nanosecond() {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t first = ticks_before();
  while (std::chrono::steady_clock::now() - start < 50ms) {
  }
  const std::uint64_t last = ticks_after();
  const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - start;
  return static_cast<double>(last - first) / passed.count();
}

class Stopwatch {
 public:
  Stopwatch() { std::fill(ticks_.begin(), ticks_.end(), 1U); }  // touches the pages

  void print_title(const char* title) {
    std::printf("\n%-52s %8s %8s %8s %9s\n", title, "p50 ns", "p99", "p99.9", "p50 ratio");
    floor_ = 0;
  }

  /// Times the calls, each begun `pause` after the one before or as soon as that has ended. The first row of
  /// a table is its floor.
  template <class Call>
  void print_row(const char* row, std::chrono::nanoseconds pause, Call&& call) {
    const auto pause_ticks = static_cast<std::uint64_t>(static_cast<double>(pause.count()) * per_nanosecond_);
    std::uint64_t next = ticks_before();
    for (std::uint32_t& ticks : ticks_) {
      while (ticks_before() < next) {
      }
      const std::uint64_t begin = ticks_before();
      call();
      const std::uint64_t end = ticks_after();
      next = begin + pause_ticks;
      ticks = static_cast<std::uint32_t>(std::min<std::uint64_t>(end - begin, UINT32_MAX));
    }
    const double middle = percentile(0.5);
    if (floor_ == 0) floor_ = middle;
    std::printf("  %-50s %8.0f %8.0f %8.0f %9.2f\n", row, middle, percentile(0.99), percentile(0.999),
                middle / floor_);
    std::fflush(stdout);
  }

 private:
  double percentile(double share) {
    const auto at = ticks_.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(calls));
    std::nth_element(ticks_.begin(), at, ticks_.end());
    return static_cast<double>(*at) / per_nanosecond_;
  }

  double per_nanosecond_ = ticks_per_nanosecond();
  double floor_ = 0;
  std::vector<std::uint32_t> ticks_ = std::vector<std::uint32_t>(calls);
};

void require_bytes(Delivery delivery, std::string_view expected) {
  StatsdClient check{testing::MemoryTransport{},
                     {.prefix = "bench", .delivery = delivery, .flush = Flush::manual}};
  const Counter counter = check.counter(name);
  counter.increment();
  check.increment(name);
  check.flush();
  REQUIRE(check.transport().datagrams().at(0) == expected);
}

}  // namespace

TEST_CASE("latency of one call") {
  require_bytes(Delivery::buffered, "bench.requests.total:1|c\nbench.requests.total:1|c");
  require_bytes(Delivery::aggregated, "bench.requests.total:2|c");
  bench::Sink sink;
  const auto options = [](Delivery delivery) {
    return StatsdOptions{.prefix = "bench", .delivery = delivery, .flush_interval = 100ms};
  };
  StatsdClient aggregated{"127.0.0.1", sink.port(), options(Delivery::aggregated)};
  StatsdClient buffered{"127.0.0.1", sink.port(), options(Delivery::buffered)};
  const Counter summed = aggregated.counter(name);
  const Counter line = buffered.counter(name);

  Stopwatch stopwatch;
  const auto print_table = [&](const char* title, std::chrono::nanoseconds pause) {
    stopwatch.print_title(title);
    stopwatch.print_row("reading the counter twice (floor)", pause, [] {});
    stopwatch.print_row("handle, aggregated", pause, [&] { summed.increment(); });
    stopwatch.print_row("name, aggregated", pause, [&] { aggregated.increment(name); });
    stopwatch.print_row("handle, buffered", pause, [&] { line.increment(); });
    stopwatch.print_row("name, buffered", pause, [&] { buffered.increment(name); });
  };
  // At full speed a buffered client runs out of memory for lines and goes on with sums; the pace of the
  // second table leaves it time for a line each.
  print_table("latency of one call, at full speed", 0ns);
  print_table("latency of one call, one a microsecond", 1us);

  for (StatsdClient<>* statsd : {&aggregated, &buffered}) {
    statsd->flush();
    REQUIRE(statsd->stats().accepted == 4 * calls);
    REQUIRE(statsd->stats().sent == 4 * calls);
  }
}

#else

TEST_CASE("latency of one call") {
  WARN("measured with the counter of x86 processors, on Linux, only");
}

#endif
