#pragma once

// A clock that stands still until a test moves it, in place of std::chrono::steady_clock or system_clock
// where a template takes one (ScopedTimer, MetricsClient).
//
//   statwire::testing::ManualClock::advance(5ms);

#include <atomic>
#include <chrono>

namespace statwire::testing {

/// Meets the requirements of a clock; starts at its epoch, which stands for the Unix epoch. All threads of
/// the process see the same time, so a test begins by setting it.
class ManualClock {
 public:
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<ManualClock>;
  static constexpr bool is_steady = false;

  static time_point now() noexcept { return time_point{duration{ticks().load(std::memory_order_relaxed)}}; }

  static void set(duration since_epoch) noexcept {
    ticks().store(since_epoch.count(), std::memory_order_relaxed);
  }

  static void advance(duration by) noexcept { ticks().fetch_add(by.count(), std::memory_order_relaxed); }

 private:
  static std::atomic<rep>& ticks() noexcept {
    static std::atomic<rep> value{0};
    return value;
  }
};

}  // namespace statwire::testing
