#pragma once

// What tcp.hpp declares; see detail/config.hpp.

#include "statwire/transport/tcp.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/blocking_receive.hpp"
#include "statwire/detail/config.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/detail/poll.hpp"
#include "statwire/detail/resolve.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

#if defined(__linux__)
#include <linux/sockios.h>
#include <sys/ioctl.h>
#endif

namespace statwire {

class TcpTransport::Impl {
 public:
  Impl(std::string_view host, std::uint16_t port) : host_{host}, port_{port} {}

  void connect(Deadline deadline, std::error_code& ec) {
    close();
    const auto endpoints = detail::resolve<asio::ip::tcp>(host_, port_, deadline, ec);
    if (!ec) open(ec);
    auto left = static_cast<std::chrono::steady_clock::rep>(endpoints.size());
    for (const auto& endpoint : endpoints) {
      if (!stream_) return;
      const Deadline now = std::chrono::steady_clock::now();
      try_connect(endpoint, left == 1 ? deadline : now + (deadline - now) / left, ec);
      if (!ec) return;
      --left;
    }
  }

  std::size_t read_some(std::span<char> buffer, Deadline deadline, std::error_code& ec) {
    return transfer({}, buffer, deadline, ec).read;
  }

  std::size_t write_some(std::string_view bytes, Deadline deadline, std::error_code& ec) {
    return transfer(bytes, {}, deadline, ec).written;
  }

  Transferred transfer(std::string_view out, std::span<char> in, Deadline deadline, std::error_code& ec) {
    if (!stream_ || !stream_->socket.is_open()) {
      ec = errc::not_connected;
      return {};
    }
    auto& socket = stream_->socket;
    for (;;) {
      Transferred moved;
      ec.clear();
      if (!out.empty()) {
        if (std::chrono::steady_clock::now() >= deadline) ec = errc::timed_out;
        if (ec) return {};
        moved.written = socket.send(asio::buffer(out.data(), out.size()), detail::do_not_wait, ec);
        if (ec != asio::error::would_block) return finish(moved, deadline, ec);
        detail::wait_until_ready(socket.native_handle(), readiness(in), deadline, ec);
        if (ec) return {};
        if (in.empty()) continue;
        moved.read = socket.receive(asio::buffer(in.data(), in.size()), detail::do_not_wait, ec);
      } else {
        moved.read = stream_->receiving.receive(socket, in, deadline, ec);
      }
      if (ec != asio::error::would_block) return finish(moved, deadline, ec);
    }
  }

  void shutdown_write(std::error_code& ec) {
    if (!stream_ || !stream_->socket.is_open()) {
      ec = errc::not_connected;
      return;
    }
    stream_->socket.shutdown(asio::ip::tcp::socket::shutdown_send, ec);
    stream_->is_shut_down = !ec;
    ec = detail::standard(ec);
  }

  std::size_t unacknowledged_bytes() noexcept {
#if defined(SIOCOUTQ)
    int bytes = 0;
    if (stream_ && stream_->socket.is_open() &&
        ::ioctl(stream_->socket.native_handle(), SIOCOUTQ, &bytes) == 0 && bytes > 0) {
      return static_cast<std::size_t>(bytes);
    }
#endif
    return 0;
  }

  void close() noexcept {
    std::error_code ignored;  // the socket is gone either way
    if (stream_) stream_->socket.close(ignored);
  }

 private:
  struct Stream {
    Stream() : io{1}, socket{io} {}

    asio::io_context io;
    asio::ip::tcp::socket socket;
    detail::BlockingReceive receiving;
    bool is_shut_down = false;
  };

  /// The event loop takes descriptors, of which the process may have no more.
  void open(std::error_code& ec) {
    if (stream_) return;
    ec = detail::error_of([this] { stream_.emplace(); });
  }

  void try_connect(const asio::ip::tcp::endpoint& endpoint, Deadline deadline, std::error_code& ec) {
    close();
    auto& socket = stream_->socket;
    socket.open(endpoint.protocol(), ec);
    if (ec) return void(ec = detail::standard(ec));
    detail::close_on_exec(socket);
    stream_->is_shut_down = false;
    run_until(deadline, ec, [&](auto done) { socket.async_connect(endpoint, done); });
    if (!ec && is_connected_to_itself(endpoint)) ec = asio::error::connection_refused;
    if (!ec) stream_->receiving.begin(socket, ec);
    // Requests are small and each waits for its answer: Nagle's algorithm would only delay them.
    if (!ec) socket.set_option(asio::ip::tcp::no_delay{true}, ec);
    ec = detail::standard(ec);
  }

  /// On loopback, a port that nobody listens on may be given to the connection itself, which then reaches
  /// itself.
  bool is_connected_to_itself(const asio::ip::tcp::endpoint& endpoint) const {
    std::error_code ec;
    return stream_->socket.local_endpoint(ec) == endpoint && !ec;
  }

  Transferred finish(Transferred moved, Deadline deadline, std::error_code& ec) {
    if (ec != asio::error::eof) {
      ec = detail::standard(ec);
    } else {
      ec = errc::end_of_stream;
      if (stream_->is_shut_down) await_acknowledgement(deadline, ec);
    }
    return moved;
  }

  /// Both sides have ended the stream, and nothing more comes. What is not acknowledged by now was under way
  /// when the peer ended it: either it is still read, or the peer's system resets the connection, of which
  /// reading does not tell. It takes a round trip to know, and no event tells of it.
  void await_acknowledgement(Deadline deadline, std::error_code& ec) {
    constexpr std::chrono::milliseconds moment{1};
    for (;;) {
      const bool is_all_taken = unacknowledged_bytes() == 0;
      if (const std::error_code failure = socket_error()) return void(ec = failure);
      if (is_all_taken) return;
      if (std::chrono::steady_clock::now() >= deadline) return void(ec = errc::timed_out);
      std::this_thread::sleep_for(moment);
    }
  }

  /// What has befallen the connection and was not told yet.
  std::error_code socket_error() noexcept {
#if defined(SIOCOUTQ)
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(stream_->socket.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size) == 0) {
      return {error, std::system_category()};
    }
#endif
    return {};
  }

  static detail::Readiness readiness(std::span<char> in) noexcept {
    return in.empty() ? detail::Readiness::write : detail::Readiness::read_or_write;
  }

  /// Starts one asynchronous operation and runs it to its end or the deadline, whichever is first.
  template <class Start>
  void run_until(Deadline deadline, std::error_code& ec, Start&& start) {
    bool finished = false;
    start([&](std::error_code result) {
      ec = result;
      finished = true;
    });
    stream_->io.restart();
    stream_->io.run_until(deadline);
    if (finished) return;
    close();            // cancels the operation ...
    stream_->io.run();  // ... whose handler refers to this frame, so it has to run before we leave
    ec = errc::timed_out;
  }

  std::string host_;
  std::uint16_t port_;
  std::optional<Stream> stream_;
};

STATWIRE_DECL TcpTransport::TcpTransport(std::string_view host, std::uint16_t port)
    : impl_{std::make_unique<Impl>(host, port)} {}

STATWIRE_DECL TcpTransport::~TcpTransport() = default;

STATWIRE_DECL void TcpTransport::connect(Deadline deadline, std::error_code& ec) {
  impl_->connect(deadline, ec);
}

STATWIRE_DECL std::size_t TcpTransport::read_some(std::span<char> buffer, Deadline deadline,
                                                  std::error_code& ec) {
  return impl_->transfer({}, buffer, deadline, ec).read;
}

STATWIRE_DECL std::size_t TcpTransport::write_some(std::string_view bytes, Deadline deadline,
                                                   std::error_code& ec) {
  return impl_->transfer(bytes, {}, deadline, ec).written;
}

STATWIRE_DECL Transferred TcpTransport::transfer(std::string_view out, std::span<char> in, Deadline deadline,
                                                 std::error_code& ec) {
  return impl_->transfer(out, in, deadline, ec);
}

STATWIRE_DECL void TcpTransport::shutdown_write(std::error_code& ec) {
  impl_->shutdown_write(ec);
}

STATWIRE_DECL std::size_t TcpTransport::unacknowledged_bytes() noexcept {
  return impl_->unacknowledged_bytes();
}

STATWIRE_DECL void TcpTransport::close() noexcept {
  impl_->close();
}

}  // namespace statwire
