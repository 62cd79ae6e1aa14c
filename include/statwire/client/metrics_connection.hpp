#pragma once

// One connection of a blocking client to a metrics server: connects, tries again where the options say so,
// and moves the bytes of a MetricsPipeline within a deadline. MetricsClient says what is asked for, this says
// how it gets there.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/client/metrics_pipeline.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/transport/backoff.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire {

/// How a client goes on after it has lost its connection. A put or a get may be sent twice without harm (of
/// a key and second the last value wins, and a put keeps the timestamp of its first try), so it is.
struct RetryPolicy {
  int attempts = 1;  ///< Tries in all, each with the whole timeout; 1 never reconnects.
  std::chrono::milliseconds first_pause{100};     ///< Between two tries; doubles each time ...
  std::chrono::milliseconds longest_pause{5000};  ///< ... up to this.
};

/// Options of a MetricsClient.
struct MetricsOptions {
  /// How long one call may take: connecting, a put, a get; of many points, each 4096 of them.
  std::chrono::milliseconds timeout{10'000};
  RetryPolicy retry{};
  protocol::ReplyLimits limits{};  ///< Of a get; get_each() has but that of a line.
};

namespace client {

/// What the answers to puts have in common with those to gets.
struct Answers {
  void refused(std::string_view refusal) {
    ++progress;
    if (refusals++ == 0) words = refusal;
  }

  std::size_t progress = 0;  ///< What keeps the deadline away, see answers_per_deadline.
  std::size_t refusals = 0;
  std::string words;  ///< Of the first refusal.
};

struct PutAnswers : Answers {
  void row(const protocol::Row&) {}
  void got() {}
  void stored(std::size_t count) {
    this->progress += count;
    stored_puts += count;
  }

  std::size_t stored_puts = 0;
};

template <class OnRow>
struct GetAnswers : Answers {
  GetAnswers(OnRow function, std::size_t progress_of_row)
      : on_row{std::move(function)}, row_progress{progress_of_row} {}

  void row(const protocol::Row& given) {
    this->progress += row_progress;
    on_row(given);
  }
  void got() { ++this->progress; }
  void stored(std::size_t) {}

  OnRow on_row;
  std::size_t row_progress;
};

/// One thread at a time. After an error of the stream the connection is closed.
template <StreamTransport Transport>
class MetricsConnection {
 public:
  /// Makes the transport of what it is made of: it may be one that cannot be moved.
  template <class... Args>
  explicit MetricsConnection(const MetricsOptions& options, Args&&... args)
      : options_{options}, transport_(std::forward<Args>(args)...) {}

  MetricsConnection(const MetricsConnection&) = delete;
  MetricsConnection& operator=(const MetricsConnection&) = delete;
  ~MetricsConnection() { transport_.close(); }

  /// Connects for the first time; without retries it is the only time.
  void open(std::error_code& ec) {
    attempt(ec, [] {});
    may_connect_ = options_.retry.attempts > 1;
  }

  /// Makes tries until one succeeds, has an error that another would have too, or was the last.
  template <class Try>
  void attempt(std::error_code& ec, Try&& try_once) {
    detail::Backoff backoff{options_.retry.first_pause, options_.retry.longest_pause};
    for (int tries = 1;; ++tries) {
      prepare(ec);
      if (!ec) try_once();
      if (is_open_ || tries >= options_.retry.attempts || !is_worth_retrying(ec)) return;
      pause(backoff.next_pause());
    }
  }

  /// Forgets the last error; connects when there is no connection and one may be made.
  void prepare(std::error_code& ec) {
    ec.clear();
    culprit_.clear();
    if (is_open_) return;
    if (!may_connect_) {
      ec = errc::not_connected;
    } else if (options_.timeout.count() <= 0) {
      fail(errc::invalid_option,
           "timeout " + std::to_string(options_.timeout.count()) + " ms, must be above 0", ec);
    } else {
      transport_.connect(deadline_after(options_.timeout), ec);
      is_open_ = !ec;
    }
  }

  /// Lets `add` add requests, writes them, and reads answers, until there is no request and no answer to
  /// come.
  template <class SomeAnswers, class Add>
  void exchange(SomeAnswers& answers, Add&& add, std::error_code& ec) {
    try {
      exchange_or_throw(answers, add, ec);
    } catch (...) {  // from a callback of the user, or out of memory: replies are still to come
      close();
      throw;
    }
  }

  void close() noexcept {
    transport_.close();
    is_open_ = false;
    pipeline_.reset();
  }

  MetricsPipeline& pipeline() noexcept { return pipeline_; }
  const MetricsOptions& options() const noexcept { return options_; }
  Transport& transport() noexcept { return transport_; }
  const Transport& transport() const noexcept { return transport_; }

  /// Sets the error of a request, and the key or line that it is about; the next prepare() forgets it.
  void fail(std::error_code code, std::string_view culprit, std::error_code& ec) {
    ec = code;
    culprit_ = culprit;
  }

  const std::string& culprit() const noexcept { return culprit_; }

 private:
  /// Answers after which the deadline is set anew: a call of any length goes on as long as the server does,
  /// and a server that drips cannot hold it for ever.
  static constexpr std::uint64_t answers_per_deadline = 4096;

  /// Of the library's own errors, most say that the server is none.
  static bool is_worth_retrying(std::error_code ec) noexcept {
    return ec.category() != error_category() || ec == errc::timed_out || ec == errc::end_of_stream ||
           ec == errc::too_many_connections;
  }

  void pause(std::chrono::milliseconds duration) {
    if constexpr (HasPause<Transport>) {
      transport_.pause(duration);
    } else {
      std::this_thread::sleep_for(duration);
    }
  }

  template <class SomeAnswers, class Add>
  void exchange_or_throw(SomeAnswers& answers, Add& add, std::error_code& ec) {
    Deadline deadline = deadline_after(options_.timeout);
    std::size_t renewed_at = answers.progress;
    while (!ec) {
      // Over a transport that cannot do both at once, a batch is answered before the next is written: its
      // replies fit into the buffers of the sockets, so the server never waits for us to read.
      if (HasTransfer<Transport> || pipeline_.unanswered() == 0) add();
      if (pipeline_.unanswered() == 0) return;
      move_bytes(answers, deadline, ec);
      if (answers.progress - renewed_at >= answers_per_deadline) {
        deadline = deadline_after(options_.timeout);
        renewed_at = answers.progress;
      }
    }
    if (ec.category() != error_category()) read_last_answers(answers, deadline);
    close();
  }

  template <class SomeAnswers>
  void move_bytes(SomeAnswers& answers, Deadline deadline, std::error_code& ec) {
    Transferred moved;
    if constexpr (HasTransfer<Transport>) {
      moved = transport_.transfer(pipeline_.unwritten(), in_, deadline, ec);
    } else if (!pipeline_.unwritten().empty()) {
      moved.written = transport_.write_some(pipeline_.unwritten(), deadline, ec);
    } else {
      moved.read = transport_.read_some(in_, deadline, ec);
    }
    pipeline_.written(moved.written);
    receive(answers, moved.read, ec);
  }

  /// A server that has gone may have answered before: that is still to be read.
  template <class SomeAnswers>
  void read_last_answers(SomeAnswers& answers, Deadline deadline) {
    std::error_code end;
    while (!end) {
      const std::size_t bytes = transport_.read_some(in_, deadline, end);
      std::error_code wrong;  // is not why the connection broke
      pipeline_.receive({in_.data(), bytes}, answers, wrong);
      if (wrong) return;
    }
  }

  template <class SomeAnswers>
  void receive(SomeAnswers& answers, std::size_t bytes, std::error_code& ec) {
    std::error_code wrong;
    pipeline_.receive({in_.data(), bytes}, answers, wrong);
    if (!wrong) return;
    fail(wrong, pipeline_.culprit(), ec);
  }

  MetricsOptions options_;
  Transport transport_;
  bool is_open_ = false;
  bool may_connect_ = true;
  std::string culprit_;
  MetricsPipeline pipeline_;
  std::vector<char> in_ = std::vector<char>(65536);
};

}  // namespace client
}  // namespace statwire
