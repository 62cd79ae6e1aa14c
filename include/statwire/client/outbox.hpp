#pragma once

// Takes what threads have recorded to the transport: at each flush all that there is, lines and the sums of
// the cells; and in between the full datagrams of a thread whose memory is half full. A background thread
// does it, and sleeps while there is nothing to send; without it, that thread sends them, and flush() the
// rest.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/aggregate/registry.hpp"
#include "statwire/client/collector.hpp"
#include "statwire/client/datagram_ring.hpp"
#include "statwire/client/delivery.hpp"
#include "statwire/client/delivery_stats.hpp"
#include "statwire/client/sender.hpp"
#include "statwire/client/telemetry.hpp"
#include "statwire/detail/fail.hpp"
#include "statwire/detail/fork.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::client {

struct OutboxOptions {
  std::size_t max_datagrams;  ///< Bound of what a flush has collected and not yet sent.
  std::chrono::milliseconds flush_interval;
  Flush flush;
  ErrorCallback on_error{};
  bool telemetry = false;
  bool enabled = true;  ///< Else nothing is looked up, and nothing will be sent.
};

/// Safe for any number of threads. Handles may outlive it: the registry knows when it has gone.
template <DatagramTransport Transport>
class Outbox final : public aggregate::Owner, private detail::ForkObserver {
 public:
  /// Throws ClientError when there is to be a thread and the system has none left.
  template <class... TransportArgs>
  Outbox(const OutboxOptions& options, aggregate::SinkPointer<aggregate::Registry> registry,
         TransportArgs&&... transport_args)
      : registry_{std::move(registry)},
        collector_{*registry_, registry_->options().max_line_bytes},
        ring_{options.max_datagrams, registry_->options().max_packet_bytes,
              registry_->options().max_line_bytes},
        sender_{registry_->counters(), options.on_error, registry_->options().profile.empty_lines,
                std::forward<TransportArgs>(transport_args)...},
        flush_interval_{options.flush_interval},
        is_enabled_{options.enabled},
        has_thread_{options.enabled && options.flush == Flush::background && !sends_at_once()} {
    if (options.telemetry) telemetry_.emplace(registry_->options().profile, transport_name());
    registry_->owner().open(*this);
    // A host name is looked up from now on. No call waits for it: one that sends at once needs it here.
    if (options.enabled) sends_at_once() ? sender_.wait_ready() : sender_.is_ready();
    detail::ForkObservers::instance().add(*this);
    if (has_thread_) {
      registry_->flusher_sleeps = true;
      if (const std::error_code ec = start_thread()) {
        detail::ForkObservers::instance().remove(*this);
        registry_->owner().close();
        detail::fail(ec, "statwire: cannot start the thread that sends");
      }
    } else {
      registry_->owner().wants_full_datagrams = true;
    }
  }

  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Sends what is left; within two seconds and what the system calls take, whatever the network does.
  ~Outbox() {
    detail::ForkObservers::instance().remove(*this);
    constexpr std::chrono::seconds patience{2};
    sender_.close_by(std::chrono::steady_clock::now() + patience);
    {
      const std::lock_guard lock{mutex_};
      is_stopping_ = true;
    }
    flusher_.wake.notify_one();
    if (flusher_.thread.joinable()) flusher_.thread.join();
    registry_->owner().close();
    flush_what_is_pending();
    sender_.errors()->report();
  }

  /// Something was recorded while the thread slept.
  void wake() noexcept override {
    {
      const std::lock_guard lock{mutex_};
      has_records_ = true;
      // After a fork the child's thread begins with its first record. If there is none to be had, the records
      // stay until a flush; the next fork or record that finds the thread missing tries again.
      if (has_thread_ && !is_stopping_ && !flusher_.thread.joinable() && start_thread()) {
        registry_->flusher_sleeps = true;
      }
    }
    flusher_.wake.notify_one();
  }

  void take_full_datagrams() noexcept override {
    if (!has_thread_) {
      // Another thread that is flushing takes them along.
      const std::unique_lock lock{flush_mutex_, std::try_to_lock};
      if (lock && sender_.is_ready()) send_full_datagrams(Waiting::forbidden);
      return;
    }
    if (!registry_->owner().wants_full_datagrams.exchange(false)) return;
    {
      const std::lock_guard lock{mutex_};
      has_full_datagrams_ = true;
    }
    flusher_.wake.notify_one();
  }

  std::shared_ptr<ErrorReporter> send(std::string_view lines) noexcept override {
    DeliveryCounters::add(counters().accepted);
    return sender_.send(lines) ? nullptr : sender_.errors();
  }

  /// Sends everything that was recorded before the call. Waits a while for a host name to be known; what has
  /// nowhere to go yet is kept.
  void flush() noexcept {
    flush_what_is_pending();
    sender_.errors()->report();
  }

  DeliveryStats stats() const noexcept {
    const aggregate::Recorded recorded = registry_->recorded();
    return registry_->counters().snapshot(recorded.calls, recorded.sampled_out);
  }

  DeliveryCounters& counters() noexcept { return registry_->counters(); }
  Transport& transport() noexcept { return sender_.transport(); }
  const Transport& transport() const noexcept { return sender_.transport(); }

 private:
  /// What a child of a fork cannot take over.
  struct Flusher {
    std::condition_variable wake;
    std::thread thread;
  };

  static constexpr std::chrono::seconds patience_with_congestion{1};

  /// Under the lock also while it waits for a name, so that a thread that fills a datagram does not.
  void flush_what_is_pending() noexcept {
    if (!is_enabled_) return;
    const std::lock_guard flushing{flush_mutex_};
    if (!sender_.is_ready() && (stats().pending == 0 || !sender_.wait_ready()) && !sender_.is_closing())
      return;
    send_all();
  }

  std::string_view transport_name() const noexcept {
    if constexpr (HasName<Transport>) return sender_.transport().name();
    return "custom";
  }

  bool sends_at_once() const noexcept { return registry_->options().delivery == Delivery::immediate; }

  std::error_code start_thread() noexcept {
#if defined(__cpp_exceptions)
    try {
      flusher_.thread = std::thread{[this] { run(); }};
    } catch (const std::system_error& error) {
      return error.code();
    } catch (const std::bad_alloc&) {
      return std::make_error_code(std::errc::not_enough_memory);
    }
#else
    flusher_.thread = std::thread{[this] { run(); }};
#endif
    return {};
  }

  void run() noexcept {
    std::unique_lock lock{mutex_};
    for (;;) {
      flusher_.wake.wait(lock, [this] { return is_stopping_ || has_records_; });
      send_full_datagrams_until(lock, std::chrono::steady_clock::now() + flush_interval_);
      if (is_stopping_) return;
      lock.unlock();
      std::unique_lock flushing{flush_mutex_};
      const bool is_ready = sender_.is_ready();
      const bool any = is_ready && send_all();
      flushing.unlock();
      sender_.errors()->report();
      lock.lock();
      if (is_ready) has_records_ = has_more_to_come(any);
    }
  }

  /// Threads whose memory is half full say so from when the flag is set on, so those are looked for that were
  /// before.
  void send_full_datagrams_until(std::unique_lock<std::mutex>& lock, Deadline due) noexcept {
    do {
      has_full_datagrams_ = false;
      registry_->owner().wants_full_datagrams = true;
      lock.unlock();
      {
        const std::lock_guard flushing{flush_mutex_};
        if (sender_.is_ready()) send_full_datagrams(Waiting::allowed);
      }
      lock.lock();
    } while (flusher_.wake.wait_until(lock, due, [&] { return is_stopping_ || has_full_datagrams_; }) &&
             !is_stopping_ && std::chrono::steady_clock::now() < due);
    registry_->owner().wants_full_datagrams = false;
  }

  /// Whether another flush has to follow. When a flush finds nothing, records are told to wake the thread;
  /// one that was made meanwhile and did not see it may become visible only after the reading, so the thread
  /// sleeps for good when it has found nothing for a whole interval after.
  bool has_more_to_come(bool any) noexcept {
    if (any) {
      registry_->flusher_sleeps = false;
      return true;
    }
    // False also when a record has found the announcement: its wake() waits for our lock.
    return !registry_->flusher_sleeps.exchange(true);
  }

  /// Of threads whose memory is half full. What is left of an earlier flush goes first, for it is older.
  /// Guarded by flush_mutex_.
  void send_full_datagrams(Waiting waiting) noexcept {
    deadline_ = std::chrono::steady_clock::now() + patience_with_congestion;
    for (DatagramRing* ring : rings()) {
      if (!ring->is_crowded()) continue;
      sender_.drain(ring_, ring_.size(), waiting, deadline_);
      sender_.drain(*ring, ring->full(), waiting, deadline_);
    }
  }

  /// The cells are summed before the lines are sent, and sent after them: see Collector::sum_cells. Returns
  /// whether anything was recorded since the last time, or is left. Guarded by flush_mutex_.
  bool send_all() noexcept {
    const Deadline now = std::chrono::steady_clock::now();
    deadline_ = now + patience_with_congestion;
    bool any = ring_.size() != 0;
    sender_.drain(ring_, ring_.size(), Waiting::allowed, deadline_);
    const bool has_sums = with_memory([&] { collector_.sum_cells(now); });
    for (DatagramRing* ring : rings()) {
      const std::size_t size = ring->size();
      if (size == 0) continue;
      any = true;
      sender_.drain(*ring, size, Waiting::allowed, deadline_);
    }
    const auto out = [&](std::string_view lines, std::uint64_t samples) { append(lines, samples); };
    const bool is_complete = has_sums && with_memory([&] { any |= collector_.collect(now, out); });
    if (any && telemetry_) {
      telemetry_->write(now, stats(), [&](std::string_view line) { append(line, 0); });
    }
    sender_.drain(ring_, ring_.size(), Waiting::allowed, deadline_);
    return any || !is_complete;
  }

  /// Adds lines that are written already; they are dropped and counted when there is no room even after
  /// sending.
  void append(std::string_view lines, std::uint64_t samples) noexcept {
    const auto write = [&](std::span<char> room) -> std::size_t {
      if (lines.size() > room.size()) return 0;
      std::memcpy(room.data(), lines.data(), lines.size());
      return lines.size();
    };
    if (ring_.append(write, samples) != DatagramRing::Appended::no_room) return;
    sender_.drain(ring_, ring_.full(), Waiting::allowed, deadline_);
    if (ring_.append(write, samples) != DatagramRing::Appended::no_room) return;
    DeliveryCounters::add(counters().dropped_queue_full, samples);
  }

  /// The lines of all threads; valid until the next call. Guarded by flush_mutex_.
  std::span<DatagramRing* const> rings() noexcept {
    with_memory([&] { registry_->copy_rings(rings_); });
    return rings_;
  }

  /// Returns false when there was no memory; what was not done is done by the next flush.
  template <class Action>
  static bool with_memory(Action&& action) noexcept {
#if defined(__cpp_exceptions)
    try {
      action();
    } catch (const std::bad_alloc&) {
      return false;
    }
#else
    action();
#endif
    return true;
  }

  void before_fork() noexcept override {
    flush_mutex_.lock();
    sender_.before_fork();
    mutex_.lock();
    registry_->before_fork();
  }

  void after_fork_in_parent() noexcept override {
    registry_->after_fork_in_parent();
    mutex_.unlock();
    sender_.after_fork_in_parent();
    flush_mutex_.unlock();
  }

  /// The child starts without what the parent had recorded and not yet sent: the parent sends it.
  void after_fork_in_child() noexcept override {
    mutex_.unlock();
    sender_.after_fork_in_child();
    flush_mutex_.unlock();
    std::construct_at(&flusher_);  // the parent's is forgotten: its thread is not here
    registry_->after_fork_in_child();
    ring_.clear();
    has_records_ = false;
    has_full_datagrams_ = false;
    registry_->flusher_sleeps = has_thread_;
    registry_->owner().wants_full_datagrams = !has_thread_;
  }

  aggregate::SinkPointer<aggregate::Registry> registry_;
  std::mutex flush_mutex_;  ///< Guards all that a flush needs but the transport; taken before the others.
  Collector collector_;
  DatagramRing ring_;  ///< What the collector has written.
  std::optional<Telemetry> telemetry_;
  std::vector<DatagramRing*> rings_;
  Deadline deadline_{};  ///< Until when a flush may wait for full buffers of the system.
  Sender<Transport> sender_;
  std::chrono::milliseconds flush_interval_;
  bool is_enabled_;
  bool has_thread_;
  std::mutex mutex_;  ///< Guards what follows.
  bool is_stopping_ = false;
  bool has_records_ = false;  ///< Cells or lines may hold what was not collected.
  bool has_full_datagrams_ = false;
  Flusher flusher_;
};

}  // namespace statwire::client
