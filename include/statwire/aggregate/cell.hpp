#pragma once

// What one thread has of one series, and its way there: all that the quick path of a handle touches.

#include <cstdint>

#include "statwire/detail/relaxed.hpp"

namespace statwire::aggregate {

class SampleRing;
class ThreadState;

/// One thread's share of a series. That thread alone writes; the flusher reads, and subtracts what it saw the
/// last time, so nothing is ever reset and nothing can be lost in between. All zero when new.
struct Cell {
  std::uint64_t total;  ///< Counter: the sum, modulo 2^64.
  std::uint64_t count;  ///< Calls.
  std::uint64_t skip;   ///< Samples to leave out before the next is kept; the owner's alone.
  SampleRing* ring;     ///< Timing and histogram; published with release order.

  void add(std::int64_t value) noexcept {
    detail::single_writer_add(total, static_cast<std::uint64_t>(value));
    add_call();
  }

  /// Comes after what the call has done, so that whoever sees the call sees that, too.
  void add_call() noexcept { detail::release_add(count, std::uint64_t{1}); }
};

/// The calling thread's way to its state of the client that it used last.
struct LocalState {
  const void* sink;  ///< The SeriesSink that it is; compared, never followed.
  Cell* cells;
  ThreadState* state;
};
inline constinit thread_local LocalState local_state{nullptr, nullptr, nullptr};

}  // namespace statwire::aggregate
