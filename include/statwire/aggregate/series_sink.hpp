#pragma once

// Where the calls of handles go that are more than an addition in a cell. Code that only records sees this
// much of a client and nothing else: it compiles in a fraction of the time.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "statwire/protocol/numeric.hpp"

namespace statwire::aggregate {

/// The registry of a client, as its handles see it (see recorder.hpp). A series is named by its number;
/// `overflow` stands for one that there was no room for. Numbers are finite, durations not negative.
///
/// Threads: any.
class SeriesSink {
 public:
  static constexpr std::uint32_t overflow = 0xffff'ffff;

  SeriesSink(const SeriesSink&) = delete;
  SeriesSink& operator=(const SeriesSink&) = delete;

  virtual void count(std::uint32_t series, protocol::Number value) noexcept = 0;
  virtual void set_gauge(std::uint32_t series, protocol::Number value) noexcept = 0;
  virtual void change_gauge(std::uint32_t series, protocol::Number delta) noexcept = 0;
  virtual void record(std::uint32_t series, std::chrono::nanoseconds duration) noexcept = 0;
  virtual void insert(std::uint32_t series, std::string_view member) noexcept = 0;
  virtual void insert(std::uint32_t series, protocol::Number member) noexcept = 0;

  /// Decides about a sample in advance; one that is left out is counted.
  virtual bool is_sampled(std::uint32_t series) noexcept = 0;

  /// Counts a sample that goes no further.
  virtual void drop_invalid() noexcept = 0;

  /// Wakes the flusher if it sleeps. To be called after each record.
  void wake_flusher() noexcept {
    if (flusher_sleeps.load(std::memory_order_relaxed)) [[unlikely]] {
      wake_sleeping_flusher();
    }
  }

  /// Whether a record has to wake the flusher.
  std::atomic<bool> flusher_sleeps{false};

  /// For SinkPointer; the last owner destroys the object.
  void add_owner() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  void drop_owner() noexcept {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }
  /// Whether nobody else owns it; one who does may end at any time, and none can come but from an owner.
  bool has_one_owner() const noexcept { return owners_.load(std::memory_order_acquire) == 1; }

 protected:
  SeriesSink() = default;
  ~SeriesSink() = default;

 private:
  virtual void destroy() noexcept = 0;
  virtual void wake_sleeping_flusher() noexcept = 0;

  /// Not in the cache line of flusher_sleeps, which every call reads: handles are copied at any time.
  alignas(64) std::atomic<std::uint32_t> owners_{0};
};

}  // namespace statwire::aggregate
