#pragma once

// Datagrams to a server on this machine through a socket of the file system, as the Datadog agent offers it:
// as datagrams, or as frames of a stream. Nothing ever blocks. A server that is not there yet, or restarts,
// is connected to again after 100 ms, then after twice as long each time, up to 5 s. POSIX only.

#include "statwire/detail/asio.hpp"

#if defined(ASIO_HAS_LOCAL_SOCKETS) && (defined(__unix__) || defined(__APPLE__))
#define STATWIRE_HAS_UNIX_TRANSPORTS

#include <sys/un.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/backoff.hpp"
#include "statwire/transport/batch.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/framed_stream.hpp"

namespace statwire {

/// What the transports over Unix sockets take from outside; the default is right but in tests.
struct UnixOptions {
  std::function<Deadline()> now = &std::chrono::steady_clock::now;  ///< When to connect again.
};

namespace detail {

/// Returns the address of a path, or errc::invalid_option for one that is empty, too long for the system
/// (107 bytes on Linux) or holds a NUL. `@name` is a name in Linux's abstract namespace.
template <class Protocol>
typename Protocol::endpoint local_endpoint(std::string_view path, std::error_code& ec) {
  ec.clear();
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path) ||
      path.find('\0') != std::string_view::npos) {
    ec = errc::invalid_option;
    return {};
  }
  std::string address{path};
  if (address.front() == '@') address.front() = '\0';
  return {address};
}

}  // namespace detail

/// A DatagramTransport to a Unix datagram socket. One thread at a time.
class UnixDatagramTransport {
  using Protocol = asio::local::datagram_protocol;

 public:
  static constexpr std::string_view name() noexcept { return "uds"; }

  /// Remembers the path of the socket, which need not exist; nothing is opened yet. `@name` is a name in
  /// Linux's abstract namespace. Throws ClientError errc::invalid_option for a path that is empty or too
  /// long.
  explicit UnixDatagramTransport(std::string_view path, UnixOptions options = {})
      : options_{std::move(options)} {
    std::error_code ec;
    endpoint_ = detail::local_endpoint<Protocol>(path, ec);
    if (ec) detail::fail(ec, "statwire: unix socket '" + std::string{path} + "'");
  }

  /// Hands one datagram to the server; one system call, and never waits. Errors: would_block when the
  /// server's queue is full and no_buffer_space (the socket stays), message_size, errc::not_connected while
  /// there is no server, and what closes the socket until it is due again: no_such_file_or_directory,
  /// connection_refused, connection_reset, broken_pipe, not_connected.
  std::error_code send(std::string_view datagram) noexcept {
    if (!channel_ && !ready()) return errc::not_connected;
    return lost_or_kept(detail::standard(try_send(datagram)));
  }

  /// Hands over many datagrams, on Linux 64 with one system call. Returns how many, from the first on; `ec`
  /// says why the next could not go, as send() does.
  std::size_t send_batch(const DatagramBatch& batch, std::error_code& ec) noexcept {
    ec.clear();
    std::size_t sent = 0;
    if (!channel_ && !ready()) ec = errc::not_connected;
    while (!ec && sent < batch.sizes.size()) sent += send_some(batch, sent, ec);
    if (channel_) lost_or_kept(ec);
    return sent;
  }

  /// Tells whether the socket is open; opens it when it is time to. Never waits.
  bool ready() noexcept {
    if (channel_) return true;
    const Deadline now = options_.now();
    if (!backoff_.is_due(now)) return false;
    error_ = open();
    if (error_) {
      channel_.reset();
      backoff_.failed(now);
    } else {
      backoff_.succeeded();
    }
    return channel_.has_value();
  }

  /// Why the socket is not open; no error while it is.
  std::error_code last_error() const noexcept { return error_; }

  /// In the child of a fork: gives it a socket of its own. No other call may have been under way.
  void after_fork() noexcept {
    if (channel_) {
      // Asio's event loop is shared with the parent until it is told.
      detail::error_of([&] { channel_->io.notify_fork(asio::execution_context::fork_child); });
    }
    channel_.reset();
    error_ = errc::not_connected;
    backoff_.reset();
  }

 private:
  struct Channel {
    Channel() : io{1}, socket{io} {}

    asio::io_context io;
    Protocol::socket socket;
  };

  std::error_code open() noexcept {
    std::error_code ec = detail::error_of([&] { channel_.emplace(); });
    if (!ec) channel_->socket.open(endpoint_.protocol(), ec);
    if (!ec) channel_->socket.non_blocking(true, ec);
    if (!ec) ec = detail::connect_local(channel_->socket, endpoint_);
    return detail::standard(ec);
  }

  std::error_code try_send(std::string_view datagram) noexcept {
    std::error_code ec;
    do {
      channel_->socket.send(asio::buffer(datagram.data(), datagram.size()), 0, ec);  // without SIGPIPE
    } while (ec == asio::error::interrupted);
    return ec;
  }

  std::size_t send_some(const DatagramBatch& batch, std::size_t first, std::error_code& ec) noexcept {
#if defined(__linux__)
    return detail::BatchSender{detail::Segmentation::refused}.send_some(channel_->socket.native_handle(),
                                                                        batch, first, ec);
#else
    ec = detail::standard(try_send(batch.datagram(first)));
    return ec ? 0 : 1;
#endif
  }

  /// Closes the socket when the error says that its server is gone.
  std::error_code lost_or_kept(std::error_code ec) noexcept {
    if (ec == std::errc::no_such_file_or_directory || ec == std::errc::connection_refused ||
        ec == std::errc::broken_pipe || ec == std::errc::not_connected || ec == std::errc::connection_reset) {
      error_ = ec;
      channel_.reset();
      backoff_.failed(options_.now());
    }
    return ec;
  }

  UnixOptions options_;
  Protocol::endpoint endpoint_;
  std::optional<Channel> channel_;  // open and connected, or not there
  detail::Backoff backoff_;
  std::error_code error_ = errc::not_connected;
};

/// A DatagramTransport to a Unix stream socket. Each datagram is a frame: its length as four bytes, the
/// lowest first, then its bytes. One thread at a time.
class UnixStreamTransport {
  using Protocol = asio::local::stream_protocol;

 public:
  static constexpr std::string_view name() noexcept { return "uds-stream"; }

  /// As for UnixDatagramTransport.
  explicit UnixStreamTransport(std::string_view path, UnixOptions options = {})
      : options_{std::move(options)} {
    std::error_code ec;
    endpoint_ = detail::local_endpoint<Protocol>(path, ec);
    if (ec) detail::fail(ec, "statwire: unix socket '" + std::string{path} + "'");
  }

  /// Writes one frame, and never waits. A frame of which the socket takes a part counts as sent; its rest
  /// goes before the next. Errors: would_block when the socket takes nothing now, errc::not_connected while
  /// there is no server, and what ends the connection until it is due again: broken_pipe, connection_reset,
  /// ...
  std::error_code send(std::string_view datagram) noexcept {
    const Deadline now = options_.now();
    if (!stream_.is_open()) open(now);
    const auto size = static_cast<std::uint32_t>(datagram.size());
    const std::array<char, 4> head{static_cast<char>(size & 0xff), static_cast<char>(size >> 8 & 0xff),
                                   static_cast<char>(size >> 16 & 0xff), static_cast<char>(size >> 24)};
    return stream_.send({std::string_view{head.data(), head.size()}, datagram, {}}, now);
  }

  /// Tells whether a frame could be sent now; connects when it is time to. Never waits.
  bool ready() noexcept { return open(options_.now()); }

  /// Why the connection was lost or not made; no error while it is open.
  std::error_code last_error() const noexcept { return stream_.last_error(); }

  /// In the child of a fork: gives it a connection of its own. No other call may have been under way.
  void after_fork() noexcept { stream_.after_fork(); }

 private:
  bool open(Deadline now) noexcept {
    if (stream_.is_due(now)) stream_.connect(endpoint_, now);
    return stream_.poll(now);
  }

  UnixOptions options_;
  Protocol::endpoint endpoint_;
  detail::FramedStream<Protocol> stream_;
};

}  // namespace statwire

#endif  // ASIO_HAS_LOCAL_SOCKETS
