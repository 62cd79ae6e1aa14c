#pragma once

// The I/O of AsyncMetricsClient: takes orders from any thread, keeps one write, one read and one timer going
// on a strand of its own, and closes the connection when an answer is late. What the bytes mean is the
// business of the exchange that it is given (client/metrics_exchange.hpp).

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/async_inbox.hpp"
#include "statwire/transport/async_tcp.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::detail {

/// The error of what was cancelled.
inline std::error_code operation_aborted() noexcept {
  return standard(asio::error::operation_aborted);
}

/// Always held by a shared pointer: each handler of an I/O operation holds another.
template <AsyncStream Stream, class Exchange>
class AsyncConnection : public std::enable_shared_from_this<AsyncConnection<Stream, Exchange>> {
 public:
  using executor_type = typename Stream::executor_type;
  using Order = typename Exchange::Order;
  using Kind = typename Exchange::Kind;

  AsyncConnection(Stream stream, Exchange exchange, std::chrono::milliseconds timeout,
                  std::size_t max_pending_bytes)
      : executor_{stream.get_executor()},
        timeout_{timeout},
        strand_{executor_},
        inbox_{max_pending_bytes},
        stream_{std::move(stream)},
        timer_{executor_},
        exchange_{std::move(exchange)} {}

  const executor_type& executor() const noexcept { return executor_; }

  /// Takes an order with its lines; from any thread. On an error (errc::queue_full) it has taken nothing.
  /// `slot` cancels the order. The operation never completes within this call. When it throws, for want of
  /// memory, it has taken nothing either.
  template <class Slot>
  std::error_code submit(Order& order, std::string_view lines, Slot slot) {
    const auto added = inbox_.add(order, lines, [&](Order& numbered) {
      numbered.deadline = deadline_after(timeout_);
      if (slot.is_connected()) slot.assign(Canceller{this->weak_from_this(), numbered.id, numbered.kind});
    });
    if (added == Inbox::Added::no) return errc::queue_full;
    if (added == Inbox::Added::more) return {};
    try {
      // One for all that are submitted until it runs.
      post([](auto& self) { self.take_submitted(); });
    } catch (...) {
      if (inbox_.take_back(order)) throw;
    }
    return {};
  }

  /// Takes an order that nobody waits for: to close, or to cancel.
  void submit(Kind kind) {
    Order order;
    order.kind = kind;
    submit(order, {}, asio::cancellation_slot{});
  }

 private:
  using Inbox = AsyncInbox<Order>;
  enum class State { disconnected, connecting, connected };

  /// A handler of this connection's own. One that is destroyed without having been called means that its
  /// event loop is; then the operations go too, for their handlers may own what owns this connection.
  template <class Action>
  class Guarded {
   public:
    Guarded(std::shared_ptr<AsyncConnection> connection, Action action)
        : connection_{std::move(connection)}, action_{std::move(action)} {}
    Guarded(Guarded&&) noexcept = default;
    Guarded& operator=(Guarded&&) = delete;
    ~Guarded() {
      if (connection_) connection_->abandon();
    }

    template <class... Results>
    void operator()(Results... results) {
      const auto connection = std::move(connection_);
      action_(*connection, results...);
    }

   private:
    std::shared_ptr<AsyncConnection> connection_;
    Action action_;
  };

  /// What a cancellation slot is given. It may be called long after the order has ended.
  struct Canceller {
    void operator()(asio::cancellation_type_t type) const {
      // A put that is cancelled may have taken place all the same.
      constexpr auto any = asio::cancellation_type::terminal | asio::cancellation_type::partial;
      if (kind == Kind::put && (type & any) == asio::cancellation_type::none) return;
      const auto self = connection.lock();
      if (!self || type == asio::cancellation_type::none) return;
      self->post([id = id](auto& that) {
        // Whoever submitted the first of the orders, and this one with them, may not have posted yet.
        that.take_submitted();
        if (that.exchange_.cancel(id, operation_aborted())) that.fail(errc::not_connected);
        that.proceed();
      });
    }

    std::weak_ptr<AsyncConnection> connection;
    std::uint64_t id;
    Kind kind;
  };

  template <class Action>
  Guarded<Action> guarded(Action action) {
    return {this->shared_from_this(), std::move(action)};
  }

  template <class Action>
  auto on_strand(Action action) {
    return asio::bind_executor(strand_, guarded(std::move(action)));
  }

  /// Has something done on the strand; from any thread.
  template <class Action>
  void post(Action action) {
    struct Posting {
      explicit Posting(std::atomic<int>& count_) : count{count_} { ++count; }
      Posting(const Posting&) = delete;
      Posting& operator=(const Posting&) = delete;
      ~Posting() { --count; }
      std::atomic<int>& count;
    } const posting{posting_};
    asio::post(strand_, guarded(std::move(action)));
  }

  void take_submitted() {
    inbox_.take(taken_, taken_lines_);
    std::string_view lines = taken_lines_;
    for (Order& order : taken_) {
      const std::size_t bytes = order.bytes;
      take(std::move(order), lines.substr(0, bytes));
      lines.remove_prefix(bytes);
    }
    taken_.clear();
    recycle(taken_lines_);
    proceed();
  }

  void take(Order&& order, std::string_view lines) {
    switch (order.kind) {
      case Kind::close:
        return fail(operation_aborted());
      case Kind::cancel:
        if (exchange_.cancel_all(operation_aborted())) fail(operation_aborted());
        return;
      case Kind::connect:
        if (timeout_.count() <= 0) return refuse(order, errc::invalid_option);
        if (state_ == State::connected)
          return refuse(order, std::make_error_code(std::errc::already_connected));
        if (state_ == State::connecting) {
          return refuse(order, std::make_error_code(std::errc::connection_already_in_progress));
        }
        state_ = State::connecting;
        break;
      case Kind::put:
      case Kind::get:
        if (state_ == State::disconnected) return refuse(order, errc::not_connected);
        if (order.requests == 0) return refuse(order, {});
        break;
    }
    exchange_.add(std::move(order), lines);
  }

  /// Ends an order that was not added.
  void refuse(Order& order, std::error_code ec) {
    inbox_.release(order.bytes);
    order.operation.release()->complete(ec, 0);
  }

  /// Starts whatever is to be done and not under way.
  void proceed() {
    if (state_ == State::connecting) connect();
    if (state_ == State::connected) {
      write();
      read();
    }
    watch();
    if (const std::size_t bytes = exchange_.take_ended_bytes()) inbox_.release(bytes);
  }

  void connect() {
    // What the connection before has under way ends first, so that it is not taken for this one's.
    if (is_connecting_ || is_writing_ || is_reading_) return;
    is_connecting_ = true;
    stream_.async_connect(exchange_.deadline(),
                          on_strand([attempt = ++attempt_](auto& self, std::error_code ec) {
                            if (attempt == self.attempt_) self.on_connect(ec);
                          }));
  }

  void on_connect(std::error_code ec) {
    is_connecting_ = false;
    if (ec) {
      fail(ec);
    } else {
      state_ = State::connected;
      exchange_.connected();
    }
    proceed();
  }

  void write() {
    if (is_writing_ || write_ec_) return;
    if (written_ == writing_.size()) {
      recycle(writing_);
      written_ = 0;
      exchange_.take_unwritten(writing_);
    }
    if (writing_.empty()) return;
    is_writing_ = true;
    stream_.async_write_some(std::string_view{writing_}.substr(written_),
                             on_strand([](auto& self, std::error_code ec, std::size_t bytes) {
                               self.is_writing_ = false;
                               self.written_ += bytes;
                               if (self.state_ != State::connected) {
                                 self.forget_writing();
                               } else if (ec) {
                                 self.stop_writing(ec);
                               }
                               self.proceed();
                             }));
  }

  /// A server that takes no more may have said why, or have answered what came before: that is still to be
  /// read.
  void stop_writing(std::error_code ec) {
    if (exchange_.unanswered() == 0) return fail(ec);
    write_ec_ = ec;
  }

  void read() {
    if (is_reading_ || exchange_.unanswered() == 0) return;
    is_reading_ = true;
    stream_.async_read_some(in_, on_strand([](auto& self, std::error_code ec, std::size_t bytes) {
                              self.is_reading_ = false;
                              if (self.state_ == State::connected) self.receive({self.in_.data(), bytes}, ec);
                              self.proceed();
                            }));
  }

  void receive(std::string_view bytes, std::error_code ec) {
    if (ec && write_ec_) ec = write_ec_;  // the cause
    try {
      if (!ec) exchange_.receive(bytes, ec);
    } catch (...) {  // by what takes the rows of a get; it leaves the stream out of step
      fail(errc::not_connected);
      proceed();
      throw;
    }
    // More than was promised is left to write: the server has answered what it was not asked yet.
    if (!ec && exchange_.unwritten().size() > inbox_.max_pending_bytes()) ec = errc::unexpected_data;
    if (!ec && exchange_.unanswered() == 0) ec = write_ec_;  // nothing is left to wait for
    if (ec) fail(ec);
  }

  /// The timer runs towards the deadline that was the next when it was started, and then on to the one that
  /// is: answers that come in time do not touch it.
  void watch() {
    if (exchange_.empty()) {
      if (is_watching_) timer_.cancel();  // it would keep run() from returning
    } else if (!is_watching_ && exchange_.deadline() != Deadline::max()) {
      is_watching_ = true;
      timer_.expires_at(exchange_.deadline());
      timer_.async_wait(on_strand([](auto& self, std::error_code) {
        self.is_watching_ = false;
        const Deadline now = std::chrono::steady_clock::now();
        if (!self.exchange_.empty() && self.exchange_.deadline() <= now) {
          self.disconnect();
          self.exchange_.time_out(now);
        }
        self.proceed();
      }));
    }
  }

  void fail(std::error_code ec) {
    disconnect();
    exchange_.fail(ec);
  }

  void disconnect() {
    ++attempt_;
    is_connecting_ = false;
    state_ = State::disconnected;
    write_ec_.clear();
    if (!is_writing_) forget_writing();
    stream_.close();
  }

  void forget_writing() {
    recycle(writing_);
    written_ = 0;
  }

  /// Empties a string, and gives back memory that only a large batch needed.
  static void recycle(std::string& text) {
    constexpr std::size_t kept_bytes = std::size_t{1} << 18;
    text.clear();
    if (text.capacity() > kept_bytes) text = std::string{};
  }

  /// Destroys all operations without completing them; not for what could not be posted, which its caller
  /// learns.
  void abandon() {
    if (posting_ != 0) return;
    std::vector<Order> submitted;
    std::string lines;
    inbox_.take(submitted, lines);
    [[maybe_unused]] const auto abandoned = exchange_.take_orders();
  }

  const executor_type executor_;
  const std::chrono::milliseconds timeout_;
  asio::strand<executor_type> strand_;

  Inbox inbox_;
  std::atomic<int> posting_{0};  ///< Calls that are about to post.

  // What follows is used on the strand alone.
  Stream stream_;
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                             executor_type>
      timer_;
  Exchange exchange_;
  State state_ = State::disconnected;
  std::uint64_t attempt_ = 0;  ///< To connect; what an earlier one brings is too late.
  bool is_connecting_ = false;
  std::error_code write_ec_;  ///< Why nothing more can be written to this connection.
  bool is_writing_ = false;
  bool is_reading_ = false;
  bool is_watching_ = false;
  std::vector<Order> taken_;
  std::string taken_lines_;
  std::string writing_;
  std::size_t written_ = 0;  ///< Of its bytes.
  std::array<char, 65536> in_;
};

}  // namespace statwire::detail
