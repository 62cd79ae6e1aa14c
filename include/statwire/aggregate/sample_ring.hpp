#pragma once

// The samples of one timing or histogram that one thread records between two flushes. The thread appends
// without a lock while the flusher takes what is there. When more come than there is room for, the ring
// becomes a reservoir: each sample of the interval is kept with the same probability, and how many were seen
// stays exact. It is light, without <memory> and <vector>, because handles push without a call.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace statwire::aggregate {

/// Threads: push(), leave_out() and push_over_bound() for the thread that owns the ring, take() and clear()
/// for any; push_over_bound(), take() and clear() under one lock.
class SampleRing {
 public:
  explicit SampleRing(std::size_t capacity) : capacity_{capacity}, slots_{new std::uint64_t[capacity]} {}
  SampleRing(const SampleRing&) = delete;
  SampleRing& operator=(const SampleRing&) = delete;
  ~SampleRing() { delete[] slots_; }

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

  /// When push() said no: counts a sample that by `random` takes nobody's place, as most of many do. False
  /// when it takes one: push_over_bound() then, with the same number.
  bool leave_out(std::uint64_t random) noexcept {
    if (known_tail_ != interval_tail_) {  // taken since: another interval
      interval_tail_ = known_tail_;
      before_interval_ = over_bound_.load(std::memory_order_relaxed);
    }
    if (place_of(random) < capacity_) return false;
    count_over_bound();
    return true;
  }

  /// The sample takes the place of another, or one that has become free.
  void push_over_bound(std::uint64_t bits, std::uint64_t random) noexcept {
    if (push(bits)) return;
    slots_[static_cast<std::size_t>(place_of(random))] = bits;
    count_over_bound();
  }

  /// Appends the samples kept to `samples`, a vector, and returns how many samples they stand for.
  template <class Samples>
  std::uint64_t take(Samples& samples) {
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    const std::uint64_t over_bound = over_bound_.load(std::memory_order_relaxed);
    const std::uint64_t seen = head - tail + over_bound - std::exchange(taken_over_bound_, over_bound);
    // One that was left out while the others were taken has only these to stand for it.
    if (head == tail && seen != 0) samples.push_back(last_taken_);
    for (; tail != head; ++tail) samples.push_back(slots_[static_cast<std::size_t>(tail % capacity_)]);
    if (seen != 0) last_taken_ = samples.back();
    tail_.store(head, std::memory_order_release);
    return seen;
  }

  /// Forgets what is there; as take().
  void clear() noexcept {
    taken_over_bound_ = over_bound_.load(std::memory_order_relaxed);
    tail_.store(head_.load(std::memory_order_acquire), std::memory_order_release);
  }

 private:
  /// Which of all samples of the interval, the next one included, `random` chooses.
  std::uint64_t place_of(std::uint64_t random) const noexcept {
    return random % (capacity_ + over_bound_.load(std::memory_order_relaxed) - before_interval_ + 1);
  }

  void count_over_bound() noexcept {
    over_bound_.store(over_bound_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  const std::size_t capacity_;
  std::uint64_t* const slots_;
  std::atomic<std::uint64_t> head_{0};
  std::size_t next_slot_ = 0;                 ///< head_ modulo capacity_, without a division.
  std::uint64_t known_tail_ = 0;              ///< What the owner last saw of tail_.
  std::atomic<std::uint64_t> over_bound_{0};  ///< All samples that found the ring full; the owner's ...
  std::uint64_t before_interval_ = 0;         ///< ... those of them before this interval ...
  std::uint64_t interval_tail_ = 0;           ///< ... which began when tail_ became this.
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  std::uint64_t taken_over_bound_ = 0;
  std::uint64_t last_taken_ = 0;
};

}  // namespace statwire::aggregate
