// Emission allocates nothing once the client is made, and where there is no memory an error says so: every
// allocation of the process is counted, and may fail, in a program of its own.

#include <ostream>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/resolve.hpp"
#include "statwire/graphite.hpp"
#include "statwire/server/prometheus_totals.hpp"
#include "statwire/server/statsd_aggregator.hpp"
#include "statwire/statsd.hpp"
#include "statwire/timer.hpp"

namespace {

std::atomic<std::size_t> allocations{0};
thread_local bool is_out_of_memory = false;

}  // namespace

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (is_out_of_memory) throw std::bad_alloc{};
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
// Not inlined: GCC would warn that malloc's memory is freed by delete, which is the point here.
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace {

using namespace statwire;
using namespace std::chrono_literals;

/// Takes everything and does nothing, as soon as the gate is open. (A client over NullTransport does not even
/// format.)
struct DiscardingTransport {
  std::error_code send(std::string_view) noexcept {
    const std::lock_guard open{gate};
    return {};
  }
  static inline std::mutex gate;
};

template <class Statsd>
struct Handles {
  explicit Handles(Statsd& statsd)
      : hits{statsd.counter("hits", {.tags = {{"route", "/a"}}})},
        depth{statsd.gauge("depth")},
        latency{statsd.timing("latency", {.rate = 0.5})},
        users{statsd.set("users")} {}

  Counter hits;
  Gauge depth;
  Timing latency;
  Set users;
};

template <class Statsd>
void emit_everything(Statsd& statsd, const Handles<Statsd>& handles, const std::string& long_name) {
  statsd.increment("hits");
  statsd.increment("hits", 1, {.tags = {{"route", "/a"}, {"code", "200"}}});
  statsd.increment(long_name, 3, {.rate = 0.5});
  statsd.decrement("hits", 2.5);
  statsd.gauge("depth", -1e300);
  statsd.gauge_delta("depth", 7);
  statsd.timing("latency", 12'345us);
  statsd.histogram("sizes", 0.1);
  statsd.set("users", long_name);
  statsd.set("users", 17);
  statsd.event({.title = "refused"});
  statsd.increment(std::string_view{});
  { const ScopedTimer timer{statsd, long_name}; }
  timed(statsd, "call", [] {});
  handles.hits.increment();
  handles.depth.set(3);
  handles.latency.record(1ms);
  handles.users.insert("alice");
  { const ScopedTimer timer{handles.latency}; }
}

}  // namespace

TEST_CASE("emission: no call allocates once its names are known, and no flush") {
  const std::string long_name(300, 'n');
  for (const Delivery delivery : {Delivery::immediate, Delivery::buffered, Delivery::aggregated}) {
    for (const Flush flush : {Flush::manual, Flush::background}) {
      StatsdClient statsd{DiscardingTransport{},
                          {.delivery = delivery, .flush_interval = 1ms, .flush = flush}};
      const Handles handles{statsd};
      const auto emit = [&] {
        for (int i = 0; i < 1000; ++i) emit_everything(statsd, handles, long_name);
      };
      for (int warm_up = 0; warm_up < 3; ++warm_up) {
        // Once nothing leaves while all of it is recorded, so that no flush later finds more.
        std::unique_lock closed{DiscardingTransport::gate, std::defer_lock};
        if (warm_up == 0 && delivery != Delivery::immediate && flush == Flush::background) closed.lock();
        emit();
        emit();  // again, for a flush may have begun before the gate was closed
        if (closed) closed.unlock();
        statsd.flush();
      }
      const std::size_t before = allocations;
      REQUIRE(before != 0);  // the counter counts
      emit();
      statsd.flush();
      CHECK(allocations == before);
      const DeliveryStats stats = statsd.stats();
      CHECK(stats.dropped() == stats.dropped_invalid + stats.dropped_unsupported);
      CHECK(stats.pending == 0);
    }
  }
}

TEST_CASE("emission: a set that was sent once takes as many members again") {
  StatsdClient statsd{DiscardingTransport{}, {.flush = Flush::manual}};
  const Set users = statsd.set("users");
  const auto insert_all = [&] {
    for (int i = 0; i < 500; ++i) users.insert(i);
  };
  insert_all();
  statsd.flush();
  const std::size_t before = allocations;
  insert_all();
  CHECK(allocations == before);
}

/// Takes everything, and closes when nothing more comes.
struct DiscardingStream {
  void connect(Deadline, std::error_code& ec) { ec.clear(); }
  std::size_t read_some(std::span<char>, Deadline, std::error_code& ec) {
    ec = errc::end_of_stream;
    return 0;
  }
  std::size_t write_some(std::string_view bytes, Deadline, std::error_code& ec) {
    ec.clear();
    return bytes.size();
  }
  void shutdown_write(std::error_code& ec) { ec.clear(); }
  void close() noexcept {}
};

TEST_CASE("graphite: no send allocates, and no flush") {
  const std::string long_path(300, 'p');
  for (const GraphiteFormat format : {GraphiteFormat::plaintext, GraphiteFormat::pickle}) {
    for (const Flush flush : {Flush::manual, Flush::background}) {
      GraphiteClient graphite{
          DiscardingStream{},
          {.format = format, .flush_interval = 0ms, .flush = flush, .max_batch_bytes = 16'384}};
      // At once no more points than one batch holds: while one is sent, however small, another is filled.
      const auto send_and_flush = [&] {
        for (int i = 0; i < 40; ++i) {
          graphite.send("a", -1e300, 1'700'000'000);
          graphite.send(long_path, i);
          graphite.send("", 1);
        }
        CHECK(graphite.flush(20s));
      };
      send_and_flush();
      const std::size_t before = allocations;
      for (int i = 0; i < 100; ++i) send_and_flush();
      CHECK(allocations == before);
      CHECK(graphite.stats().delivered == 8'080);
    }
  }
}

TEST_CASE("graphite: a point for which there is no memory is dropped, and the next one goes on") {
  GraphiteClient graphite{DiscardingStream{}, {.flush = Flush::manual, .max_batch_bytes = 16'384}};
  is_out_of_memory = true;
  for (int i = 0; i < 10'000; ++i) graphite.send("a", 1, 1);
  is_out_of_memory = false;
  const GraphiteStats stats = graphite.stats();
  CHECK(stats.pending > 5000);  // in the two batches that there were
  CHECK(stats.dropped == 10'000 - stats.pending);
  graphite.send("a", 1, 2);
  CHECK(graphite.flush(20s));
  CHECK(graphite.stats().delivered == stats.pending + 1);
}

TEST_CASE("prometheus totals: a flush allocates nothing once its names are known") {
  server::Aggregator aggregator;
  server::PrometheusTotals totals{100};
  for (const std::string name : {"a", "b", "a.name.that.is.longer.than.any.short.string.holds"}) {
    aggregator.add(name + ":1|c\n" + name + ":2|g\n" + name + ":3|ms:1|ms:2|ms\n" + name + ":member|s", 1s);
  }
  totals.take(aggregator.series());
  // Names that are not at their old place are looked up.
  aggregator.erase_counters([](std::string_view name) { return name == "a"; });
  const std::size_t before = allocations;
  REQUIRE(before != 0);
  totals.take(aggregator.series());
  CHECK(allocations == before);
}

TEST_CASE("allocations: a lookup for which there is no memory ends in an error, and the next one goes on") {
  using Tcp = asio::ip::tcp;
  detail::BackgroundLookup<Tcp> lookup;
  const detail::LookupFunction<Tcp> one_endpoint = [](const std::string&, std::uint16_t, std::error_code&) {
    return detail::Endpoints<Tcp>{Tcp::endpoint{}};
  };
  const std::string host = "graphite.example";
  is_out_of_memory = true;
  lookup.start(one_endpoint, host, 2003);
  is_out_of_memory = false;
  CHECK(lookup.is_running());
  CHECK(lookup.wait(std::chrono::steady_clock::now() + 20s));
  const auto failed = lookup.poll();
  REQUIRE(failed);
  CHECK(failed->ec == std::errc::not_enough_memory);
  CHECK_FALSE(lookup.is_running());
  CHECK_FALSE(lookup.poll());
  lookup.start(one_endpoint, host, 2003);
  CHECK(lookup.wait(std::chrono::steady_clock::now() + 20s));
  const auto found = lookup.poll();
  REQUIRE(found);
  CHECK(!found->ec);
  CHECK(found->endpoints.size() == 1);
}
