// An aggregated client and many threads: nothing is lost when they emit, register, flush and end at once.

#include <ostream>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/protocol/statsd_parse.hpp"
#include "statwire/statsd.hpp"
#include "support/loopback.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

/// What came, summed by name as a server would.
class Sums {
 public:
  void add(std::string_view datagram) {
    const std::lock_guard lock{mutex_};
    protocol::for_each_line(datagram, [&](std::string_view line) {
      const std::size_t bad = protocol::parse_statsd_line(line, [&](const protocol::StatsdSample& sample) {
        double& sum = sums_[std::string{sample.name}];
        if (sample.type == protocol::MetricType::counter) sum += sample.value;
        if (sample.type == protocol::MetricType::timing) sum += 1 / sample.rate;
        if (sample.type == protocol::MetricType::gauge) sum = sample.value;
      });
      if (bad != 0) ++bad_lines_;
    });
    changed_.notify_all();
  }

  void wait_for(const std::string& name, double value) {
    std::unique_lock lock{mutex_};
    REQUIRE_MESSAGE(changed_.wait_for(lock, patience, [&] { return sums_[name] == value; }),
                    name << " is " << sums_[name]);
  }

  double of(const std::string& name) {
    const std::lock_guard lock{mutex_};
    return sums_[name];
  }

  int bad_lines() {
    const std::lock_guard lock{mutex_};
    return bad_lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, double> sums_;
  int bad_lines_ = 0;
};

struct SummingTransport {
  Sums* sums;
  std::error_code send(std::string_view datagram) noexcept {
    sums->add(datagram);
    return {};
  }
};

}  // namespace

TEST_CASE("aggregated: eight threads emit, register, flush and end at once, and every sum is exact") {
  Sums sums;
  constexpr int threads = 8;
  constexpr int generations = 5;
  constexpr int calls = 2000;
  {
    StatsdClient statsd{SummingTransport{&sums}, {.flush_interval = 1ms}};
    const Counter handle = statsd.counter("handle");
    const Timing latency = statsd.timing("latency");
    for (int generation = 0; generation < generations; ++generation) {
      std::vector<std::thread> running;
      for (int t = 0; t < threads; ++t) {
        running.emplace_back([&, t, generation] {
          const Counter own = statsd.counter("own" + std::to_string(t));
          for (int i = 0; i < calls; ++i) {
            handle.increment();
            own.increment(2);
            statsd.increment("named");
            statsd.increment("tagged", 1, {.tags = {{"thread", "any"}}});
            statsd.increment("fraction", 0.5);
            statsd.gauge("gauge", i);
            latency.record(1ms);
            statsd.set("set", i % 7);
            if (i % 100 == 0) statsd.increment("new" + std::to_string(generation) + "." + std::to_string(i));
            if (i % 500 == t) statsd.flush();
          }
        });
      }
      for (std::thread& thread : running) thread.join();
    }
    statsd.flush();
    const DeliveryStats stats = statsd.stats();
    CHECK(stats.pending == 0);
    CHECK(stats.dropped() == 0);
    CHECK(stats.accepted == stats.sent);
    CHECK(stats.accepted == std::uint64_t{threads} * generations * (calls * 8 + calls / 100));
  }
  constexpr double all = threads * generations * calls;
  CHECK(sums.bad_lines() == 0);
  CHECK(sums.of("handle") == all);
  CHECK(sums.of("named") == all);
  CHECK(sums.of("tagged") == all);
  CHECK(sums.of("fraction") == all / 2);
  CHECK(sums.of("latency") == doctest::Approx(all).epsilon(1e-9));
  CHECK(sums.of("gauge") == calls - 1);
  for (int t = 0; t < threads; ++t) CHECK(sums.of("own" + std::to_string(t)) == 2.0 * generations * calls);
  CHECK(sums.of("new4.1900") == threads);
}

TEST_CASE("aggregated: the thread that sends goes to sleep, and the next call wakes it") {
  Sums sums;
  StatsdClient statsd{SummingTransport{&sums}, {.flush_interval = 1ms}};
  for (int i = 1; i <= 200; ++i) {
    statsd.increment("n");
    sums.wait_for("n", i);  // it comes without a flush, whether the thread slept or was about to
    if (i % 50 == 0) std::this_thread::sleep_for(10ms);  // long enough to fall asleep; the test holds without
  }
}

TEST_CASE("aggregated: what was recorded before the client ends is sent") {
  Sums sums;
  {
    StatsdClient statsd{SummingTransport{&sums}, {.flush_interval = 1h}};
    std::thread{[&] { statsd.increment("from a thread that has ended", 3); }}.join();
    statsd.increment("n");
  }
  CHECK(sums.of("n") == 1);
  CHECK(sums.of("from_a_thread_that_has_ended") == 3);
}

TEST_CASE("aggregated: a call from the destructor of a thread-local object counts, too") {
  Sums sums;
  {
    StatsdClient statsd{SummingTransport{&sums}, {.flush_interval = 1h}};
    std::thread{[&] {
      struct Last {
        StatsdClient<SummingTransport>* statsd = nullptr;
        ~Last() { statsd->increment("last"); }
      };
      thread_local Last last;  // made before the thread's cells, so destroyed after them
      last.statsd = &statsd;
      statsd.increment("first");
    }}.join();
  }
  CHECK(sums.of("first") == 1);
  CHECK(sums.of("last") == 1);
}

namespace {

/// Is ready whenever it is asked, fails twice, and is not ready in between: as behind a balancer that accepts
/// and resets.
struct FlappingTransport {
  Sums* sums;
  int* failures;
  bool was_refused = false;
  bool ready() noexcept { return !std::exchange(was_refused, false); }
  std::error_code send(std::string_view datagram) noexcept {
    if (*failures > 0) {
      --*failures;
      was_refused = true;
      return std::make_error_code(std::errc::connection_reset);
    }
    sums->add(datagram);
    return {};
  }
};

}  // namespace

TEST_CASE("aggregated: what a flush could not send keeps the thread awake, although nothing new comes") {
  Sums sums;
  int failures = 4;
  StatsdClient statsd{FlappingTransport{&sums, &failures},
                      {.max_packet_bytes = 16, .flush_interval = 1ms}};  // a datagram for each line
  for (int i = 0; i < 10; ++i) statsd.increment("name" + std::to_string(i));
  sums.wait_for("name9", 1);
  CHECK(statsd.stats().dropped_send == 4);
}
