#pragma once

// The samples of one timing or histogram that one thread records between two flushes. The thread appends
// without a lock while the flusher takes what is there. When more come than there is room for, the ring
// becomes a reservoir: each sample of the interval is kept with the same probability, and how many were seen
// stays exact.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace statwire::aggregate {

/// Threads: push() for the thread that owns the ring; push_over_bound() and take() for any, under one lock.
class SampleRing {
 public:
  explicit SampleRing(std::size_t capacity)
      : capacity_{capacity}, slots_{std::make_unique_for_overwrite<std::uint64_t[]>(capacity)} {}

  /// Appends; returns false when the ring is full.
  bool push(std::uint64_t bits) noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (head - known_tail_ == capacity_) {
      known_tail_ = tail_.load(std::memory_order_acquire);
      if (head - known_tail_ == capacity_) return false;
    }
    slots_[next_slot_] = bits;
    if (++next_slot_ == capacity_) next_slot_ = 0;
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  /// What the owner does, under the lock, when push() said no: there may be room again, else the sample takes
  /// the place of another or of none, by `random`.
  void push_over_bound(std::uint64_t bits, std::uint64_t random) noexcept {
    if (push(bits)) return;
    ++over_bound_;
    const std::uint64_t place = random % (capacity_ + over_bound_);
    if (place < capacity_) slots_[place] = bits;
  }

  /// Appends the samples kept to `samples` and returns how many samples they stand for.
  std::uint64_t take(std::vector<std::uint64_t>& samples) {
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    const std::uint64_t seen = head - tail + over_bound_;
    for (; tail != head; ++tail) samples.push_back(slots_[tail % capacity_]);
    over_bound_ = 0;
    tail_.store(head, std::memory_order_release);
    return seen;
  }

  /// Forgets what is there; as take().
  void clear() noexcept {
    over_bound_ = 0;
    tail_.store(head_.load(std::memory_order_acquire), std::memory_order_release);
  }

 private:
  std::size_t capacity_;
  std::unique_ptr<std::uint64_t[]> slots_;
  std::atomic<std::uint64_t> head_{0};
  std::size_t next_slot_ = 0;     ///< head_ modulo capacity_, without a division.
  std::uint64_t known_tail_ = 0;  ///< What the owner last saw of tail_.
  std::uint64_t over_bound_ = 0;  ///< Samples of this interval that found the ring full.
  alignas(64) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace statwire::aggregate
