#pragma once

// Datagrams to a server on this machine through a socket of the file system, as the Datadog agent offers it:
// as datagrams, or as frames of a stream. Nothing ever blocks. A server that is not there yet, or restarts,
// is connected to again after 100 ms, then after twice as long each time, up to 5 s. POSIX only.

#if (defined(__unix__) || defined(__APPLE__)) && !defined(ASIO_DISABLE_LOCAL_SOCKETS)
#define STATWIRE_HAS_UNIX_TRANSPORTS

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>

#include "statwire/detail/config.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire {

/// What the transports over Unix sockets take from outside; the default is right but in tests.
struct UnixOptions {
  std::function<Deadline()> now = &std::chrono::steady_clock::now;  ///< When to connect again.
};

/// A DatagramTransport to a Unix datagram socket. One thread at a time.
class UnixDatagramTransport {
 public:
  static constexpr std::string_view name() noexcept { return "uds"; }

  /// Remembers the path of the socket, which need not exist; nothing is opened yet. `@name` is a name in
  /// Linux's abstract namespace. Throws ClientError errc::invalid_option for a path that is empty or too
  /// long.
  explicit UnixDatagramTransport(std::string_view path, UnixOptions options = {});

  UnixDatagramTransport(const UnixDatagramTransport&) = delete;
  UnixDatagramTransport& operator=(const UnixDatagramTransport&) = delete;
  ~UnixDatagramTransport();

  /// Hands one datagram to the server; one system call, and never waits. Errors: would_block when the
  /// server's queue is full and no_buffer_space (the socket stays), message_size, errc::not_connected while
  /// there is no server, and what closes the socket until it is due again: no_such_file_or_directory,
  /// connection_refused, connection_reset, broken_pipe, not_connected.
  std::error_code send(std::string_view datagram) noexcept;

  /// Hands over many datagrams, on Linux 64 with one system call. Returns how many, from the first on; `ec`
  /// says why the next could not go, as send() does.
  std::size_t send_batch(const DatagramBatch& batch, std::error_code& ec) noexcept;

  /// Tells whether the socket is open; opens it when it is time to. Never waits.
  bool ready() noexcept;

  /// Why the socket is not open; no error while it is.
  std::error_code last_error() const noexcept;

  /// In the child of a fork: gives it a socket of its own. No other call may have been under way.
  void after_fork() noexcept;

 private:
  class Impl;

  std::unique_ptr<Impl> impl_;
};

/// A DatagramTransport to a Unix stream socket. Each datagram is a frame: its length as four bytes, the
/// lowest first, then its bytes. One thread at a time.
class UnixStreamTransport {
 public:
  static constexpr std::string_view name() noexcept { return "uds-stream"; }

  /// As for UnixDatagramTransport.
  explicit UnixStreamTransport(std::string_view path, UnixOptions options = {});

  UnixStreamTransport(const UnixStreamTransport&) = delete;
  UnixStreamTransport& operator=(const UnixStreamTransport&) = delete;
  ~UnixStreamTransport();

  /// Writes one frame, and never waits. A frame of which the socket takes a part counts as sent; its rest
  /// goes before the next. Errors: would_block when the socket takes nothing now, errc::not_connected while
  /// there is no server, and what ends the connection until it is due again: broken_pipe, connection_reset,
  /// ...
  std::error_code send(std::string_view datagram) noexcept;

  /// Tells whether a frame could be sent now; connects when it is time to. Never waits.
  bool ready() noexcept;

  /// Why the connection was lost or not made; no error while it is open.
  std::error_code last_error() const noexcept;

  /// In the child of a fork: gives it a connection of its own. No other call may have been under way.
  void after_fork() noexcept;

 private:
  class Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace statwire

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/transport/impl/unix.ipp"
#endif

#endif  // STATWIRE_HAS_UNIX_TRANSPORTS
