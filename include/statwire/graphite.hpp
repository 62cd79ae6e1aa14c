#pragma once

// A client that sends points to Graphite: to carbon, and to everything that takes its plaintext or its pickle
// protocol. send() takes note and returns; a thread of the client sends, and sends again what did not arrive,
// so a Graphite that is away costs nothing while the spool has room. What finds no room is dropped, the
// oldest first, and counted.
//
//   statwire::GraphiteClient graphite{"127.0.0.1", 2003};
//   graphite.send("huginn.cpu", 0.5);

#include <algorithm>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "statwire/client/delivery.hpp"
#include "statwire/client/graphite_delivery.hpp"
#include "statwire/client/graphite_spool.hpp"
#include "statwire/client/interruptible.hpp"
#include "statwire/client/point.hpp"
#include "statwire/detail/config.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/graphite_options.hpp"
#include "statwire/protocol/graphite_address.hpp"
#include "statwire/transport/backoff.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/tcp.hpp"

namespace statwire {

/// Sends points without waiting. A path is 1 to 8192 bytes, mapped as protocol/graphite_line.hpp says; a
/// value is finite; a time is in Unix seconds, above 0 and of 32 bits.
///
/// Each batch goes over a connection of its own, as the flushes of the reference StatsD daemon do, and the
/// name is resolved anew for each. That Graphite closes the connection when everything was sent is taken as
/// the receipt; without it the batch is sent again from its beginning, after a pause that grows from 100 ms
/// to 5 s, and a point that comes twice is the same point. Two things count as delivered that may be lost:
/// what carbon has read and not stored when it is killed, and what was taken by a peer that for the whole
/// `timeout` neither closes nor resets the connection.
///
/// Threads: any, all calls. Errors: none of send(); stats() says why nothing arrives. Cost of a send: a lock
/// and the formatting of a point; no system call but to wake the thread, once in a flush interval; no
/// allocation but of a batch when more than two wait. Memory: two batches, and what waits. Not for the child
/// of a fork, where its thread is missing: make one there. `Clock` gives the time of a send without a
/// timestamp.
template <StreamTransport Transport = TcpTransport, class Clock = std::chrono::system_clock>
class GraphiteClient {
 public:
  /// Starts the thread; it connects when there is something to send, and a Graphite that is away is no error.
  /// Throws ClientError: errc::invalid_option for an empty host, port 0 or an option out of range; what the
  /// system says when there is no thread.
  GraphiteClient(std::string_view host, std::uint16_t port, GraphiteOptions options = {}) requires
      std::constructible_from<Transport, std::string_view, std::uint16_t>
      : GraphiteClient{InPlace{}, checked(options, host, port), host, port} {}

  /// The same to an address: `carbon`, `10.0.0.1:2003`, `[::1]:2003`, `tcp://carbon:2003`,
  /// `pickle://carbon:2004`. Without a port it is 2003, or 2004 for pickles. Throws ClientError
  /// errc::invalid_option that says where the text is wrong and what would be right.
  explicit GraphiteClient(std::string_view address, GraphiteOptions options = {}) requires
      std::constructible_from<Transport, std::string_view, std::uint16_t>
      : GraphiteClient{parsed(address, options.format), options} {}

  /// The same over a transport of its own, as the fakes of testing/ are.
  explicit GraphiteClient(Transport transport,
                          GraphiteOptions options = {}) requires std::move_constructible<Transport>
      : GraphiteClient{InPlace{}, checked(options), std::move(transport)} {}

  GraphiteClient(const GraphiteClient&) = delete;
  GraphiteClient& operator=(const GraphiteClient&) = delete;

  /// Sends what waits, for as long as `close_timeout` says.
  ~GraphiteClient() {
    {
      const std::lock_guard lock{mutex_};
      is_closing_ = is_hurried_ = true;
      interruption_.end_by(deadline_after(options_.close_timeout));
    }
    changed_.notify_one();
    thread_.join();
  }

  /// Takes note of a point; what cannot be sent is counted.
  void send(std::string_view path, double value, std::int64_t timestamp) noexcept {
    const bool is_sendable = client::GraphiteSpool::is_sendable(path, value, timestamp);
    const std::lock_guard lock{mutex_};
    if (!is_sendable) {
      ++stats_.refused;
      return;
    }
    const bool was_empty = spool_.is_empty();
    const bool had_full_batch = spool_.has_full_batch();
    const std::uint64_t dropped = spool_.dropped();
    spool_.append(path, value, timestamp);
    if (was_empty) oldest_at_ = std::chrono::steady_clock::now();
    if (was_empty || (!had_full_batch && spool_.has_full_batch())) changed_.notify_one();
    if (spool_.dropped() != dropped && flushes_ != 0) progress_.notify_all();
  }

  /// The same as of now.
  void send(std::string_view path, double value) noexcept {
    send(path, value, client::unix_seconds<Clock>());
  }

  /// Sends what waits, at once, and waits until it has arrived; false when that takes longer than `timeout`,
  /// or some of it was dropped meanwhile.
  bool flush(std::chrono::milliseconds timeout) noexcept {
    std::unique_lock lock{mutex_};
    const std::uint64_t dropped = spool_.dropped();
    const std::uint64_t end = spool_.accepted() - dropped;
    is_hurried_ = true;
    ++flushes_;
    changed_.notify_one();
    const auto is_over = [&] { return spool_.delivered() >= end || spool_.dropped() != dropped; };
    progress_.wait_until(lock, deadline_after(timeout), is_over);
    --flushes_;
    return spool_.delivered() >= end && spool_.dropped() == dropped;
  }

  GraphiteStats stats() const noexcept {
    const std::lock_guard lock{mutex_};
    GraphiteStats stats = stats_;
    stats.accepted = spool_.accepted();
    stats.delivered = spool_.delivered();
    stats.pending = spool_.pending();
    stats.dropped = spool_.dropped();
    return stats;
  }

 private:
  struct InPlace {};

  template <class... Args>
  GraphiteClient(InPlace, const GraphiteOptions& options, Args&&... args)
      : options_{options},
        spool_{options.format, options.max_spool_bytes, options.max_batch_bytes},
        transport_{interruption_, options.close_timeout, std::forward<Args>(args)...} {
    if (const std::error_code ec = detail::error_of([this] { thread_ = std::thread{[this] { run(); }}; })) {
      detail::fail(ec, "statwire: no thread to send to Graphite");
    }
  }

  GraphiteClient(const GraphiteAddress& address, GraphiteOptions options)
      : GraphiteClient{address.host, address.port, with_format(options, address.format)} {}

  static GraphiteOptions with_format(GraphiteOptions options, GraphiteFormat format) noexcept {
    options.format = format;
    return options;
  }

  static GraphiteAddress parsed(std::string_view text, GraphiteFormat format) {
    EndpointError error;
    if (auto address = parse_graphite_address(text, format, error)) return *std::move(address);
    detail::fail(errc::invalid_option,
                 "statwire: Graphite at '" + std::string{text} + "' " + error.message());
  }

  static const GraphiteOptions& checked(const GraphiteOptions& options) {
    const auto check = [](const char* name, auto value, auto least) {
      if (value >= least) return;
      detail::fail(errc::invalid_option, std::string{"statwire: "} + name + " " + std::to_string(value) +
                                             ", must be at least " + std::to_string(least));
    };
    check("flush_interval in milliseconds", options.flush_interval.count(), 0);
    check("max_spool_bytes", options.max_spool_bytes, 4 * client::GraphiteSpool::least_batch_bytes);
    check("max_batch_bytes", options.max_batch_bytes, client::GraphiteSpool::least_batch_bytes);
    check("timeout in milliseconds", options.timeout.count(), 1);
    check("close_timeout in milliseconds", options.close_timeout.count(), 1);
    return options;
  }

  static const GraphiteOptions& checked(const GraphiteOptions& options, std::string_view host,
                                        std::uint16_t port) {
    if (host.empty() || port == 0) {
      detail::fail(errc::invalid_option, "statwire: Graphite at '" + std::string{host} + "' port " +
                                             std::to_string(port) + ", must be a host and a port above 0");
    }
    return checked(options);
  }

  // Everything below happens on the thread.

  void run() noexcept {
    std::unique_lock lock{mutex_};
    for (;;) {
      const Deadline now = std::chrono::steady_clock::now();
      if (is_closing_ && (spool_.is_empty() || now >= interruption_.deadline())) return;
      const Deadline next = std::min(next_try(), interruption_.deadline());
      if (now >= next) {
        deliver(lock);
      } else {
        constexpr std::chrono::hours longest{1};  // some systems cannot wait for the end of time
        changed_.wait_until(lock, std::min(next, now + longest));
      }
    }
  }

  /// When there will be something to do, as far as is known now.
  Deadline next_try() const noexcept {
    if (spool_.is_empty()) return Deadline::max();
    if (is_closing_ || flushes_ != 0) return is_hurried_ ? Deadline::min() : retry_at_;
    if (options_.flush == Flush::manual) return Deadline::max();
    if (spool_.has_full_batch()) return retry_at_;
    return std::max(retry_at_, later_than(oldest_at_, options_.flush_interval));
  }

  static Deadline later_than(Deadline time, std::chrono::milliseconds duration) noexcept {
    const auto range = std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::max() - time);
    return duration < range ? time + duration : Deadline::max();
  }

  /// Tries to deliver the oldest batch, without the lock meanwhile.
  void deliver(std::unique_lock<std::mutex>& lock) noexcept {
    is_hurried_ = false;
    const std::string_view bytes = spool_.begin().bytes;
    oldest_at_ = std::chrono::steady_clock::now();  // of whatever comes from now on
    const Deadline began = oldest_at_;
    lock.unlock();
    std::error_code ec;
    const std::error_code thrown =
        detail::error_of([&] { client::deliver_to_graphite(transport_, bytes, options_.timeout, ec); });
    if (thrown) {
      ec = thrown;
      transport_.close();
    }
    const Deadline ended = std::chrono::steady_clock::now();
    const std::int64_t time = client::unix_seconds<std::chrono::system_clock>();
    lock.lock();
    stats_.last_error = ec;
    if (ec) {
      spool_.failed();
      ++stats_.failures;
      stats_.last_failure = time;
      retry_at_ = ended + backoff_.next_pause();
    } else {
      ++stats_.batches;
      stats_.last_delivery = time;
      stats_.delivery_time = std::chrono::duration_cast<std::chrono::milliseconds>(ended - began);
      stats_.delivery_bytes = bytes.size();
      spool_.arrived();
      backoff_.succeeded();
      retry_at_ = Deadline::min();
      progress_.notify_all();
    }
  }

  const GraphiteOptions options_;
  mutable std::mutex mutex_;          ///< Guards all but the transport, which is the thread's.
  std::condition_variable changed_;   ///< There is something to do for the thread.
  std::condition_variable progress_;  ///< Points were delivered or dropped.
  client::GraphiteSpool spool_;
  GraphiteStats stats_;
  detail::Backoff backoff_;
  Deadline oldest_at_{};                 ///< When the first point came that was in no batch that was tried.
  Deadline retry_at_ = Deadline::min();  ///< Nothing is tried before.
  std::size_t flushes_ = 0;              ///< Calls of flush() that wait.
  bool is_hurried_ = false;  ///< The next try for a flush() or the end does not wait for the pause.
  bool is_closing_ = false;
  client::Interruption interruption_;
  client::Interruptible<Transport> transport_;
  std::thread thread_;
};

#if defined(STATWIRE_EXTERN_TEMPLATES)
extern template class GraphiteClient<>;  // see detail/config.hpp
#endif

}  // namespace statwire
