#pragma once

// All series of a client, and each thread's cells. A call finds its cell through a thread-local pointer and
// adds to it without a lock; the lock here is for what happens once: a new name, a new thread. Handles share
// the registry, so a handle that outlives its client is harmless.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "statwire/aggregate/context.hpp"
#include "statwire/aggregate/owner.hpp"
#include "statwire/aggregate/sample_ring.hpp"
#include "statwire/aggregate/samples.hpp"
#include "statwire/aggregate/series.hpp"
#include "statwire/aggregate/series_sink.hpp"
#include "statwire/aggregate/series_table.hpp"
#include "statwire/aggregate/sink_pointer.hpp"
#include "statwire/aggregate/thread_state.hpp"
#include "statwire/client/delivery.hpp"
#include "statwire/client/delivery_stats.hpp"
#include "statwire/detail/memory.hpp"
#include "statwire/detail/random.hpp"
#include "statwire/protocol/profile.hpp"

namespace statwire::aggregate {

struct RegistryOptions {
  Profile profile = profiles::etsy;
  std::size_t max_series = 10'000;
  std::chrono::seconds max_idle{300};  ///< See SeriesTable.
  std::size_t max_samples_per_series = 1024;
  std::size_t max_line_bytes = 8192;
  std::size_t max_packet_bytes = 1432;
  std::size_t datagrams_per_thread = 180;  ///< Bound of the lines of one thread, at least 2.
  Delivery delivery = Delivery::aggregated;
  std::uint64_t (*random)() noexcept = &detail::random_bits;
};

/// What the threads have counted for themselves.
struct Recorded {
  std::uint64_t calls = 0;  ///< In cells, in lines, or left out.
  std::uint64_t sampled_out = 0;
};

/// Threads: any, if not said otherwise.
class Registry : public SeriesSink {
 public:
  explicit Registry(const RegistryOptions& options);

  const RegistryOptions& options() const noexcept { return options_; }
  client::DeliveryCounters& counters() noexcept { return counters_; }
  OwnerLink& owner() noexcept { return owner_; }

  static_assert(overflow == SeriesTable::none);

  /// The number of the series that is written like `wanted`; a new one when there is none, `overflow` when
  /// there is no room.
  std::uint32_t find_or_add(const SeriesText& wanted, SeriesUse use);

  std::uint32_t size() const noexcept { return table_.size(); }
  Series& series(std::uint32_t index) const noexcept { return table_[index]; }
  std::uint32_t generation() const noexcept { return table_.generation(); }

  /// The id of the context that is written like this: a scope that is made for each request is the same each
  /// time, and its names are known. 0 when there are as many contexts as series.
  std::uint32_t context_id(std::string_view text);

  /// Gives up idle series when there is little room left; for the flusher, before it collects. Lines are not
  /// seen in cells, so a client that buffers does not know which are idle, and needs no room for them.
  void evict(SeriesTable::TimePoint now);

  /// Calls `use(ThreadState&)` with the calling thread's state: the quick way is local_state. When there is
  /// no memory for what is new, the call is dropped as over the limit.
  template <class Use>
  void with_state(Use&& use) noexcept {
    with_memory([&] { find_state(use); });
  }

  /// A sample of a series, on the calling thread: a line where the client buffers and there is room for it,
  /// else something in the thread's cell.
  template <class Sample>
  void submit(std::uint32_t index, const Sample& sample) noexcept {
    with_state([&](ThreadState& state) { submit(state, index, sample); });
    wake_flusher();
  }
  template <class Sample>
  void submit(ThreadState& state, std::uint32_t index, const Sample& sample) {
    Series& series = table_[index];
    if (options_.delivery != Delivery::buffered) return sample.record(*this, series, state.cells()[index]);
    if (has_line(sample, options_.profile) && !series.is_summed.load(std::memory_order_acquire) &&
        append(state, [&](std::span<char> out) { return sample.write(out, series, options_.profile); })) {
      return;
    }
    sample.record(*this, series, state.cells()[index]);
    // From now until the flush all samples of the series go to cells, so that an earlier gauge does not
    // arrive after a later one. Set after the recording: the flusher takes it back before it takes the cell.
    series.is_summed.store(true, std::memory_order_release);
  }

  /// Adds a line to those of the calling thread; false when there is no room. Allocates the first time.
  template <class Write>
  bool append(ThreadState& state, Write&& write) {
    client::DatagramRing& ring =
        state.own_ring(options_.datagrams_per_thread, options_.max_packet_bytes, options_.max_line_bytes);
    const client::DatagramRing::Appended appended = ring.append(write);
    if (appended == client::DatagramRing::Appended::joined) [[likely]] {
      state.count_line();
      return true;
    }
    if (appended == client::DatagramRing::Appended::no_room) return false;
    if (appended == client::DatagramRing::Appended::too_long) {
      counters_.settle(counters_.dropped_oversize);
      return true;
    }
    state.count_line();
    owner_.offer_full_datagrams();
    return true;
  }

  void record_sample(Cell& cell, std::uint64_t bits) noexcept {
    if (cell.ring == nullptr) [[unlikely]] {
      with_memory([&] {
        // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new): with_memory() handles it
        __atomic_store_n(&cell.ring, new SampleRing{options_.max_samples_per_series}, __ATOMIC_RELEASE);
      });
      if (cell.ring == nullptr) return;
    }
    SampleRing* const ring = cell.ring;
    if (!ring->push(bits)) [[unlikely]] {
      if (owner_.is_closed()) return;  // nobody would ever make room
      const std::uint64_t random = options_.random();
      if (!ring->leave_out(random)) {
        const std::lock_guard lock{mutex_};
        ring->push_over_bound(bits, random);
      }
    }
    cell.add_call();
  }

  void insert_member(Series& series, Cell& cell, std::string_view member) noexcept {
    if (member.size() > options_.max_line_bytes) return counters_.settle(counters_.dropped_oversize);
    if (owner_.is_closed()) return;
    with_memory([&] {
      const std::lock_guard lock{mutex_};
      if (series.members.insert(member, options_.max_samples_per_series) == MemberSet::Insertion::full) {
        return counters_.settle(counters_.dropped_series_limit);
      }
      cell.add_call();
    });
  }

  /// The members of a set since the last time.
  MemberSet& take_members(Series& series);

  std::uint64_t take_samples(SampleRing& ring, std::vector<std::uint64_t>& samples);

  /// The states of all threads; they live as long as the registry.
  void copy_states(std::vector<ThreadState*>& states);

  /// The lines of all threads; they live as long as the registry.
  void copy_rings(std::vector<client::DatagramRing*>& rings);

  /// What all threads have counted since the process began, or was forked.
  Recorded recorded();

  /// Around a fork(): no thread is within the lock while the process is copied.
  void before_fork() noexcept { mutex_.lock(); }
  void after_fork_in_parent() noexcept { mutex_.unlock(); }

  /// The child has one thread. The states of the others may be half written, so they are left where they are
  /// for good; what was recorded is the parent's. Allocates nothing: a thread that is gone may have been
  /// within the allocator.
  void after_fork_in_child() noexcept;

 protected:
  ~Registry();

 private:
  void wake_sleeping_flusher() noexcept final { owner_.wake_sleeping_flusher(); }

  /// Makes all cells and lines as new. No other thread records.
  void forget_records() noexcept;

  /// The registries that a thread has joined.
  class Membership;

  /// The calling thread's state from now on; null when the thread is ending, and has no memberships any more.
  ThreadState* join();

  /// Where there is no memory, the call is dropped.
  template <class Action>
  void with_memory(Action&& action) noexcept {
    if (!detail::with_memory(action)) counters_.settle(counters_.dropped_series_limit);
  }

  template <class Use>
  void find_state(Use& use) {
    if (local_state.sink == static_cast<const SeriesSink*>(this)) [[likely]]
      return use(*local_state.state);
    if (ThreadState* const state = join()) return use(*state);
    // This call borrows a state.
    struct Borrowed {
      Registry* registry;
      ThreadState& state;
      ~Borrowed() { registry->leave(state); }
    };
    const Borrowed borrowed{this, enter()};
    use(borrowed.state);
  }

  ThreadState& enter();

  void leave(ThreadState& state) noexcept;

  alignas(64) RegistryOptions options_;  ///< Read by each call, so not beside what is written.
  client::DeliveryCounters counters_;
  OwnerLink owner_;
  SeriesTable table_;
  std::mutex mutex_;  ///< Guards changes of the table, what follows, the members of sets and the rings that
                      ///< are full.
  std::unordered_map<std::string, std::uint32_t> contexts_;
  std::vector<std::unique_ptr<ThreadState>> states_;
};

}  // namespace statwire::aggregate

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/aggregate/impl/registry.ipp"
#endif
