// Emission allocates nothing once the client is made: every allocation of the process is counted, in a
// program of its own.

#include <ostream>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

#include "statwire/statsd.hpp"
#include "statwire/timer.hpp"
#include "statwire/transport/null.hpp"

namespace {

std::atomic<std::size_t> allocations{0};

}  // namespace

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace {

using namespace statwire;
using namespace std::chrono_literals;

template <class Statsd>
void emit_everything(Statsd& statsd, const std::string& long_name) {
  statsd.increment("hits");
  statsd.increment(long_name, 3, {.rate = 0.5});
  statsd.decrement("hits", 2.5);
  statsd.gauge("depth", -1e300);
  statsd.gauge_delta("depth", 7);
  statsd.timing("latency", 12'345us);
  statsd.set("users", long_name);
  statsd.set("users", 17);
  statsd.increment(std::string_view{});
  { const ScopedTimer timer{statsd, long_name}; }
  timed(statsd, "call", [] {});
}

}  // namespace

TEST_CASE("emission: no call allocates, and no flush") {
  const std::string long_name(300, 'n');
  for (const Delivery delivery : {Delivery::immediate, Delivery::buffered}) {
    for (const Flush flush : {Flush::manual, Flush::background}) {
      StatsdClient statsd{NullTransport{}, {.delivery = delivery, .flush_interval = 1ms, .flush = flush}};
      const std::size_t before = allocations;
      REQUIRE(before != 0);  // the counter counts
      for (int i = 0; i < 1000; ++i) emit_everything(statsd, long_name);
      statsd.flush();
      CHECK(allocations == before);
      CHECK(statsd.stats().dropped() == statsd.stats().dropped_invalid);
    }
  }
}
