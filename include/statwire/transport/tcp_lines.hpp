#pragma once

// Datagrams over TCP, each followed by a line feed, for servers that take StatsD lines on a TCP port. Looking
// the name up and connecting happen in the background; nothing ever blocks. A lost connection is made again
// after 100 ms, then after twice as long each time, up to 5 s.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>

#include "statwire/detail/config.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/host_lookup.hpp"

namespace statwire {

/// What a TcpLinesTransport takes from outside; the defaults are right but in tests.
struct TcpLinesOptions {
  HostLookup lookup{};  ///< Finds the addresses of a host name; empty: the system's resolver.
  std::function<Deadline()> now = &std::chrono::steady_clock::now;  ///< When to connect again.
};

/// A DatagramTransport over a TCP connection. One thread at a time.
class TcpLinesTransport {
 public:
  static constexpr std::string_view name() noexcept { return "tcp"; }

  /// Remembers where to connect (a name, or an address without brackets); nothing is opened yet. Throws
  /// ClientError errc::invalid_option for an empty host or port 0.
  TcpLinesTransport(std::string_view host, std::uint16_t port, TcpLinesOptions options = {});

  TcpLinesTransport(const TcpLinesTransport&) = delete;
  TcpLinesTransport& operator=(const TcpLinesTransport&) = delete;
  ~TcpLinesTransport();

  /// Writes one datagram and a line feed, and never waits. What the socket takes in part counts as sent; the
  /// rest goes before the next. Errors: would_block when the socket takes nothing now, errc::not_connected
  /// while there is no connection, and what ends it until it is due again: broken_pipe, connection_reset, ...
  std::error_code send(std::string_view datagram) noexcept;

  /// Tells whether a datagram could be sent now; looks up and connects when it is time to. Never waits.
  bool ready() noexcept;

  /// Why there is no connection; no error while there is one.
  std::error_code last_error() const noexcept;

  /// In the child of a fork: gives it a connection of its own. No other call may have been under way.
  void after_fork() noexcept;

 private:
  class Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace statwire

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/transport/impl/tcp_lines.ipp"
#endif
