#pragma once

// A series: name, tags and type, rendered once into what stands before and after the value on the wire, and
// what all threads share of its state. What each thread has for itself is a Cell (cell.hpp).

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "statwire/aggregate/member_set.hpp"
#include "statwire/detail/hash.hpp"
#include "statwire/protocol/tag.hpp"

namespace statwire::aggregate {

enum class SeriesType : std::uint8_t { counter, gauge, timing, histogram, distribution, set };

/// What names a series, as the caller gave it.
struct SeriesName {
  std::uint32_t context = 0;  ///< Which client or scope: its prefix and its tags.
  SeriesType type = SeriesType::counter;
  std::uint32_t one_in = 1;  ///< The rate; series of different rates are not mixed.
  std::string_view name{};
  std::span<const Tag> tags{};
};

/// The value of a gauge, which any thread sets and changes. The last one to write wins; a change applies to
/// what is set in the same interval, else it leaves as a change.
class GaugeValue {
 public:
  void set(double value) noexcept {
    change_.store(0, std::memory_order_relaxed);
    absolute_.store(value, std::memory_order_relaxed);
  }

  void add(double delta) noexcept {
    double now = absolute_.load(std::memory_order_relaxed);
    while (!std::isnan(now)) {
      if (absolute_.compare_exchange_weak(now, now + delta, std::memory_order_relaxed)) return;
    }
    add_to(change_, delta);
  }

  /// Remembers what the value was before: for servers without signed gauges.
  void add_from_zero(double delta) noexcept {
    double now = absolute_.load(std::memory_order_relaxed);
    while (!absolute_.compare_exchange_weak(now, std::isnan(now) ? delta : now + delta,
                                            std::memory_order_relaxed)) {
    }
  }

  /// The absolute value, NaN when there is none; it stays.
  double peek() const noexcept { return absolute_.load(std::memory_order_relaxed); }

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
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();

  std::atomic<double> absolute_{none};
  std::atomic<double> change_{0};
};

struct Series {
  SeriesType type = SeriesType::counter;
  std::uint32_t one_in = 1;
  std::string head{};       ///< `prefix.name:`
  std::string type_text{};  ///< `|c`; the rate stands between it and the tags.
  std::string tags_text{};  ///< `|#key:value`, or nothing.
  std::string tail{};       ///< All that follows a value: type, rate, tags.

  std::atomic<double> fraction{0};  ///< Counter: what is no integer below 2^53; taken at each flush.
  GaugeValue gauge{};
  std::atomic<bool> single_precision{false};  ///< Gauge: set with a float, and prints as short as one.
  MemberSet members{};                        ///< Set; guarded by the registry's lock.
  MemberSet taken_members{};                  ///< Those that the flusher is sending; its alone.
  /// Of a client that buffers: samples are in cells, so further ones go there, too.
  std::atomic<bool> is_summed{false};

  std::uint64_t seen_total = 0;  ///< What the flusher saw of all cells; its alone.
  std::uint64_t seen_count = 0;
  std::chrono::steady_clock::time_point
      last_use{};  ///< The flush that found it changed; the flusher's alone.

  std::string_view key{};  ///< In the table of series; empty once that has given it up.
  bool is_pinned = false;  ///< Never given up.
  bool is_overflow = false;
};

}  // namespace statwire::aggregate
