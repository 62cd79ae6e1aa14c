#pragma once

// Deadlines instead of sleeps: what tests of threads, sockets and processes wait with.

#include <ostream>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "statwire/transport/concepts.hpp"

namespace statwire::test {

/// Generous, for loaded machines and sanitizers; nothing waits that long unless it fails.
inline constexpr std::chrono::seconds patience{60};

inline Deadline soon() {
  return std::chrono::steady_clock::now() + patience;
}

/// Calls a condition until it holds; the test fails when it never does.
template <class Condition>
void wait_until(const std::string& what, Condition&& condition) {
  const Deadline deadline = soon();
  while (!condition()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "it never came to that: " << what);
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

/// Counts events of other threads, and lets a test wait for the n-th.
class EventCount {
 public:
  void add() {
    const std::lock_guard lock{mutex_};
    ++count_;
    changed_.notify_all();
  }

  void wait_for(std::size_t count) {
    std::unique_lock lock{mutex_};
    REQUIRE_MESSAGE(changed_.wait_for(lock, patience, [&] { return count_ >= count; }),
                    "only " << count_ << " events");
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
};

/// Calls something over and over, on a thread of its own, until the object ends.
class Repeating {
 public:
  explicit Repeating(std::function<void()> action)
      : thread_{[this, action = std::move(action)] {
          while (!is_ended_) action();
        }} {}
  ~Repeating() {
    is_ended_ = true;
    thread_.join();
  }
  Repeating(const Repeating&) = delete;
  Repeating& operator=(const Repeating&) = delete;

 private:
  std::atomic<bool> is_ended_{false};
  std::thread thread_;
};

}  // namespace statwire::test
