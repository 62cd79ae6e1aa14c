#pragma once

// A TCP connection for AsyncMetricsClient: resolves, connects, reads and writes asynchronously, on any Asio
// executor. What a client needs of it is the concept AsyncStream, so that another kind of stream (TLS, a
// fake) can stand in its place.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/detail/resolve.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire {

/// What AsyncMetricsClient asks of a stream. Handlers are moved, called once through their associated
/// executor and never within the call that took them; one connect, one read and one write are under way at a
/// time. close() lets them complete soon, with any error; afterwards async_connect() may be called again,
/// also while a connect that was closed has not completed.
template <class Stream>
concept AsyncStream = requires(Stream& stream, const Stream& constant, Deadline deadline,
                               std::span<char> buffer, std::string_view bytes, void (*done)(std::error_code),
                               void (*moved)(std::error_code, std::size_t)) {
  typename Stream::executor_type;
  { constant.get_executor() } -> std::convertible_to<typename Stream::executor_type>;
  stream.async_connect(deadline, done);
  stream.async_read_some(buffer, moved);
  stream.async_write_some(bytes, moved);
  stream.close();
};

/// An AsyncStream over TCP. One thread at a time. Errors: errc::invalid_option (an empty host, port 0),
/// errc::timed_out, errc::end_of_stream, and the system's.
template <class Executor = asio::any_io_executor>
class BasicAsyncTcpStream {
 public:
  using executor_type = Executor;

  /// Remembers where to connect; nothing is opened yet.
  BasicAsyncTcpStream(const Executor& executor, std::string_view host, std::uint16_t port)
      : executor_{executor},
        host_{host},
        port_{port},
        resolver_{executor},
        socket_{executor},
        timer_{executor} {}

  executor_type get_executor() const noexcept { return executor_; }

  /// Resolves the host and connects to the first of its addresses that answers. An address that does not
  /// answer may take its share of the time that is left, not all of it; at the last one the deadline is the
  /// caller's to watch.
  template <class Handler>
  void async_connect(Deadline deadline, Handler&& handler) {
    const auto dial = std::make_shared<Dial<std::decay_t<Handler>>>(std::forward<Handler>(handler), deadline,
                                                                    ++generation_);
    if (host_.empty() || port_ == 0) return finish(dial, errc::invalid_option);
    if (const auto endpoint = detail::literal_endpoint<asio::ip::tcp>(host_, port_)) {
      dial->endpoints.push_back(*endpoint);
      return try_next(dial, {});
    }
    resolver_.async_resolve(host_, std::to_string(port_), Resolver::numeric_service,
                            bound(dial, [this, dial](std::error_code ec, auto found) {
                              for (const auto& entry : found) dial->endpoints.push_back(entry.endpoint());
                              try_next(dial, ec);
                            }));
  }

  template <class Handler>
  void async_read_some(std::span<char> buffer, Handler&& handler) {
    socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()),
                            standard(std::forward<Handler>(handler)));
  }

  template <class Handler>
  void async_write_some(std::string_view bytes, Handler&& handler) {
    socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()),
                             standard(std::forward<Handler>(handler)));
  }

  void close() {
    ++generation_;
    resolver_.cancel();
    timer_.cancel();
    std::error_code ignored;  // the socket is gone either way
    socket_.close(ignored);
  }

 private:
  using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;
  using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;

  template <class Handler>
  struct Dial {
    Dial(Handler&& handler_, Deadline deadline_, std::uint64_t generation_)
        : handler{std::move(handler_)}, deadline{deadline_}, generation{generation_} {}

    Handler handler;
    Deadline deadline;
    std::uint64_t generation;  ///< Differs from that of the stream when it was closed meanwhile.
    std::vector<asio::ip::tcp::endpoint> endpoints{};
    std::size_t tried = 0;
    bool is_over = false;  ///< Then the stream may be gone.
  };

  /// Gives a handler of ours the executor of the one that was given to us.
  template <class Dialling, class Action>
  auto bound(const Dialling& dial, Action&& action) {
    return asio::bind_executor(asio::get_associated_executor(dial->handler, get_executor()),
                               std::forward<Action>(action));
  }

  template <class Dialling>
  void finish(const Dialling& dial, std::error_code ec) {
    dial->is_over = true;
    asio::post(get_executor(), bound(dial, [dial, ec] { dial->handler(detail::standard(ec)); }));
  }

  /// Tries the next address; `ec` is why the last was not the one.
  template <class Dialling>
  void try_next(const Dialling& dial, std::error_code ec) {
    if (dial->generation != generation_) return finish(dial, asio::error::operation_aborted);
    const std::size_t left = dial->endpoints.size() - dial->tried;
    if (left == 0) return finish(dial, ec ? ec : std::error_code{asio::error::host_not_found});
    socket_.close(ec);
    if (left > 1) limit_try(dial, left);
    const auto& endpoint = dial->endpoints[dial->tried++];
    socket_.open(endpoint.protocol(), ec);  // async_connect says it again
    if (!ec) detail::close_on_exec(socket_);
    socket_.async_connect(endpoint, bound(dial, [this, dial](std::error_code tried) {
                            if (dial->generation != generation_) return try_next(dial, tried);
                            timer_.cancel();
                            if (!tried) tried = prepare();
                            // Closed by the timer, that is.
                            if (tried == asio::error::operation_aborted) tried = errc::timed_out;
                            tried ? try_next(dial, tried) : finish(dial, {});
                          }));
  }

  template <class Dialling>
  void limit_try(const Dialling& dial, std::size_t left) {
    const Deadline now = std::chrono::steady_clock::now();
    timer_.expires_at(now + (dial->deadline - now) / static_cast<Deadline::rep>(left));
    timer_.async_wait(bound(dial, [this, dial, number = dial->tried + 1](std::error_code ec) {
      if (ec || dial->is_over || dial->generation != generation_ || dial->tried != number) return;
      std::error_code ignored;
      socket_.close(ignored);
    }));
  }

  /// Requests are small and each waits for its answer: Nagle's algorithm would only delay them.
  std::error_code prepare() {
    std::error_code ec;
    socket_.set_option(asio::ip::tcp::no_delay{true}, ec);
    return ec;
  }

  template <class Handler>
  auto standard(Handler&& handler) {
    auto executor = asio::get_associated_executor(handler, get_executor());
    return asio::bind_executor(
        executor, [handler = std::forward<Handler>(handler)](std::error_code ec, std::size_t bytes) mutable {
          std::move(handler)(
              ec == asio::error::eof ? std::error_code{errc::end_of_stream} : detail::standard(ec), bytes);
        });
  }

  Executor executor_;
  std::string host_;
  std::uint16_t port_;
  Resolver resolver_;
  Socket socket_;
  Timer timer_;
  std::uint64_t generation_ = 0;
};

using AsyncTcpStream = BasicAsyncTcpStream<>;

}  // namespace statwire
