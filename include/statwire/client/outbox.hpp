#pragma once

// Takes the lines of any thread to the transport: one datagram a sample at once (send), or packed into
// datagrams that leave when they are full or when the flush interval has passed (add). A background thread
// sends, and sleeps while there is nothing to send; without it, full datagrams leave from the thread that
// fills them and the rest at flush().

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "statwire/client/datagram_ring.hpp"
#include "statwire/client/delivery_stats.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::client {

/// Who sends what was added.
enum class Sender { background_thread, calling_thread };

struct OutboxOptions {
  std::size_t max_packet_bytes;
  std::size_t max_datagrams;  ///< Bound of the buffer.
  std::chrono::milliseconds flush_interval;
  Sender sender;
};

/// Safe for any number of threads.
template <DatagramTransport Transport>
class Outbox {
 public:
  /// Throws ClientError when there is to be a thread and the system has none left.
  template <class... TransportArgs>
  Outbox(const OutboxOptions& options, TransportArgs&&... transport_args)
      : transport_(std::forward<TransportArgs>(transport_args)...),
        ring_{options.max_datagrams, options.max_packet_bytes},
        flush_interval_{options.flush_interval} {
    if (options.sender == Sender::calling_thread) return;
    try {
      thread_ = std::thread{[this] { run(); }};
    } catch (const std::system_error& error) {
      throw ClientError{error.code(), "statwire: cannot start the thread that sends"};
    }
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
    flush();
  }

  /// Sends the lines of one sample at once, in a datagram of their own.
  void send(std::string_view lines) noexcept {
    const std::lock_guard sending{send_mutex_};
    count({lines, 1}, transport_.send(lines));
  }

  /// Packs the lines of one sample, which are not longer than max_packet_bytes.
  void add(std::string_view lines) noexcept {
    std::unique_lock lock{mutex_};
    const bool was_empty = ring_.size() == 0;
    const std::size_t sealed = ring_.sealed();
    if (!ring_.append(lines)) DeliveryCounters::add(counters_.dropped_queue_full);
    const bool filled_datagram = ring_.sealed() != sealed;
    lock.unlock();
    if (thread_.joinable()) {
      if (was_empty || filled_datagram) wake_.notify_one();
    } else if (filled_datagram) {
      drain(Drain::full_datagrams);
    }
  }

  /// Sends everything that was added before the call.
  void flush() noexcept { drain(Drain::everything); }

  DeliveryStats stats() const noexcept {
    const std::lock_guard lock{mutex_};
    return counters_.snapshot(ring_.pending_samples());
  }

  DeliveryCounters& counters() noexcept { return counters_; }
  Transport& transport() noexcept { return transport_; }
  const Transport& transport() const noexcept { return transport_; }

 private:
  enum class Drain { full_datagrams, everything };

  void run() noexcept {
    std::unique_lock lock{mutex_};
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || ring_.size() != 0; });
      const auto due = std::chrono::steady_clock::now() + flush_interval_;
      while (wake_.wait_until(lock, due, [this] { return stopping_ || ring_.sealed() != 0; })) {
        if (stopping_) return;
        lock.unlock();
        drain(Drain::full_datagrams);
        lock.lock();
      }
      lock.unlock();
      drain(Drain::everything);
      lock.lock();
    }
  }

  void drain(Drain what) noexcept {
    const std::lock_guard sending{send_mutex_};
    std::unique_lock lock{mutex_};
    // Counted beforehand, so that threads which go on adding cannot keep this one here.
    for (std::size_t left = what == Drain::everything ? ring_.size() : ring_.sealed(); left != 0; --left) {
      if (ring_.sealed() == 0) ring_.seal();
      const Datagram datagram = ring_.front();
      lock.unlock();
      const std::error_code ec = transport_.send(datagram.bytes);
      lock.lock();
      count(datagram, ec);  // together with the pop, so that no sample is ever both pending and sent
      ring_.pop_front();
    }
  }

  void count(const Datagram& datagram, std::error_code ec) noexcept {
    if (ec) {
      DeliveryCounters::add(counters_.dropped_send, datagram.samples);
      return;
    }
    DeliveryCounters::add(counters_.sent, datagram.samples);
    DeliveryCounters::add(counters_.datagrams);
    DeliveryCounters::add(counters_.bytes, datagram.bytes.size());
  }

  std::mutex send_mutex_;  ///< Guards the transport and the front of the ring; taken before mutex_.
  Transport transport_;
  mutable std::mutex mutex_;  ///< Guards the rest of the ring and stopping_.
  DatagramRing ring_;
  bool stopping_ = false;
  std::condition_variable wake_;
  DeliveryCounters counters_;
  std::chrono::milliseconds flush_interval_;
  std::thread thread_;
};

}  // namespace statwire::client
