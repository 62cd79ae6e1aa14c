#pragma once

// Takes lines to the transport: one datagram a sample at once (send), or packed into datagrams that leave
// when they are full or when the flush interval has passed (add). At each flush the cells of an aggregated
// client are collected first. A background thread does it, and sleeps while there is nothing to send; without
// it, full datagrams leave from the thread that fills them and the rest at flush().

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "statwire/aggregate/registry.hpp"
#include "statwire/client/collector.hpp"
#include "statwire/client/datagram_ring.hpp"
#include "statwire/client/delivery_stats.hpp"
#include "statwire/detail/fail.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::client {

/// Who sends what was added.
enum class Sender { background_thread, calling_thread };

struct OutboxOptions {
  std::size_t max_packet_bytes;
  std::size_t max_datagrams;  ///< Bound of the buffer.
  std::chrono::milliseconds flush_interval;
  Sender sender;
  bool immediate = false;  ///< emit() sends at once.
  std::size_t max_line_bytes = protocol::max_statsd_line_bytes;
};

/// Safe for any number of threads. Handles may outlive it: the registry knows when it has gone.
template <DatagramTransport Transport>
class Outbox final : public aggregate::RegistryOwner {
 public:
  /// Throws ClientError when there is to be a thread and the system has none left.
  template <class... TransportArgs>
  Outbox(const OutboxOptions& options, std::shared_ptr<aggregate::Registry> registry,
         TransportArgs&&... transport_args)
      : registry_{std::move(registry)},
        collector_{*registry_, options.max_line_bytes},
        transport_(std::forward<TransportArgs>(transport_args)...),
        ring_{options.max_datagrams, options.max_packet_bytes},
        flush_interval_{options.flush_interval},
        immediate_{options.immediate} {
    registry_->open(*this);
    // A host name is looked up from now on. No call waits for it: one that sends at once needs it here.
    is_transport_ready(options.immediate ? Waiting::allowed : Waiting::forbidden);
    if (options.sender == Sender::calling_thread) return;
    registry_->flusher_sleeps = true;
#if defined(__cpp_exceptions)
    try {
      thread_ = std::thread{[this] { run(); }};
    } catch (const std::system_error& error) {
      detail::fail(error.code(), "statwire: cannot start the thread that sends");
    }
#else
    thread_ = std::thread{[this] { run(); }};
#endif
  }

  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Sends what is left.
  ~Outbox() {
    if (thread_.joinable()) {
      {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
      }
      wake_.notify_one();
      thread_.join();
    }
    registry_->close();
    is_closing_ = true;
    is_transport_ready(Waiting::allowed);
    send_all();
  }

  /// Something was recorded in a cell while the thread slept.
  void wake() noexcept override {
    {
      const std::lock_guard lock{mutex_};
      has_records_ = true;
    }
    wake_.notify_one();
  }

  void emit(std::string_view lines) noexcept override {
    if (immediate_) {
      send(lines);
    } else {
      add(lines);
    }
  }

  /// Sends the lines of one sample at once, in a datagram of their own.
  void send(std::string_view lines) noexcept {
    DeliveryCounters::add(counters().accepted);
    const std::lock_guard sending{send_mutex_};
    const std::error_code ec = transport_.send(lines);
    count({lines, 1}, ec);
    if constexpr (HasReady<Transport>) {
      constexpr std::uint32_t sends_between_upkeep = 1024;
      if (ec || ++sends_ % sends_between_upkeep == 0) transport_.ready();
    }
  }

  /// Packs the lines of one sample, which are not longer than max_packet_bytes.
  void add(std::string_view lines) noexcept {
    DeliveryCounters::add(counters().accepted);
    std::unique_lock lock{mutex_};
    const bool was_empty = ring_.size() == 0;
    const std::size_t sealed = ring_.sealed();
    if (!ring_.append(lines)) DeliveryCounters::add(counters().dropped_queue_full);
    const bool filled_datagram = ring_.sealed() != sealed;
    lock.unlock();
    if (thread_.joinable()) {
      if (was_empty || filled_datagram) wake_.notify_one();
    } else if (filled_datagram) {
      if (is_transport_ready(Waiting::forbidden)) drain(Drain::full_datagrams, Waiting::forbidden);
    }
  }

  /// Sends everything that was recorded or added before the call. Waits a while for a host name to be known;
  /// what has nowhere to go yet is kept.
  void flush() noexcept {
    if (is_transport_ready(Waiting::allowed)) send_all();
  }

  DeliveryStats stats() const noexcept {
    return registry_->counters().snapshot(registry_->total_count());
  }

  DeliveryCounters& counters() noexcept {
    return registry_->counters();
  }
  Transport& transport() noexcept {
    return transport_;
  }
  const Transport& transport() const noexcept {
    return transport_;
  }

 private:
  enum class Drain { full_datagrams, everything };
  enum class Waiting { forbidden, allowed };

  /// While a transport is not ready, everything is kept: cells go on summing.
  bool is_transport_ready([[maybe_unused]] Waiting waiting) noexcept {
    if constexpr (HasReady<Transport>) {
      const std::lock_guard sending{send_mutex_};
      if constexpr (HasWaitReady<Transport>) {
        constexpr std::chrono::seconds patience{2};
        if (waiting == Waiting::allowed)
          return transport_.wait_ready(std::chrono::steady_clock::now() + patience);
      }
      return transport_.ready();
    }
    return true;
  }

  /// Returns whether anything was recorded since the last time.
  bool send_all() noexcept {
    const bool any = collect();
    drain(Drain::everything, Waiting::allowed);
    return any;
  }

  void run() noexcept {
    std::unique_lock lock{mutex_};
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || has_records_ || ring_.size() != 0; });
      const auto due = std::chrono::steady_clock::now() + flush_interval_;
      while (wake_.wait_until(lock, due, [this] { return stopping_ || ring_.sealed() != 0; })) {
        if (stopping_) return;
        lock.unlock();
        if (is_transport_ready(Waiting::forbidden)) {
          drain(Drain::full_datagrams, Waiting::allowed);
          lock.lock();
        } else {
          lock.lock();
          wake_.wait_until(lock, due, [this] { return stopping_; });
        }
        if (std::chrono::steady_clock::now() >= due) break;
      }
      lock.unlock();
      const bool is_ready = is_transport_ready(Waiting::forbidden);
      const bool any = is_ready && send_all();
      lock.lock();
      if (is_ready) has_records_ = has_more_to_come(any);
    }
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

  /// Moves what the cells have gathered into datagrams; returns whether there was anything. The lock is taken
  /// once, not for each of thousands of lines.
  bool collect() noexcept {
    const std::lock_guard collecting{collect_mutex_};
    std::unique_lock lock{mutex_, std::defer_lock};
    const auto out = [&](std::string_view lines, std::uint64_t samples) {
      if (!lock.owns_lock()) lock.lock();
      if (ring_.append(lines, samples)) return;
      lock.unlock();
      drain(Drain::full_datagrams, Waiting::allowed);
      lock.lock();
      if (!ring_.append(lines, samples)) DeliveryCounters::add(counters().dropped_queue_full, samples);
    };
#if defined(__cpp_exceptions)
    try {
      return collector_.collect(out);
    } catch (const std::bad_alloc&) {  // what was not collected yet is there the next time
      return true;
    }
#else
    return collector_.collect(out);
#endif
  }

  void drain(Drain what, Waiting waiting) noexcept {
    const std::lock_guard sending{send_mutex_};
    std::unique_lock lock{mutex_};
    // Counted beforehand, so that threads which go on adding cannot keep this one here.
    std::size_t left = what == Drain::everything ? ring_.size() : ring_.sealed();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{1};
    for (int tries = 1; left != 0;) {
      if (ring_.sealed() == 0) ring_.seal();
      DatagramBatch batch = ring_.front_batch(std::min(left, burst_datagrams));
      batch.padded = registry_->options().profile.empty_lines;
      lock.unlock();
      std::error_code ec;
      const std::size_t sent = send_batch(batch, ec);
      // Full buffers of the system empty themselves; the datagram is worth a few more tries.
      const bool again = ec && is_congestion(ec) && waiting == Waiting::allowed && tries < most_tries &&
                         std::chrono::steady_clock::now() < deadline;
      if (again) {
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
      } else if (paces && waiting == Waiting::allowed && left > batch.sizes.size()) {
        // Without a pause a receiver with a default buffer loses what comes faster than it is scheduled.
        std::this_thread::sleep_for(std::chrono::microseconds{500});
      }
      lock.lock();
      tries = again ? tries + 1 : 1;
      left -= settle(sent, again ? std::error_code{} : ec);
      // What follows a broken connection is kept until there is another, but not at the very end.
      if (ec && !again && !is_closing_ && !is_still_ready()) return;
    }
  }

  bool is_still_ready() noexcept {
    if constexpr (HasReady<Transport>) return transport_.ready();
    return true;
  }

  static bool is_congestion(std::error_code ec) noexcept {
    return ec == std::errc::operation_would_block || ec == std::errc::resource_unavailable_try_again ||
           ec == std::errc::no_buffer_space;
  }

  std::size_t send_batch(const DatagramBatch& batch, std::error_code& ec) noexcept {
    if constexpr (HasSendBatch<Transport>) {
      return transport_.send_batch(batch, ec);
    } else {
      for (std::size_t i = 0; i < batch.sizes.size(); ++i) {
        ec = transport_.send(batch.datagram(i));
        if (ec) return i;
      }
      return batch.sizes.size();
    }
  }

  /// Takes from the ring what was sent, and what could not be; returns how many datagrams. Together with the
  /// count, so that no sample is ever both pending and sent.
  std::size_t settle(std::size_t sent, std::error_code ec) noexcept {
    for (std::size_t i = 0; i < sent; ++i) {
      count(ring_.front(), {});
      ring_.pop_front();
    }
    if (!ec) return sent;
    count(ring_.front(), ec);
    ring_.pop_front();
    return sent + 1;
  }

  void count(const Datagram& datagram, std::error_code ec) noexcept {
    if (ec) {
      DeliveryCounters::add(counters().dropped_send, datagram.samples);
      return;
    }
    DeliveryCounters::add(counters().sent, datagram.samples);
    DeliveryCounters::add(counters().datagrams);
    DeliveryCounters::add(counters().bytes, datagram.bytes.size());
  }

  static constexpr bool paces = HasBurstDatagrams<Transport>;
  static constexpr std::size_t burst_datagrams = [] {
    if constexpr (HasBurstDatagrams<Transport>) return Transport::burst_datagrams;
    return std::size_t{64};
  }();
  static constexpr int most_tries = 20;

  std::shared_ptr<aggregate::Registry> registry_;
  std::mutex collect_mutex_;  ///< Guards the collector; taken before the others.
  Collector collector_;
  std::mutex send_mutex_;  ///< Guards the transport and the front of the ring; taken before mutex_.
  Transport transport_;
  mutable std::mutex mutex_;  ///< Guards the rest of the ring and stopping_.
  DatagramRing ring_;
  bool stopping_ = false;
  bool is_closing_ = false;   ///< The destructor's alone.
  bool has_records_ = false;  ///< Cells may hold what was not collected.
  std::condition_variable wake_;
  std::chrono::milliseconds flush_interval_;
  bool immediate_;
  std::uint32_t sends_ = 0;  ///< Guarded by send_mutex_.
  std::thread thread_;
};

}  // namespace statwire::client
