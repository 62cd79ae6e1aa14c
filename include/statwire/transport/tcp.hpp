#pragma once

// A TCP connection with a deadline on every call, through Asio: connecting (resolving included), reading and
// writing end with errc::timed_out instead of waiting for ever.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/resolve.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire {

/// A StreamTransport over TCP. One thread at a time. Errors: errc::timed_out, errc::end_of_stream, and the
/// system's.
class TcpTransport {
 public:
  /// Remembers where to connect; nothing is opened yet.
  TcpTransport(std::string_view host, std::uint16_t port) : host_{host}, port_{port} {}

  /// Resolves the host and connects to the first of its addresses that answers.
  void connect(Deadline deadline, std::error_code& ec) {
    close();
    for (const auto& endpoint : detail::resolve<asio::ip::tcp>(host_, port_, deadline, ec)) {
      close();
      try_connect(endpoint, deadline, ec);
      if (!ec || ec == errc::timed_out) return;
    }
    ec = detail::standard(ec);
  }

  std::size_t read_some(std::span<char> buffer, Deadline deadline, std::error_code& ec) {
    const auto target = asio::buffer(buffer.data(), buffer.size());
    const std::size_t bytes =
        retry(asio::ip::tcp::socket::wait_read, deadline, ec, [&] { return socket_.read_some(target, ec); });
    if (ec == asio::error::eof) ec = errc::end_of_stream;
    return bytes;
  }

  std::size_t write_some(std::string_view bytes, Deadline deadline, std::error_code& ec) {
    const auto source = asio::buffer(bytes.data(), bytes.size());
    return retry(asio::ip::tcp::socket::wait_write, deadline, ec,
                 [&] { return socket_.write_some(source, ec); });
  }

  void close() noexcept {
    std::error_code ignored;  // the socket is gone either way
    socket_.close(ignored);
  }

 private:
  void try_connect(const asio::ip::tcp::endpoint& endpoint, Deadline deadline, std::error_code& ec) {
    run_until(deadline, ec, [&](auto done) { socket_.async_connect(endpoint, done); });
    if (!ec) socket_.non_blocking(true, ec);
    // Requests are small and each waits for its answer: Nagle's algorithm would only delay them.
    if (!ec) socket_.set_option(asio::ip::tcp::no_delay{true}, ec);
  }

  /// Tries at once and, while the socket is not ready, waits until it is.
  template <class Try>
  std::size_t retry(asio::ip::tcp::socket::wait_type readiness, Deadline deadline, std::error_code& ec,
                    Try&& attempt) {
    for (;;) {
      ec.clear();
      const std::size_t bytes = attempt();
      if (ec != asio::error::would_block) {
        ec = detail::standard(ec);
        return bytes;
      }
      run_until(deadline, ec, [&](auto done) { socket_.async_wait(readiness, done); });
      if (ec) return 0;
    }
  }

  /// Starts one asynchronous operation and runs it to its end or the deadline, whichever is first.
  template <class Start>
  void run_until(Deadline deadline, std::error_code& ec, Start&& start) {
    bool finished = false;
    start([&](std::error_code result) {
      ec = result;
      finished = true;
    });
    io_.restart();
    io_.run_until(deadline);
    if (finished) return;
    close();    // cancels the operation ...
    io_.run();  // ... whose handler refers to this frame, so it has to run before we leave
    ec = errc::timed_out;
  }

  std::string host_;
  std::uint16_t port_;
  asio::io_context io_{1};
  asio::ip::tcp::socket socket_{io_};
};

}  // namespace statwire
