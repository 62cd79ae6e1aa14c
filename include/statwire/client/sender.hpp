#pragma once

// Hands datagrams to the transport, in batches where it can, at a pace that a receiver with a default buffer
// can follow, and counts what became of them.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "statwire/client/datagram_ring.hpp"
#include "statwire/client/delivery_stats.hpp"
#include "statwire/client/error_reporter.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::client {

/// Whether a thread may wait: for a name to be known, for a full buffer of the system, for the receiver.
enum class Waiting { forbidden, allowed };

/// Threads: any; but drain() of one at a time.
template <DatagramTransport Transport>
class Sender {
 public:
  template <class... TransportArgs>
  Sender(DeliveryCounters& counters, ErrorCallback on_error, bool pads, TransportArgs&&... transport_args)
      : counters_{&counters},
        errors_{std::make_shared<ErrorReporter>(std::move(on_error))},
        pads_{pads},
        transport_(std::forward<TransportArgs>(transport_args)...) {}

  /// Whether a datagram would have somewhere to go. While it has not, everything is kept.
  bool is_ready() noexcept {
    if constexpr (HasReady<Transport>) {
      const std::lock_guard lock{mutex_};
      if (transport_.ready()) return true;
      if constexpr (requires { transport_.last_error(); }) {
        errors_->note_state(transport_.last_error());
      }
      return false;
    }
    return true;
  }

  /// The same, after waiting until it is known. Others may send in between.
  bool wait_ready() noexcept {
    if constexpr (HasWaitReady<Transport>) {
      constexpr std::chrono::seconds patience{2};
      constexpr std::chrono::milliseconds slice{10};
      const Deadline deadline = std::chrono::steady_clock::now() + patience;
      for (;;) {
        const Deadline until =
            std::min({deadline, last_deadline(), std::chrono::steady_clock::now() + slice});
        const std::lock_guard lock{mutex_};
        if (transport_.wait_ready(until)) return true;
        // When it comes back early, there is nothing to wait for.
        const Deadline now = std::chrono::steady_clock::now();
        if (now < until || now >= std::min(deadline, last_deadline())) break;
      }
    }
    return is_ready();
  }

  /// From now on nothing waits beyond this moment, and nothing is kept.
  void close_by(Deadline deadline) noexcept { last_deadline_ = deadline.time_since_epoch(); }

  bool is_closing() const noexcept { return last_deadline() != Deadline::max(); }

  /// Sends the lines of one sample in a datagram of their own. Returns false when they could not go, and
  /// errors are to be reported.
  bool send(std::string_view lines) noexcept {
    const std::lock_guard lock{mutex_};
    const std::error_code ec = transport_.send(lines);
    count(lines.size(), 1, ec ? explained(ec) : ec);
    if constexpr (HasReady<Transport>) {
      constexpr std::uint32_t sends_between_upkeep = 1024;
      if (ec || ++sends_ % sends_between_upkeep == 0) transport_.ready();
    }
    return !ec;
  }

  /// Sends so many datagrams of a ring, or fewer when there are not that many, or when the transport has lost
  /// its connection: what follows is kept until there is another, but not at the very end. Waits for full
  /// buffers of the system until the deadline.
  void drain(DatagramRing& ring, std::size_t datagrams, Waiting waiting, Deadline deadline) noexcept {
    for (int tries = 1; datagrams != 0 && ring.size() != 0;) {
      const std::size_t most = std::min(datagrams, waiting == Waiting::allowed ? allowance() : burst);
      const DatagramBatch batch = ring.front(most, pads_);
      std::error_code ec;
      const std::size_t sent = send_batch(batch, ec);
      in_burst_ += sent;
      for (std::size_t i = 0; i < sent; ++i) count(batch.sizes[i], ring.pop(), {});
      datagrams -= sent;
      if (sent != 0) tries = 1;
      if (!ec) continue;
      // Full buffers of the system empty themselves; the datagram is worth a few more tries.
      if (is_congestion(ec) && waiting == Waiting::allowed && tries < most_tries &&
          std::chrono::steady_clock::now() < std::min(deadline, last_deadline())) {
        ++tries;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
        continue;
      }
      if (is_congestion(ec) && waiting == Waiting::forbidden) return;  // there may be room later
      tries = 1;
      count(batch.sizes[sent], ring.pop(), ec);
      --datagrams;
      if (!is_closing() && !is_ready()) return;
    }
  }

  /// Tells the user of errors, if no lock of the client is held.
  const std::shared_ptr<ErrorReporter>& errors() const noexcept { return errors_; }

  Transport& transport() noexcept { return transport_; }
  const Transport& transport() const noexcept { return transport_; }

  /// Around a fork(): see aggregate::Registry.
  void before_fork() noexcept {
    mutex_.lock();
    errors_->before_fork();
  }
  void after_fork_in_parent() noexcept {
    errors_->after_fork_in_parent();
    mutex_.unlock();
  }
  void after_fork_in_child() noexcept {
    errors_->after_fork_in_child();
    mutex_.unlock();
    if constexpr (HasAfterFork<Transport>) transport_.after_fork();
  }

 private:
  static constexpr bool paces = HasBurstDatagrams<Transport>;
  static constexpr std::size_t burst = [] {
    if constexpr (HasBurstDatagrams<Transport>) return Transport::burst_datagrams;
    return std::size_t{64};
  }();
  static constexpr std::chrono::microseconds burst_interval{500};
  static constexpr int most_tries = 20;

  /// How many datagrams may go now. Without pauses a receiver with a default buffer loses what comes faster
  /// than it is scheduled.
  std::size_t allowance() noexcept {
    if constexpr (!paces) return burst;
    if (in_burst_ >= burst) std::this_thread::sleep_until(burst_began_ + burst_interval);
    const Deadline now = std::chrono::steady_clock::now();
    if (now >= burst_began_ + burst_interval) {
      burst_began_ = now;
      in_burst_ = 0;
    }
    return burst - std::min(in_burst_, burst - 1);
  }

  Deadline last_deadline() const noexcept { return Deadline{last_deadline_.load()}; }

  static bool is_congestion(std::error_code ec) noexcept {
    return ec == std::errc::operation_would_block || ec == std::errc::resource_unavailable_try_again ||
           ec == std::errc::no_buffer_space;
  }

  std::size_t send_batch(const DatagramBatch& batch, std::error_code& ec) noexcept {
    const std::lock_guard lock{mutex_};
    std::size_t sent = 0;
    if constexpr (HasSendBatch<Transport>) {
      sent = transport_.send_batch(batch, ec);
      if (sent == 0 && !ec) ec = std::make_error_code(std::errc::io_error);  // lest it be asked for ever
    } else {
      while (sent < batch.sizes.size() && !(ec = transport_.send(batch.datagram(sent)))) ++sent;
    }
    if (ec) ec = explained(ec);
    return sent;
  }

  /// Why there is no connection says more than that there is none.
  std::error_code explained(std::error_code ec) const noexcept {
    if constexpr (requires { transport_.last_error(); }) {
      if (ec == errc::not_connected && transport_.last_error()) return transport_.last_error();
    }
    return ec;
  }

  void count(std::size_t bytes, std::uint64_t samples, std::error_code ec) noexcept {
    if (ec) {
      DeliveryCounters::add(counters_->dropped_send, samples);
      DeliveryCounters::add(counters_->dropped_datagrams);
      DeliveryCounters::add(counters_->dropped_bytes, bytes);
      errors_->note(ec);
      return;
    }
    DeliveryCounters::add(counters_->sent, samples);
    DeliveryCounters::add(counters_->datagrams);
    DeliveryCounters::add(counters_->bytes, bytes);
  }

  DeliveryCounters* counters_;
  std::shared_ptr<ErrorReporter> errors_;
  bool pads_;
  std::mutex mutex_;  ///< Guards the transport, for the time of one call of it.
  Transport transport_;
  std::uint32_t sends_ = 0;
  std::atomic<Deadline::duration> last_deadline_{Deadline::max().time_since_epoch()};

  // Of the thread that drains.
  Deadline burst_began_ = Deadline::min();
  std::size_t in_burst_ = 0;
};

}  // namespace statwire::client
