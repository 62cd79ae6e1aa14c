#pragma once

// Hands lines over to a TCP listener that acknowledges nothing, from a thread of its own: bytes in, TCP out.
// What a lost connection may have taken with it is sent again on the next one (see resend_queue.hpp,
// outgoing_connection.hpp). What the lines say is of no interest here. Used by forwarding_store.hpp.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/server/outgoing_connection.hpp"
#include "statwire/server/resend_queue.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::server {

/// Where a LineForwarder sends, and what it may hold.
struct LineForwarderOptions {
  Peer peer;
  std::size_t max_queue_bytes;              ///< Of lines: to be sent, and kept to be sent again.
  std::chrono::milliseconds resend_window;  ///< How long what was sent is kept.
  std::chrono::milliseconds close_timeout;  ///< How long the destructor tries to hand over the rest.
};

/// What became of lines. All that were appended are sent, pending or dropped.
struct LineForwarderStats {
  std::uint64_t sent = 0;     ///< Written to a connection once at least.
  std::uint64_t pending = 0;  ///< Not yet written.
  std::uint64_t dropped = 0;  ///< Found the queue full.
  std::uint64_t resent = 0;   ///< Written again after a lost connection; each time counts.
};

/// Threads: append(), flush(), stats() and last_error() from any. Not for the child of a fork, where its
/// thread is missing.
class LineForwarder {
 public:
  /// Starts to connect, and does not wait for it. Throws ClientError: errc::invalid_option for an empty host,
  /// port 0, or a duration below 0; what the system says when there is no thread.
  explicit LineForwarder(LineForwarderOptions options)
      : options_{require_valid(std::move(options))},
        queue_{options_.max_queue_bytes, options_.resend_window},
        connection_{io_, options_.peer, *this} {
    const std::error_code ec = statwire::detail::error_of([this] {
      asio::post(io_, [this] { connection_.open(); });
      thread_ = std::thread{[this] { run(); }};
    });
    if (ec) statwire::detail::fail(ec, "statwire: no thread to forward to " + options_.peer.host);
  }

  LineForwarder(const LineForwarder&) = delete;
  LineForwarder& operator=(const LineForwarder&) = delete;

  /// Sends what is pending and then waits until the listener has read everything and closes the connection in
  /// its turn, for options.close_timeout at most.
  ~LineForwarder() {
    {
      std::unique_lock lock{mutex_};
      is_closing_ = true;
      wake();
      changed_.wait_until(lock, deadline_after(options_.close_timeout), [this] { return is_finished_; });
    }
    io_.stop();
    thread_.join();
  }

  /// Takes `count` whole lines, each with its line feed. Never waits, throws or fails: what finds no room is
  /// counted. Cost: a lock and a copy; a system call only when the thread sleeps, which it does 200 times a
  /// second at most.
  void append(std::string_view lines, std::size_t count) noexcept {
    const std::lock_guard lock{mutex_};
    const std::size_t taken = queue_.append(lines, count);
    appended_ += taken;
    dropped_ += count - taken;
    if (is_asleep_) wake();
  }

  /// Waits until everything is written to a connection, also what has to be written again; false when the
  /// deadline comes first. What is written need not have been read: no listener would say so.
  bool flush(Deadline deadline) noexcept {
    std::unique_lock lock{mutex_};
    if (!queue_.is_all_written()) wake();
    return changed_.wait_until(lock, deadline, [this] { return queue_.is_all_written(); });
  }

  LineForwarderStats stats() const noexcept {
    const std::lock_guard lock{mutex_};
    return {.sent = queue_.sent_lines(),
            .pending = appended_ - queue_.sent_lines(),
            .dropped = dropped_,
            .resent = queue_.resent_lines()};
  }

  /// Why there is no connection; no error while there is one.
  std::error_code last_error() const noexcept {
    const std::lock_guard lock{mutex_};
    return error_;
  }

 private:
  friend OutgoingConnection<LineForwarder>;

  /// After everything was written, the thread looks again this much later before it sleeps, so that a stream
  /// of points does not wake it at each point.
  static constexpr std::chrono::milliseconds linger{5};

  static constexpr std::chrono::milliseconds out_of_memory_pause{50};

  /// Returns the options with what the connection has to know of them.
  static LineForwarderOptions require_valid(LineForwarderOptions options) {
    if (options.peer.host.empty() || options.peer.port == 0 || options.resend_window.count() < 0 ||
        options.close_timeout.count() < 0) {
      statwire::detail::fail(errc::invalid_option, "statwire: forward to '" + options.peer.host + "' port " +
                                                       std::to_string(options.peer.port));
    }
    options.peer.patience = options.resend_window;
    return options;
  }

  /// Has the thread look after the queue. Called with the lock.
  void wake() noexcept {
    const auto failed = statwire::detail::error_of([this] { asio::post(io_, [this] { attend(); }); });
    if (!failed) is_asleep_ = false;
  }

  // Everything below happens on the thread.

  void run() noexcept {
    const auto work = asio::make_work_guard(io_);  // it ends when it is stopped
    std::error_code ec;
    // No memory, no descriptors: tried again after a pause, like everything.
    while ((ec = statwire::detail::error_of([&] {
              if (ec) connection_.lose(ec);
              io_.run();
            }))) {
      std::this_thread::sleep_for(out_of_memory_pause);
    }
  }

  void attend() {
    if (connection_.is_open()) return pump();
    {
      const std::lock_guard lock{mutex_};
      if (!is_closing_) return;
      if (queue_.is_all_written()) return finish();
    }
    connection_.hurry();
  }

  void on_open() {
    {
      const std::lock_guard lock{mutex_};
      error_.clear();
    }
    pump();
  }

  void on_written(std::size_t bytes) {
    is_writing_ = false;
    {
      const std::lock_guard lock{mutex_};
      queue_.written(bytes, std::chrono::steady_clock::now());
    }
    pump();
  }

  void on_lost(std::error_code ec) noexcept {
    is_writing_ = false;
    timer_.cancel();
    const std::lock_guard lock{mutex_};
    queue_.expire(std::chrono::steady_clock::now(), connection_.unacknowledged_bytes());
    queue_.lost();
    is_asleep_ = false;  // it will look after the queue when there is a connection
    error_ = ec;
  }

  void on_farewell() {
    const std::lock_guard lock{mutex_};
    finish();
  }

  /// Writes what there is to write; when that is nothing, sleeps, or ends.
  void pump() {
    if (is_writing_ || !connection_.is_open()) return;
    std::string_view bytes;
    bool is_closing;
    {
      const std::lock_guard lock{mutex_};
      queue_.expire(std::chrono::steady_clock::now(), connection_.unacknowledged_bytes());
      bytes = queue_.next();
      is_closing = is_closing_;
      is_asleep_ = bytes.empty() && !wrote_lately_;
      if (bytes.empty()) changed_.notify_all();
    }
    if (!bytes.empty()) {
      is_writing_ = wrote_lately_ = true;
      connection_.write(bytes);
    } else if (is_closing) {
      connection_.shut_down();
    } else {
      rest();
    }
  }

  /// Looks again soon, or, when nothing came since it did, at the time when something can be forgotten.
  void rest() {
    const Deadline soon = std::chrono::steady_clock::now() + linger;
    std::optional<Deadline> next = soon;
    if (!std::exchange(wrote_lately_, false)) {
      const std::lock_guard lock{mutex_};
      next = queue_.next_expiry();
    }
    if (!next) return;
    timer_.expires_at(std::max(*next, soon));
    timer_.async_wait([this](std::error_code ec) {
      if (!ec) pump();
    });
  }

  /// Nothing is left to do. Called with the lock.
  void finish() {
    is_finished_ = true;
    changed_.notify_all();
  }

  const LineForwarderOptions options_;

  mutable std::mutex mutex_;  ///< Guards these:
  std::condition_variable changed_;
  ResendQueue queue_;
  std::uint64_t appended_ = 0;
  std::uint64_t dropped_ = 0;
  std::error_code error_ = errc::not_connected;
  bool is_asleep_ = false;
  bool is_closing_ = false;
  bool is_finished_ = false;

  asio::io_context io_{1};
  OutgoingConnection<LineForwarder> connection_;
  asio::steady_timer timer_{io_};
  bool is_writing_ = false;
  bool wrote_lately_ = false;
  std::thread thread_;
};

}  // namespace statwire::server
