#pragma once

// A TCP connection with a deadline on every call, through Asio: connecting (resolving included), reading and
// writing end with errc::timed_out instead of waiting for ever.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>

#include "statwire/detail/config.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire {

/// A StreamTransport over TCP. One thread at a time. Errors: errc::timed_out, errc::end_of_stream, and the
/// system's.
class TcpTransport {
 public:
  /// Remembers where to connect; nothing is opened yet. An empty host or port 0 is errc::invalid_option when
  /// it connects.
  TcpTransport(std::string_view host, std::uint16_t port);

  TcpTransport(const TcpTransport&) = delete;
  TcpTransport& operator=(const TcpTransport&) = delete;
  ~TcpTransport();

  /// Resolves the host and connects to the first of its addresses that answers. An address that does not
  /// answer may take its share of the time that is left, not all of it.
  void connect(Deadline deadline, std::error_code& ec);

  std::size_t read_some(std::span<char> buffer, Deadline deadline, std::error_code& ec);

  std::size_t write_some(std::string_view bytes, Deadline deadline, std::error_code& ec);

  /// Writes as much of `out` as the connection takes; when it takes nothing, or there is nothing to write,
  /// reads what has come. The deadline holds also for a peer that is always ready.
  Transferred transfer(std::string_view out, std::span<char> in, Deadline deadline, std::error_code& ec);

  /// Says to the peer that no more will be written. A peer that then ends the stream in its turn has taken
  /// everything: that its end came before it had all (it ended as its program did) is connection_reset, where
  /// the system can say (Linux).
  void shutdown_write(std::error_code& ec);

  /// Of the bytes that were written, those that the peer's system has not acknowledged, its end of the
  /// stream included; 0 where the system cannot say.
  std::size_t unacknowledged_bytes() noexcept;

  void close() noexcept;

 private:
  class Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace statwire

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/transport/impl/tcp.ipp"
#endif
