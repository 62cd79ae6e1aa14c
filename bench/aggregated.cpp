// What a call of an aggregated client costs, beside one shared atomic; what a timer costs, beside two
// readings of the clock; what a flush costs. Calls are timed in batches of a thousand, because one is as
// short as the loop.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "statwire/timer.hpp"

namespace {

using namespace statwire;
using namespace std::chrono_literals;

struct CountingTransport {
  std::size_t datagrams = 0;
  std::size_t bytes = 0;
  std::error_code send(std::string_view datagram) noexcept {
    ++datagrams;
    bytes += datagram.size();
    return {};
  }
};

constexpr int batch = 1000;

/// Calls `call(i)` a thousand times; the compiler may not put calls together.
template <class Call>
void thousand(Call&& call) {
  for (int i = 0; i < batch; ++i) {
    call(i);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
}

/// Runs `call` on another thread as long as it lives.
template <class Call>
class Rival {
 public:
  explicit Rival(Call call)
      : thread_{[this, call] {
          while (!stop_.load(std::memory_order_relaxed)) thousand(call);
        }} {}
  ~Rival() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("a thousand calls of an aggregated client") {
  StatsdClient statsd{CountingTransport{}, {.flush = Flush::manual, .max_samples_per_series = 1'000'000}};
  const Counter hits = statsd.counter("hits");
  std::array<Counter, 8> eight;
  for (std::size_t i = 0; i < eight.size(); ++i) eight[i] = statsd.counter("hits" + std::to_string(i));
  const Timing latency = statsd.timing("latency");
  std::atomic<std::uint64_t> shared{0};
  {
    StatsdClient check{testing::MemoryTransport{}, {.flush = Flush::manual}};
    const Counter counter = check.counter("hits");
    thousand([&](int) { counter.increment(); });
    check.flush();
    REQUIRE(check.transport().lines().at(0) == "hits:1000|c");
  }

  BENCHMARK("a shared atomic, uncontended (floor)") {
    thousand([&](int) { shared.fetch_add(1, std::memory_order_relaxed); });
  };
  BENCHMARK("handle, one repeated") {
    thousand([&](int) { hits.increment(); });
  };
  BENCHMARK("handle, eight in turn") {
    thousand([&](int i) { eight[static_cast<std::size_t>(i) % 8].increment(); });
  };
  BENCHMARK("name, no tags") {
    thousand([&](int) { statsd.increment("requests.total"); });
  };
  BENCHMARK("name, three tags") {
    thousand([&](int) {
      statsd.increment("requests.total", 1, {.tags = {{"route", "/a"}, {"code", "200"}, {"zone", "eu"}}});
    });
  };
  BENCHMARK("gauge through a handle") {
    const Gauge depth = statsd.gauge("depth");
    thousand([&](int i) { depth.set(i); });
  };
  BENCHMARK_ADVANCED("timing through a handle")(Catch::Benchmark::Chronometer meter) {
    statsd.flush();
    meter.measure([&] { thousand([&](int) { latency.record(12ms); }); });
  };
  {
    const Rival rival{[&](int) { shared.fetch_add(1, std::memory_order_relaxed); }};
    BENCHMARK("a shared atomic, with a second thread") {
      thousand([&](int) { shared.fetch_add(1, std::memory_order_relaxed); });
    };
  }
  {
    const Rival rival{[&](int) { hits.increment(); }};
    BENCHMARK("handle, one repeated, with a second thread") {
      thousand([&](int) { hits.increment(); });
    };
  }
}

TEST_CASE("a thousand timers") {
  StatsdClient statsd{CountingTransport{}, {.flush = Flush::manual, .max_samples_per_series = 1'000'000}};
  const Timing latency = statsd.timing("latency");
  const Timing rare = statsd.timing("rare", {.rate = 1e-6});
  BENCHMARK("two readings of the clock (floor)") {
    thousand([](int) {
      const auto start = std::chrono::steady_clock::now();
      std::atomic_signal_fence(std::memory_order_seq_cst);
      return std::chrono::steady_clock::now() - start;
    });
  };
  BENCHMARK_ADVANCED("ScopedTimer over a handle")(Catch::Benchmark::Chronometer meter) {
    statsd.flush();
    meter.measure([&] { thousand([&](int) { const ScopedTimer timer{latency}; }); });
  };
  BENCHMARK_ADVANCED("ScopedTimer over a name")(Catch::Benchmark::Chronometer meter) {
    statsd.flush();
    meter.measure([&] { thousand([&](int) { const ScopedTimer timer{statsd, "named"}; }); });
  };
  BENCHMARK("ScopedTimer that is sampled out") {
    thousand([&](int) { const ScopedTimer timer{rare}; });
  };
}

TEST_CASE("a flush of 10,000 changed counters") {
  StatsdClient statsd{CountingTransport{}, {.flush = Flush::manual}};
  std::vector<Counter> counters;
  for (int i = 0; i < 10'000; ++i) counters.push_back(statsd.counter("requests.total." + std::to_string(i)));
  const auto change = [&] {
    for (const Counter& counter : counters) counter.increment();
  };
  change();
  statsd.flush();
  const CountingTransport& sent = statsd.transport();
  WARN("datagrams are " << 100.0 * static_cast<double>(sent.bytes) /
                               static_cast<double>(1432 * sent.datagrams)
                        << " % full");
  BENCHMARK("the changes alone (floor)") {
    change();
  };
  BENCHMARK("changes and flush") {
    change();
    statsd.flush();
  };
}
