#pragma once

// The asynchronous client of a metrics server, for programs that run an Asio event loop: any number of puts
// and gets at once over one connection, pipelined and answered in order, with callbacks, futures, coroutines
// or any other completion token. The blocking one is in metrics.hpp.
//
//   statwire::AsyncMetricsClient client{io, "127.0.0.1", 8888, {.timeout = 15s}};
//   co_await client.async_connect(asio::use_awaitable);
//   co_await client.async_put("huginn.cpu", 0.5, asio::use_awaitable);
//   statwire::Series series = co_await client.async_get("*", asio::use_awaitable);

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include "statwire/client/metrics_exchange.hpp"
#include "statwire/client/point.hpp"
#include "statwire/client/request_text.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/protocol/metrics_request.hpp"
#include "statwire/transport/async_connection.hpp"
#include "statwire/transport/async_operation.hpp"
#include "statwire/transport/async_tcp.hpp"

namespace statwire {

/// Options of an AsyncMetricsClient.
struct AsyncMetricsOptions {
  /// From the call of an operation to its last answer; above 0.
  std::chrono::milliseconds timeout{10'000};
  /// What a get takes at most.
  protocol::ReplyLimits limits{};
  /// Lines of requests that are not answered yet; what does not fit is refused with errc::queue_full.
  std::size_t max_pending_bytes = std::size_t{16} << 20;
};

namespace detail {

/// What becomes of the answer to a put, or of a connect.
struct Acknowledged {
  void row(const protocol::Row& /*row*/) {}
  std::tuple<std::error_code> results(std::error_code ec, std::size_t /*stored*/) { return {ec}; }
};

/// What becomes of the answers to many puts.
struct Counted {
  void row(const protocol::Row& /*row*/) {}
  std::tuple<std::error_code, std::size_t> results(std::error_code ec, std::size_t stored) {
    return {ec, stored};
  }
};

/// What becomes of the rows of a get.
struct Collected {
  Collected() = default;
  Collected(const Collected& /*empty*/) {}  // the builder stays where it is, and is filled only there
  Collected& operator=(const Collected&) = delete;

  void row(const protocol::Row& row) { builder.add(row); }
  std::tuple<std::error_code, Series> results(std::error_code ec, std::size_t /*stored*/) {
    return {ec, ec ? Series{} : builder.take()};
  }

  client::SeriesBuilder builder{};
};

template <class OnRow>
struct HandedOn {
  void row(const protocol::Row& row) { on_row(row.key, Sample{row.timestamp, row.value}); }
  std::tuple<std::error_code> results(std::error_code ec, std::size_t /*stored*/) { return {ec}; }

  OnRow on_row;
};

}  // namespace detail

/// Puts and gets over one connection, as MetricsClient does, without waiting.
///
/// Every `async_` function takes a completion token of Asio (a callback, asio::use_future,
/// asio::use_awaitable, asio::detached, ...) as its last argument. Its other arguments are used up when it
/// returns, also with tokens that start the operation later. The handler is never called within it, but
/// through the handler's associated executor, or the client's when it has none; it is given an error_code
/// first. Requests leave in the order of the calls, many with one system call, and are answered in that
/// order; none waits for the answer to another.
///
/// Errors of every operation:
///
/// - errc::not_connected: there is no connection, or it was closed because another operation timed out.
///   Until async_connect() is called again (it may be called at once: operations that follow it wait for it).
/// - errc::timed_out: not answered in time. What comes after is of no more use: the connection is closed.
/// - errc::end_of_stream, those of a reply (errc::unexpected_status, errc::unexpected_data, ...,
///   errc::reply_too_large) and of the system: the connection is closed, and every operation that is under
///   way ends with the same error.
/// - errc::command_refused: the server's answer to this operation; the connection stays in use.
/// - errc::queue_full: max_pending_bytes. Nothing was sent. Wait for earlier operations, or make a batch
///   smaller.
/// - errc::invalid_key, errc::invalid_value: nothing was sent.
/// - std::errc::operation_canceled (asio::error::operation_aborted in the category of the system): it was
///   cancelled by the handler's cancellation slot, cancel(), close() or the destructor. Whether a put took
///   place is then unknown, as after any error of the connection; to put it again does no harm, the last
///   value of a key and second wins. A cancelled operation ends at once; its answer is read later and thrown
///   away, and the connection goes on. To cancel async_connect() ends the operations that wait for it with
///   errc::not_connected.
///
/// Threads: every function may be called from any thread, and the event loop may be run by many; the client
/// has a strand of its own. The client may be destroyed while operations are under way: they are cancelled.
/// Its event loop has work only while operations are under way, and must outlive the client.
///
/// Cost: one allocation an operation (from the handler's allocator), none for the text of a put whose line
/// has up to 104 bytes; one timer for all.
/// `Clock` gives the time of a put without a timestamp.
template <AsyncStream Stream = AsyncTcpStream, class Clock = std::chrono::system_clock>
class AsyncMetricsClient {
 public:
  using executor_type = typename Stream::executor_type;

  /// Remembers where to connect. An empty host, port 0 or a timeout that is not above 0 is
  /// errc::invalid_option when it connects.
  AsyncMetricsClient(const executor_type& executor, std::string_view host, std::uint16_t port,
                     const AsyncMetricsOptions& options = {}) requires
      std::constructible_from<Stream, executor_type, std::string_view, std::uint16_t>
      : AsyncMetricsClient{Stream{executor, host, port}, options} {}

  /// As above, for an asio::io_context or another execution context.
  template <std::derived_from<asio::execution_context> Context>
  AsyncMetricsClient(Context& context, std::string_view host, std::uint16_t port,
                     const AsyncMetricsOptions& options = {}) requires
      std::constructible_from<Stream, executor_type, std::string_view, std::uint16_t>
      : AsyncMetricsClient{executor_type{context.get_executor()}, host, port, options} {}

  /// Connects over a stream of its own.
  explicit AsyncMetricsClient(Stream stream, const AsyncMetricsOptions& options = {})
      : max_pending_bytes_{options.max_pending_bytes},
        connection_{std::make_shared<Connection>(std::move(stream), Exchange{options.limits}, options.timeout,
                                                 options.max_pending_bytes)} {}

  AsyncMetricsClient(const AsyncMetricsClient&) = delete;
  AsyncMetricsClient& operator=(const AsyncMetricsClient&) = delete;

  ~AsyncMetricsClient() {
    // Nothing is under way when nobody else holds it.
    if (connection_.use_count() != 1) connection_->submit(Kind::close);
  }

  /// That of handlers that have none of their own.
  executor_type get_executor() const noexcept { return connection_->executor(); }

  /// Connects; calls `void(std::error_code)`. Operations that are called later wait for it, and end with its
  /// error if it has one. Errors: errc::invalid_option, errc::timed_out, std::errc::already_connected,
  /// std::errc::connection_already_in_progress, and the system's.
  template <class Token>
  auto async_connect(Token&& token) {
    return initiate<void(std::error_code)>(token, Asked<detail::Acknowledged>{.kind = Kind::connect});
  }

  /// Stores one value: `put key value timestamp\n`; calls `void(std::error_code)`. The timestamp is in Unix
  /// seconds.
  template <class Token>
  auto async_put(std::string_view key, double value, std::int64_t timestamp, Token&& token) {
    Asked<detail::Acknowledged> asked{.kind = Kind::put};
    asked.ec = protocol::check_put(key, value);
    if (!asked.ec) protocol::append_put(asked.lines, key, value, timestamp);
    return initiate<void(std::error_code)>(token, std::move(asked));
  }

  /// Stores one value as of now.
  template <class Token>
  auto async_put(std::string_view key, double value, Token&& token) {
    return async_put(key, value, client::unix_seconds<Clock>(), std::forward<Token>(token));
  }

  /// Stores many values, of which all or none are sent: those of one call may have max_pending_bytes of
  /// lines. Calls `void(std::error_code, std::size_t stored)`, also on failure with how many are known to be
  /// stored. One that the server refuses does not keep the others from being stored.
  template <class Token>
  auto async_put(std::span<const Point> points, Token&& token) {
    Asked<detail::Counted> asked{.kind = Kind::put, .requests = points.size()};
    const std::int64_t now = client::unix_seconds<Clock>();
    for (const Point& point : points) {
      asked.ec = protocol::check_put(point.key, point.value);
      if (!asked.ec && asked.lines.view().size() > max_pending_bytes_) asked.ec = errc::queue_full;
      if (asked.ec) break;
      protocol::append_put(asked.lines, point.key, point.value, point.timestamp.value_or(now));
    }
    return initiate<void(std::error_code, std::size_t)>(token, std::move(asked));
  }

  /// Gets the series of one key, or of all keys for "*"; calls `void(std::error_code, Series)`. An unknown
  /// key gives an empty map.
  template <class Token>
  auto async_get(std::string_view key, Token&& token) {
    return initiate<void(std::error_code, Series)>(token, get_of(key, detail::Collected{}));
  }

  /// As above, but calls `on_row(std::string_view key, Sample)` for each row as it arrives, in the order of
  /// the server, and then `void(std::error_code)`: for series that are too large to hold. The rows before an
  /// error have been handed on. `on_row` is called on the client's strand, one call at a time, never within
  /// this function nor after the operation has ended; everything else of this client waits meanwhile. What it
  /// throws closes the connection and leaves the run() of the event loop.
  template <std::invocable<std::string_view, Sample> OnRow, class Token>
  auto async_get_each(std::string_view key, OnRow on_row, Token&& token) {
    return initiate<void(std::error_code)>(token, get_of(key, detail::HandedOn<OnRow>{std::move(on_row)}));
  }

  /// Cancels all operations that were called before; the connection stays, unless it was being made.
  void cancel() { connection_->submit(Kind::cancel); }

  /// Cancels all operations that were called before and closes the connection; async_connect() makes another.
  void close() { connection_->submit(Kind::close); }

 private:
  using Exchange = client::MetricsExchange<detail::AsyncOperationPointer>;
  using Connection = detail::AsyncConnection<Stream, Exchange>;
  using Order = typename Exchange::Order;
  using Kind = typename Exchange::Kind;

  /// What an operation is made of when it is started, be that at once or later.
  template <class Payload>
  struct Asked {
    Payload payload{};
    client::RequestText lines{};
    Kind kind{};
    std::size_t requests = 1;
    std::error_code ec{};  ///< What is wrong with the arguments.
  };

  struct Initiation {
    using executor_type = typename Stream::executor_type;
    executor_type get_executor() const noexcept { return connection->executor(); }

    template <class Handler, class Payload>
    void operator()(Handler&& handler, Asked<Payload> asked) const {
      using Operation = detail::AsyncOperationOf<Payload, std::decay_t<Handler>, executor_type>;
      const auto slot = asio::get_associated_cancellation_slot(handler);
      Order order;
      order.operation =
          Operation::make(std::move(asked.payload), std::decay_t<Handler>{std::forward<Handler>(handler)},
                          connection->executor());
      order.kind = asked.kind;
      order.requests = asked.requests;
      if (!asked.ec) asked.ec = connection->submit(order, asked.lines.view(), slot);
      if (asked.ec) order.operation.release()->complete(asked.ec, 0);
    }

    std::shared_ptr<Connection> connection;
  };

  template <class Payload>
  static Asked<Payload> get_of(std::string_view key, Payload&& payload) {
    Asked<Payload> asked{.payload = std::forward<Payload>(payload), .kind = Kind::get};
    if (protocol::is_valid_key(key)) {
      protocol::append_get(asked.lines, key);
    } else {
      asked.ec = errc::invalid_key;
    }
    return asked;
  }

  template <class Signature, class Token, class Payload>
  auto initiate(Token& token, Asked<Payload> asked) {
    return asio::async_initiate<Token, Signature>(Initiation{connection_}, token, std::move(asked));
  }

  std::size_t max_pending_bytes_;
  std::shared_ptr<Connection> connection_;
};

}  // namespace statwire
