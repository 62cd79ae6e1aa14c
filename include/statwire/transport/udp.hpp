#pragma once

// Datagrams over UDP, IPv4 or IPv6, through Asio. The socket is connected, so the kernel keeps the route and
// reports a refusal, and non-blocking, so a full socket buffer costs a datagram and never time.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/resolve.hpp"
#include "statwire/error.hpp"

namespace statwire {

/// A DatagramTransport over a connected UDP socket. One thread at a time.
class UdpTransport {
 public:
  /// Opens a socket to `host` (a name, an IPv4 or an IPv6 address without brackets). A name is resolved here,
  /// once, for ten seconds at most. Throws ClientError: errc::invalid_option for an empty host or port 0,
  /// errc::timed_out, or what the system says.
  UdpTransport(std::string_view host, std::uint16_t port) {
    std::error_code ec;
    open(host, port, ec);
    if (ec) throw ClientError{ec, "statwire: udp '" + std::string{host} + "' port " + std::to_string(port)};
  }

  /// As above, but sets `ec`; a transport that could not be opened answers every send with an error.
  UdpTransport(std::string_view host, std::uint16_t port, std::error_code& ec) { open(host, port, ec); }

  /// Hands one datagram to the kernel; one system call, a few after a refusal. Errors: would_block when the
  /// socket's buffer is full (the socket stays healthy), message_size, network_unreachable, ...
  ///
  /// A refusal is the answer to an earlier datagram, which nobody got; this one is then sent once more, to
  /// the next address of the host if it has several (`localhost` is often ::1 first, and a server listens on
  /// 127.0.0.1).
  std::error_code send(std::string_view datagram) noexcept {
    if (!channel_) return errc::not_connected;
    std::error_code ec = try_send(datagram);
    if (ec == asio::error::connection_refused) {
      if (endpoints_.size() > 1) connect_to_next(ec);
      ec = try_send(datagram);
    }
    return detail::standard(ec);
  }

 private:
  struct Channel {
    Channel() : io{1}, socket{io} {}

    asio::io_context io;
    asio::ip::udp::socket socket;
  };

  static constexpr std::chrono::seconds resolve_timeout{10};

  void open(std::string_view host, std::uint16_t port, std::error_code& ec) {
    const auto deadline = std::chrono::steady_clock::now() + resolve_timeout;
    endpoints_ = detail::resolve<asio::ip::udp>(std::string{host}, port, deadline, ec);
    if (ec) return;
    try {
      channel_.emplace();
    } catch (const std::system_error& error) {  // the event loop takes descriptors
      ec = detail::standard(error.code());
      return;
    }
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
      connect_to_next(ec);
      if (!ec) return;
    }
    ec = detail::standard(ec);
  }

  void connect_to_next(std::error_code& ec) noexcept {
    const asio::ip::udp::endpoint& endpoint = endpoints_[next_];
    next_ = (next_ + 1) % endpoints_.size();
    auto& socket = channel_->socket;
    socket.close(ec);
    socket.open(endpoint.protocol(), ec);
    if (!ec) socket.connect(endpoint, ec);
    if (!ec) socket.non_blocking(true, ec);
  }

  std::error_code try_send(std::string_view datagram) noexcept {
    std::error_code ec;
    channel_->socket.send(asio::buffer(datagram.data(), datagram.size()), 0, ec);
    return ec;
  }

  std::vector<asio::ip::udp::endpoint> endpoints_;
  std::size_t next_ = 0;
  std::optional<Channel> channel_;
};

}  // namespace statwire
