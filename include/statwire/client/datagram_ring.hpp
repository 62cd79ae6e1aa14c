#pragma once

// Packs the lines of one thread into datagrams and keeps them until another thread has sent them, without a
// lock and in memory that is allocated once. The last datagram is open: lines are added to it until the next
// would not fit, and it may be sent as far as it has come. No I/O: the outbox brings it.

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "statwire/transport/concepts.hpp"

namespace statwire::client {

/// A bounded queue of datagrams.
///
/// Threads: one thread appends while another takes, with the functions from size() on.
class DatagramRing {
 public:
  /// Room for `capacity` datagrams (at least 2) of `max_packet_bytes` each, below 131,072; no lines that stay
  /// together are longer than `max_line_bytes`.
  DatagramRing(std::size_t capacity, std::size_t max_packet_bytes, std::size_t max_line_bytes)
      : capacity_{capacity},
        max_packet_bytes_{max_packet_bytes},
        max_line_bytes_{std::min(max_line_bytes, max_packet_bytes)},
        // Not initialised: pages that are never filled are never touched.
        bytes_{std::make_unique_for_overwrite<char[]>(capacity * max_packet_bytes)},
        slots_(capacity) {
    assert(capacity >= 2 && max_packet_bytes < End::limit);
  }

  enum class Appended {
    joined,   ///< The lines are in the open datagram.
    crowded,  ///< They are, and half of all datagrams are full: it is time to send them.
    no_room,  ///< All datagrams are full.
    too_long,
  };

  /// Adds lines that stay together and stand for `samples` samples. `write(std::span<char>)` writes them and
  /// returns their size, or 0 when they do not fit; it is then called again for the next datagram.
  template <std::invocable<std::span<char>> Write>
  Appended append(Write&& write, std::uint64_t samples = 1) noexcept {
    const std::uint64_t end = published_.load(std::memory_order_relaxed);
    const std::size_t room = std::min(static_cast<std::size_t>(limit_ - next_), max_line_bytes_ + 1);
    // What was sent as far as it had come is left alone: one more line would be a datagram of its own.
    if (room > 1 && taken_.load(std::memory_order_relaxed) != end) [[likely]] {
      const std::size_t written = write(std::span{next_ + 1, room - 1});
      if (written != 0) [[likely]] {
        *next_ = '\n';
        next_ += written + 1;
        if (samples != 1) slots_[open_].more_samples += samples - 1;
        published_.store(end + End::one_line + written + 1, std::memory_order_release);
        return Appended::joined;
      }
    }
    return append_to_next(write, samples);
  }

  /// Datagrams that hold anything, and how many of them are full.
  std::size_t size() noexcept {
    const End end = last_end();
    return full_until(end) + (end.bytes > (end.slot == tail_ ? taken_bytes_ : 0) ? 1 : 0);
  }
  std::size_t full() noexcept { return full_until(last_end()); }
  bool is_crowded() noexcept { return 2 * full() >= capacity_; }

  /// The oldest datagrams that lie one after the other in memory: at least one, at most `most`; there is one.
  /// They stay where they are until pop(). With `padded` what is left of their slots is filled up with line
  /// feeds, so that the kernel may cut many slots into datagrams.
  DatagramBatch front(std::size_t most, bool padded) noexcept {
    const End end = last_end();
    const std::size_t full = full_until(end);
    front_end_ = full == 0 ? end.bytes : slots_[tail_index_].bytes;
    front_lines_ = full == 0 ? end.lines : slots_[tail_index_].lines;
    front_is_open_ = full == 0;
    if (full == 0 || taken_bytes_ != 0) {
      const auto begin = static_cast<std::size_t>(taken_bytes_ == 0 ? 0 : taken_bytes_ + 1);
      front_sizes_[0] = static_cast<std::uint32_t>(front_end_ - begin);
      return {.bytes = data(tail_index_) + begin,
              .slot_bytes = max_packet_bytes_,
              .sizes = {front_sizes_.data(), 1}};
    }
    const std::size_t count = std::min({most, full, front_sizes_.size(), capacity_ - tail_index_});
    for (std::size_t i = 0; i < count; ++i) {
      front_sizes_[i] = slots_[tail_index_ + i].bytes;
      if (padded && i + 1 < count) {
        std::memset(data(tail_index_ + i) + front_sizes_[i], '\n', max_packet_bytes_ - front_sizes_[i]);
      }
    }
    return {.bytes = data(tail_index_),
            .slot_bytes = max_packet_bytes_,
            .sizes = {front_sizes_.data(), count},
            .padded = padded};
  }

  /// Takes the oldest datagram of those that front() gave, and returns how many samples it stands for.
  std::uint64_t pop() noexcept {
    const Slot& slot = slots_[tail_index_];
    const std::uint64_t lines = front_is_open_ ? front_lines_ : slot.lines;
    const std::uint64_t samples = lines + slot.more_samples - taken_samples_;
    if (front_is_open_) {
      taken_bytes_ = front_end_;
      taken_samples_ += samples;
      taken_.store(End{tail_, front_end_, front_lines_}.packed(), std::memory_order_relaxed);
    } else {
      next_tail();
    }
    return samples;
  }

  /// Takes everything without looking at it.
  void clear() noexcept {
    while (size() != 0) {
      front(1, false);
      pop();
    }
  }

 private:
  /// How far lines have come: which slot is open, what it holds. Slots are numbered on and on.
  struct End {
    static constexpr unsigned bits = 17;  ///< Of bytes and of lines; the rest is the slot's.
    static constexpr std::uint64_t limit = 1U << bits;
    static constexpr std::uint64_t slot_limit = std::uint64_t{1} << (64 - 2 * bits);
    static constexpr std::uint64_t one_line = limit;  ///< Of a packed one.

    std::uint64_t slot = 0;
    std::uint64_t bytes = 0;
    std::uint64_t lines = 0;

    std::uint64_t packed() const noexcept { return slot << 2 * bits | lines << bits | bytes; }
    static End unpacked(std::uint64_t word) noexcept {
      return {word >> 2 * bits, word & (limit - 1), (word >> bits) & (limit - 1)};
    }
  };

  struct Slot {
    std::uint32_t bytes = 0;  ///< Of the lines, when it is full.
    std::uint32_t lines = 0;
    std::uint64_t more_samples = 0;  ///< Beyond one for each append().
  };

  /// Kept out of append(), which is short and inlined.
  template <class Write>
  [[gnu::noinline]] Appended append_to_next(Write& write, std::uint64_t samples) noexcept {
    const std::uint64_t word = published_.load(std::memory_order_relaxed);
    const End end = End::unpacked(word);
    const bool is_first = next_ == nullptr;
    const std::uint64_t full = distance(tail_published_.load(std::memory_order_acquire), end.slot) + 1;
    if (!is_first && full == capacity_) return Appended::no_room;
    const std::size_t next = is_first || open_ + 1 == capacity_ ? 0 : open_ + 1;
    const std::size_t written = write(std::span{data(next), max_line_bytes_});
    if (written == 0) return Appended::too_long;
    slots_[open_].bytes = static_cast<std::uint32_t>(end.bytes);
    slots_[open_].lines = static_cast<std::uint32_t>(end.lines);
    slots_[next].more_samples = samples - 1;
    open_ = next;
    next_ = data(next) + written;
    limit_ = data(next) + max_packet_bytes_;
    const std::uint64_t slot = is_first ? 0 : (end.slot + 1) % End::slot_limit;
    published_.store(End{slot, written, 1}.packed(), std::memory_order_release);
    return is_first || 2 * full < capacity_ ? Appended::joined : Appended::crowded;
  }

  static std::uint64_t distance(std::uint64_t from, std::uint64_t to) noexcept {
    return (to - from) % End::slot_limit;
  }

  /// The end as it is now, after leaving a slot behind that was taken whole before it was left.
  End last_end() noexcept {
    const End end = End::unpacked(published_.load(std::memory_order_acquire));
    if (end.slot != tail_ && taken_bytes_ != 0 && taken_bytes_ == slots_[tail_index_].bytes) next_tail();
    return end;
  }

  std::size_t full_until(const End& end) const noexcept {
    return static_cast<std::size_t>(distance(tail_, end.slot));
  }

  void next_tail() noexcept {
    taken_bytes_ = 0;
    taken_samples_ = 0;
    tail_ = (tail_ + 1) % End::slot_limit;
    tail_index_ = tail_index_ + 1 == capacity_ ? 0 : tail_index_ + 1;
    tail_published_.store(tail_, std::memory_order_release);
  }

  char* data(std::size_t index) noexcept { return bytes_.get() + index * max_packet_bytes_; }

  std::size_t capacity_;
  std::size_t max_packet_bytes_;
  std::size_t max_line_bytes_;
  std::unique_ptr<char[]> bytes_;
  std::vector<Slot> slots_;

  // The appending thread's.
  char* next_ = nullptr;   ///< Where the line feed before the next line goes; null at the very beginning.
  char* limit_ = nullptr;  ///< The end of the open slot.
  std::size_t open_ = 0;   ///< The open slot's index.
  std::atomic<std::uint64_t> published_{0};

  // The taking thread's, on cache lines of its own.
  alignas(64) std::atomic<std::uint64_t> tail_published_{0};
  std::atomic<std::uint64_t> taken_{0};  ///< The end, packed, up to which the open slot was taken.
  std::uint64_t tail_ = 0;               ///< The oldest slot.
  std::size_t tail_index_ = 0;
  std::uint64_t taken_bytes_ = 0;    ///< Of the oldest slot.
  std::uint64_t taken_samples_ = 0;  ///< Of the oldest slot.
  bool front_is_open_ = false;
  std::uint64_t front_end_ = 0;
  std::uint64_t front_lines_ = 0;
  std::array<std::uint32_t, 64> front_sizes_{};
};

}  // namespace statwire::client
