#pragma once

// Datagrams over UDP, IPv4 or IPv6, through Asio. The socket is connected, so the kernel keeps the route and
// reports a refusal, and non-blocking, so a full socket buffer costs a datagram and never time. A host name
// is looked up in the background, again every 30 seconds and after a refusal; the last good address stays.

#include <chrono>
#include <cstddef>
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

/// What a UdpTransport takes from outside; the defaults are right but in tests.
struct UdpOptions {
  HostLookup lookup{};  ///< Finds the addresses of a host name; empty: the system's resolver.
  std::function<Deadline()> now = &std::chrono::steady_clock::now;  ///< When to look up again.
};

/// A DatagramTransport over a connected UDP socket. One thread at a time.
class UdpTransport {
 public:
  static constexpr std::string_view name() noexcept { return "udp"; }

  /// A receiver with the default buffer of Linux (208 KiB) holds some 90 full Ethernet frames.
  static constexpr std::size_t burst_datagrams = 32;

  /// Opens a socket to `host`. An address (IPv4, or IPv6 without brackets, with a scope or without) is open
  /// at once; the lookup of a name begins, and no error of it is one of the constructor: see ready(),
  /// wait_ready() and last_error(). Throws ClientError errc::invalid_option for an empty host or port 0.
  UdpTransport(std::string_view host, std::uint16_t port, UdpOptions options = {});

  /// As above, but sets `ec`; a transport without host or port answers every send with errc::not_connected.
  UdpTransport(std::string_view host, std::uint16_t port, std::error_code& ec, UdpOptions options = {});

  UdpTransport(const UdpTransport&) = delete;
  UdpTransport& operator=(const UdpTransport&) = delete;
  ~UdpTransport();

  /// Hands one datagram to the kernel; one system call, a few after a refusal. Errors: would_block when the
  /// socket's buffer is full (the socket stays healthy), message_size, network_unreachable, ...; while no
  /// address is known errc::not_connected.
  ///
  /// For clients that never ask ready(), the first send waits until the name is known, for two seconds at
  /// most. After a call of ready() or wait_ready() no send ever waits.
  ///
  /// A refusal is the answer to an earlier datagram, which nobody got; this one is then sent once more, to
  /// the next address of the host if it has several (`localhost` is often ::1 first, and a server listens on
  /// 127.0.0.1).
  std::error_code send(std::string_view datagram) noexcept;

  /// Hands over many datagrams; on Linux with one system call for up to 64 of them. Returns how many, from
  /// the first on; `ec` says why the next could not go, as send() does.
  std::size_t send_batch(const DatagramBatch& batch, std::error_code& ec) noexcept;

  /// Tells whether an address is known and a socket open. Never blocks. Looks a name up again when it is
  /// time, and goes over to the new address when the old one is none of the host's any more.
  bool ready() noexcept;

  /// Waits until the lookup under way has ended; returns ready(). A client calls it before what may not get
  /// lost.
  bool wait_ready(Deadline deadline) noexcept;

  /// Why the transport is not ready, or why the last lookup failed (the last good address is then still in
  /// use); errc::not_connected while the first lookup goes on; no error when all is well.
  std::error_code last_error() const noexcept;

  /// In the child of a fork: gives it a socket of its own. The parent's is left as it is. No other call may
  /// have been under way when the process forked.
  void after_fork() noexcept;

 private:
  class Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace statwire

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/transport/impl/udp.ipp"
#endif
