#pragma once

// Datagrams over UDP, IPv4 or IPv6, through Asio. The socket is connected, so the kernel keeps the route and
// reports a refusal, and non-blocking, so a full socket buffer costs a datagram and never time.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/resolve.hpp"
#include "statwire/error.hpp"

namespace statwire {

/// A DatagramTransport over a connected UDP socket. One thread at a time.
class UdpTransport {
 public:
  /// Opens a socket to `host` (a name, an IPv4 or an IPv6 address without brackets). A name is resolved here,
  /// once, for ten seconds at most. Throws ClientError with errc::timed_out or the code of the system.
  UdpTransport(std::string_view host, std::uint16_t port) {
    std::error_code ec;
    open(host, port, ec);
    if (ec) throw ClientError{ec, "statwire: udp " + std::string{host} + " port " + std::to_string(port)};
  }

  /// As above, but sets `ec`; a transport that could not be opened answers every send with an error.
  UdpTransport(std::string_view host, std::uint16_t port, std::error_code& ec) { open(host, port, ec); }

  /// Hands one datagram to the kernel; one system call. Errors of the system: would_block when the socket's
  /// buffer is full (the socket stays healthy), message_size, network_unreachable, ...
  std::error_code send(std::string_view datagram) noexcept {
    std::error_code ec;
    socket_.send(asio::buffer(datagram.data(), datagram.size()), 0, ec);
    // A refusal is the answer to an earlier datagram, and this one was not sent: give it its own try.
    if (ec == asio::error::connection_refused)
      socket_.send(asio::buffer(datagram.data(), datagram.size()), 0, ec);
    return detail::standard(ec);
  }

 private:
  void open(std::string_view host, std::uint16_t port, std::error_code& ec) {
    const auto deadline = std::chrono::steady_clock::now() + resolve_timeout;
    for (const auto& endpoint : detail::resolve<asio::ip::udp>(std::string{host}, port, deadline, ec)) {
      socket_.close(ec);
      socket_.open(endpoint.protocol(), ec);
      if (!ec) socket_.connect(endpoint, ec);
      if (!ec) socket_.non_blocking(true, ec);
      if (!ec) return;
    }
    ec = detail::standard(ec);
  }

  static constexpr std::chrono::seconds resolve_timeout{10};

  asio::io_context io_{1};
  asio::ip::udp::socket socket_{io_};
};

}  // namespace statwire
