#pragma once

// A client of a metrics server for code that must not wait: put() takes note and returns, a thread of the
// client sends. What the server has not answered is kept and sent again after a reconnect, so a server that
// restarts costs nothing while the queue has room; what finds no room is dropped and counted.
//
//   statwire::BufferedMetricsClient client{"127.0.0.1", 8888};
//   client.put("huginn.cpu", 0.5);

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

#include "statwire/client/interruptible.hpp"
#include "statwire/client/metrics_connection.hpp"
#include "statwire/client/point.hpp"
#include "statwire/client/put_queue.hpp"
#include "statwire/detail/config.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/protocol/metrics_request.hpp"
#include "statwire/transport/backoff.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/tcp.hpp"

namespace statwire {

/// Options of a BufferedMetricsClient. Each duration is above 0.
struct BufferedMetricsOptions {
  std::chrono::milliseconds timeout{10'000};  ///< For each 4096 answers of the server.
  /// Some 40 bytes a point; see the memory below.
  std::size_t max_queue_bytes = std::size_t{8} * 1024 * 1024;
  std::chrono::milliseconds close_timeout{2'000};  ///< For what is left when the client ends; and a connect.
  std::chrono::milliseconds first_pause{100};      ///< Before another try to connect; doubles each time ...
  std::chrono::milliseconds longest_pause{5'000};  ///< ... up to this.
};

/// Where the points are: accepted = stored + refused + invalid + dropped + pending, at every moment.
struct BufferedMetricsStats {
  std::uint64_t accepted = 0;  ///< Calls of put.
  std::uint64_t stored = 0;    ///< Acknowledged by the server.
  std::uint64_t refused = 0;   ///< Answered with an error by the server; errors of its store are tried again.
  std::uint64_t invalid = 0;   ///< A key or value that no server takes; never sent.
  std::uint64_t dropped = 0;   ///< There was no room in the queue.
  std::uint64_t pending = 0;   ///< In the queue, or sent and not answered.
};

/// Puts without waiting. Keys and values as for MetricsClient; what is illegal is counted, not thrown.
///
/// Threads: any, all calls. Errors: none of put(); last_error() says why nothing is stored. Cost of a put: a
/// lock and the formatting of a line; no allocation, no system call but to wake the thread. Memory:
/// 2 x max_queue_bytes of address space, resident once used. The client does not survive a fork(): make one
/// in the child. `Clock` gives the time of a put without a timestamp.
template <StreamTransport Transport = TcpTransport, class Clock = std::chrono::system_clock>
class BufferedMetricsClient {
 public:
  /// Starts the thread, which connects; a server that is away is no error. Throws ClientError for an option
  /// out of range, std::system_error when there are no threads left.
  BufferedMetricsClient(std::string_view host, std::uint16_t port,
                        const BufferedMetricsOptions& options = {}) requires
      std::constructible_from<Transport, std::string_view, std::uint16_t>
      : BufferedMetricsClient{InPlace{}, options, host, port} {}

  /// The same over a transport of its own, as the fakes of testing/ are.
  explicit BufferedMetricsClient(Transport transport, const BufferedMetricsOptions& options = {}) requires
      std::move_constructible<Transport> : BufferedMetricsClient{InPlace{}, options, std::move(transport)} {}

  BufferedMetricsClient(const BufferedMetricsClient&) = delete;
  BufferedMetricsClient& operator=(const BufferedMetricsClient&) = delete;

  /// Sends what is left, for as long as `close_timeout` says.
  ~BufferedMetricsClient() {
    {
      const std::lock_guard lock{mutex_};
      is_ending_ = true;
      interruption_.end_by(deadline_after(options_.close_timeout));
    }
    changed_.notify_all();
    thread_.join();
  }

  /// Takes note of a value; returns whether it will be sent: not when key or value are illegal, or the queue
  /// is full.
  bool put(std::string_view key, double value, std::int64_t timestamp) noexcept {
    const bool is_valid = !protocol::check_put(key, value);
    const std::lock_guard lock{mutex_};
    ++stats_.accepted;
    if (!is_valid) {
      ++stats_.invalid;
      return false;
    }
    if (!queue_.append(key, value, timestamp)) {
      ++stats_.dropped;
      return false;
    }
    if (is_idle_) changed_.notify_all();
    return true;
  }

  /// The same as of now.
  bool put(std::string_view key, double value) noexcept {
    return put(key, value, client::unix_seconds<Clock>());
  }

  /// Waits until every point that was put before is answered; false when that takes longer than `timeout`.
  bool flush(std::chrono::milliseconds timeout) {
    std::unique_lock lock{mutex_};
    const std::uint64_t end = answered_ + queue_.lines();
    return answers_.wait_until(lock, deadline_after(timeout), [&] { return answered_ >= end; });
  }

  BufferedMetricsStats stats() const noexcept {
    const std::lock_guard lock{mutex_};
    BufferedMetricsStats stats = stats_;
    stats.pending = queue_.lines();
    return stats;
  }

  /// Why the last exchange with the server failed; no error once one has succeeded.
  std::error_code last_error() const noexcept {
    const std::lock_guard lock{mutex_};
    return last_error_;
  }

 private:
  using Connection = client::MetricsConnection<client::Interruptible<Transport>>;

  struct InPlace {};

  /// Counts answers up to the first that says that the store has failed, for now perhaps (a disk that is
  /// full): from there on, everything is to be sent again.
  struct Answers {
    void row(const protocol::Row&) {}
    void got() {}
    void stored(std::size_t count) {
      progress += count;
      if (!has_failed) stored_puts += count;
    }
    void refused(std::string_view words) {
      ++progress;
      has_failed = has_failed || words.starts_with(protocol::not_stored_words);
      if (!has_failed) ++refused_puts;
    }

    std::size_t progress = 0;
    std::size_t stored_puts = 0;
    std::size_t refused_puts = 0;
    bool has_failed = false;
  };

  template <class... Args>
  BufferedMetricsClient(InPlace, const BufferedMetricsOptions& options, Args&&... args)
      : options_{checked(options)},
        queue_{options.max_queue_bytes},
        connection_{MetricsOptions{.timeout = options.timeout}, interruption_, options.close_timeout,
                    std::forward<Args>(args)...},
        thread_{[this] { run(); }} {}

  static const BufferedMetricsOptions& checked(const BufferedMetricsOptions& options) {
    const auto check = [](const char* name, auto value, auto least) {
      if (value >= least) return;
      throw ClientError{errc::invalid_option, std::string{"statwire: "} + name + " " + std::to_string(value) +
                                                  ", must be at least " + std::to_string(least)};
    };
    check("timeout in milliseconds", options.timeout.count(), 1);
    check("close_timeout in milliseconds", options.close_timeout.count(), 1);
    check("first_pause in milliseconds", options.first_pause.count(), 1);
    check("max_queue_bytes", options.max_queue_bytes, 1U);
    return options;
  }

  /// The thread: sleeps while there is nothing to send.
  void run() {
    detail::Backoff backoff{options_.first_pause, options_.longest_pause};
    std::unique_lock lock{mutex_};
    for (;;) {
      is_idle_ = true;
      changed_.wait(lock, [&] { return is_ending_ || queue_.lines() != 0; });
      is_idle_ = false;
      if (queue_.lines() == 0 || interruption_.deadline() <= std::chrono::steady_clock::now()) break;
      const std::error_code ec = send(lock);
      last_error_ = ec;
      if (!ec) {
        backoff.succeeded();
        continue;
      }
      const Deadline again = deadline_after(backoff.next_pause());
      // Once the client is to end, waiting for the server's return has a limit of its own.
      changed_.wait_until(lock, std::min(again, interruption_.deadline()),
                          [&, was_ending = is_ending_] { return is_ending_ && !was_ending; });
    }
  }

  /// Sends what is in the queue and waits for the answers, without the lock.
  std::error_code send(std::unique_lock<std::mutex>& lock) {
    std::string_view lines = queue_.next();
    lock.unlock();
    Answers answers;
    std::error_code ec;
    connection_.prepare(ec);
    const auto add = [&] {
      auto& pipeline = connection_.pipeline();
      constexpr std::size_t enough = client::MetricsPipeline::enough_bytes;
      if (pipeline.unwritten().size() < enough) add_lines(pipeline, lines);
    };
    if (!ec) connection_.exchange(answers, add, ec);
    if (!ec && answers.has_failed) ec = errc::command_refused;
    lock.lock();
    queue_.answered(answers.stored_puts + answers.refused_puts);
    answered_ += answers.stored_puts + answers.refused_puts;
    stats_.stored += answers.stored_puts;
    stats_.refused += answers.refused_puts;
    answers_.notify_all();
    return ec;
  }

  /// Moves so many whole lines to the pipeline that it has enough to write.
  static void add_lines(client::MetricsPipeline& pipeline, std::string_view& lines) {
    const std::size_t wanted = std::min(lines.size(), client::MetricsPipeline::enough_bytes);
    const std::size_t end = lines.find('\n', wanted == 0 ? 0 : wanted - 1);
    const std::string_view some = lines.substr(0, end == std::string_view::npos ? 0 : end + 1);
    pipeline.add(some, client::MetricsPipeline::Expected::nothing,
                 static_cast<std::size_t>(std::count(some.begin(), some.end(), '\n')));
    lines.remove_prefix(some.size());
  }

  BufferedMetricsOptions options_;
  mutable std::mutex mutex_;         ///< Guards everything but the connection, which is the thread's.
  std::condition_variable changed_;  ///< Something is to be sent, or the client ends.
  std::condition_variable answers_;  ///< Points were answered.
  client::PutQueue queue_;
  BufferedMetricsStats stats_;
  std::uint64_t answered_ = 0;
  std::error_code last_error_;
  bool is_idle_ = false;
  bool is_ending_ = false;
  client::Interruption interruption_;
  Connection connection_;
  std::thread thread_;
};

#if defined(STATWIRE_EXTERN_TEMPLATES)
extern template class BufferedMetricsClient<>;  // see detail/config.hpp
#endif

}  // namespace statwire
