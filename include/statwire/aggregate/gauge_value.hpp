#pragma once

// What all threads share of a gauge. It is light, because handles set it without a call.

#include <atomic>
#include <concepts>
#include <limits>

#include "statwire/protocol/numeric.hpp"

namespace statwire::aggregate {

/// The value of a gauge, which any thread sets and changes. The last one to write wins; a change applies to
/// what is set in the same interval, else it leaves as a change.
///
/// Threads: any.
class GaugeValue {
 public:
  template <protocol::Numeric Value>
  void set(Value value) noexcept {
    if constexpr (std::same_as<Value, float>) single_precision_.store(true, std::memory_order_relaxed);
    change_.store(0, std::memory_order_relaxed);
    absolute_.store(static_cast<double>(value), std::memory_order_relaxed);
  }

  void add(double delta) noexcept {
    double now = absolute_.load(std::memory_order_relaxed);
    while (is_number(now)) {
      if (absolute_.compare_exchange_weak(now, now + delta, std::memory_order_relaxed)) return;
    }
    add_to(change_, delta);
  }

  /// Remembers what the value was before: for servers without signed gauges.
  void add_from_zero(double delta) noexcept {
    double now = absolute_.load(std::memory_order_relaxed);
    while (!absolute_.compare_exchange_weak(now, is_number(now) ? now + delta : delta,
                                            std::memory_order_relaxed)) {
    }
  }

  /// The absolute value, NaN when there is none; it stays.
  double peek() const noexcept { return absolute_.load(std::memory_order_relaxed); }

  /// Whether it was ever set with a float, and prints as short as one.
  bool is_single_precision() const noexcept { return single_precision_.load(std::memory_order_relaxed); }

  struct Taken {
    double absolute;  ///< NaN when nothing was set.
    double change;
  };

  /// Takes what came since the last time.
  Taken take() noexcept {
    return {absolute_.exchange(none, std::memory_order_relaxed),
            change_.exchange(0, std::memory_order_relaxed)};
  }

  static void add_to(std::atomic<double>& sum, double amount) noexcept {
    double now = sum.load(std::memory_order_relaxed);
    while (!sum.compare_exchange_weak(now, now + amount, std::memory_order_relaxed)) {
    }
  }

 private:
  /// Without <cmath>, which takes longer to compile than all that handles include.
  static bool is_number(double value) noexcept { return value == value; }

  static constexpr double none = std::numeric_limits<double>::quiet_NaN();

  std::atomic<double> absolute_{none};
  std::atomic<double> change_{0};
  std::atomic<bool> single_precision_{false};
};

}  // namespace statwire::aggregate
