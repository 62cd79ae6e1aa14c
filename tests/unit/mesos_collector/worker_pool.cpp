#include "mesos_collector/worker_pool.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <latch>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace mesos_collector;

TEST_CASE("worker pool: each index is called once, and all calls have ended") {
  WorkerPool pool{4};
  for (const std::size_t count : std::vector<std::size_t>{0, 1, 3, 4, 1000}) {
    CAPTURE(count);
    std::vector<int> calls(count);
    pool.for_each(count, [&](std::size_t i) { ++calls[i]; });
    CHECK(std::all_of(calls.begin(), calls.end(), [](int n) { return n == 1; }));
  }
}

TEST_CASE("worker pool: as many calls run at once as there are threads, and no more") {
  constexpr std::size_t threads = 3;
  WorkerPool pool{threads};
  std::barrier together{threads};  // nobody passes unless all threads have a call
  std::atomic<std::size_t> running{0};
  std::atomic<std::size_t> most{0};
  pool.for_each(threads * 20, [&](std::size_t) {
    std::size_t now = ++running;
    together.arrive_and_wait();
    for (std::size_t seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    now = --running;
  });
  CHECK(most == threads);
}

TEST_CASE("worker pool: the threads stay the same from round to round") {
  constexpr std::size_t threads = 2;
  WorkerPool pool{threads};
  std::mutex mutex;
  std::set<std::thread::id> ids;
  for (int round = 0; round < 50; ++round) {
    pool.for_each(10, [&](std::size_t) {
      const std::lock_guard lock{mutex};
      ids.insert(std::this_thread::get_id());
    });
  }
  CHECK(ids.size() <= threads);
  CHECK_FALSE(ids.contains(std::this_thread::get_id()));
}

TEST_CASE("worker pool: what the first index threw comes to the caller, after all calls have ended") {
  WorkerPool pool{3};
  std::atomic<int> calls{0};
  const auto call = [&](std::size_t i) {
    ++calls;
    if (i == 7 || i == 90) throw std::runtime_error{std::to_string(i)};
  };
  CHECK_THROWS_WITH_AS(pool.for_each(100, call), "7", std::runtime_error);
  CHECK(calls == 100);
  pool.for_each(5, call);
  CHECK(calls == 105);
}

TEST_CASE("worker pool: several threads may use it at once") {
  WorkerPool pool{2};
  std::atomic<int> calls{0};
  const auto round = [&] {
    for (int i = 0; i < 50; ++i) pool.for_each(20, [&](std::size_t) { ++calls; });
  };
  std::thread other{round};
  round();
  other.join();
  CHECK(calls == 2000);
}

TEST_CASE("worker pool: it ends when nothing was ever done") {
  const WorkerPool pool{8};
  CHECK_THROWS_AS(WorkerPool{0}, std::invalid_argument);
}
