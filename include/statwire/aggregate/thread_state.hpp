#pragma once

// What one thread has of a client: its cells, the names it knows, its lines. The thread alone writes; the
// flusher reads.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>

#include "statwire/aggregate/cell.hpp"
#include "statwire/aggregate/name_cache.hpp"
#include "statwire/aggregate/sample_ring.hpp"
#include "statwire/client/datagram_ring.hpp"
#include "statwire/detail/relaxed.hpp"

namespace statwire::aggregate {

/// When the thread ends, the next new one goes on with it: what was recorded stays, and there are no more of
/// them than there were threads at one time.
class ThreadState {
 public:
  /// With a cell for each of so many series.
  explicit ThreadState(std::size_t max_series)
      : names{4 * max_series},
        // Zeros from the system: pages that no series of this thread needs are never touched.
        cells_{static_cast<Cell*>(std::calloc(max_series, sizeof(Cell)))},
        size_{max_series} {
    if (cells_ == nullptr) throw_bad_alloc();
  }

  ThreadState(const ThreadState&) = delete;
  ThreadState& operator=(const ThreadState&) = delete;

  ~ThreadState() {
    for (std::size_t i = 0; i < size_; ++i) delete cells_[i].ring;
    std::free(cells_);
    delete ring_.load(std::memory_order_relaxed);
  }

  Cell* cells() noexcept { return cells_; }

  /// The thread's lines; null before it has written any.
  client::DatagramRing* ring() noexcept { return ring_.load(std::memory_order_acquire); }

  /// The same for the thread itself; allocates the first time.
  client::DatagramRing& own_ring(std::size_t datagrams, std::size_t max_packet_bytes,
                                 std::size_t max_line_bytes) {
    client::DatagramRing* ring = ring_.load(std::memory_order_relaxed);
    if (ring == nullptr) [[unlikely]] {
      ring = new client::DatagramRing{datagrams, max_packet_bytes, max_line_bytes};
      ring_.store(ring, std::memory_order_release);
    }
    return *ring;
  }

  void count_line() noexcept { detail::single_writer_add(lines_, std::uint64_t{1}); }
  void count_sampled_out() noexcept { detail::single_writer_add(sampled_out_, std::uint64_t{1}); }
  std::uint64_t lines() const noexcept { return detail::relaxed_load(lines_); }
  std::uint64_t sampled_out() const noexcept { return detail::relaxed_load(sampled_out_); }

  /// For the child of a fork. Writes only where something is, so that untouched pages stay so.
  void forget_records(std::size_t series) noexcept {
    for (std::size_t i = 0; i < series; ++i) {
      Cell& cell = cells_[i];
      if (cell.count != 0) cell.total = cell.count = 0;
      if (cell.ring != nullptr) cell.ring->clear();
    }
    lines_ = sampled_out_ = 0;
    if (client::DatagramRing* const lines = ring()) lines->clear();
  }

  NameCache names;
  std::thread::id user{};  ///< None when no thread uses it; guarded by the registry's lock.

 private:
  [[noreturn]] static void throw_bad_alloc() {
#if defined(__cpp_exceptions)
    throw std::bad_alloc{};
#else
    std::abort();
#endif
  }

  Cell* cells_;
  std::size_t size_;
  std::uint64_t lines_ = 0;        ///< Samples written as lines.
  std::uint64_t sampled_out_ = 0;  ///< Samples left out by their rate.
  std::atomic<client::DatagramRing*> ring_{nullptr};
};

}  // namespace statwire::aggregate
