#pragma once

// Waits for bytes and reads them with one system call, where poll and read take two: 6 % of a round trip over
// loopback. The wait is bounded by the receive timeout of the socket, which is set anew only when the
// deadline is nearer or much farther than it. Where that does not work (outside Linux), poll and read.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <system_error>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/poll.hpp"
#include "statwire/error.hpp"

#if defined(__linux__)
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#endif

namespace statwire::detail {

#if defined(__linux__)

/// For sends and receives that are not to wait: to the system the socket is a blocking one.
inline constexpr int do_not_wait = MSG_DONTWAIT;

/// The receiving side of one connected socket. One thread at a time.
class BlockingReceive {
 public:
  /// The socket has just been connected. Asio is told that it does not block, so that Asio never waits.
  template <class Socket>
  void begin(Socket& socket, std::error_code& ec) {
    socket.non_blocking(true, ec);
    const int flags = ec ? -1 : ::fcntl(socket.native_handle(), F_GETFL);
    if (!ec && (flags < 0 || ::fcntl(socket.native_handle(), F_SETFL, flags & ~O_NONBLOCK) < 0)) {
      ec = {errno, std::system_category()};
    }
    timeout_ = {};
  }

  /// Sets would_block when nothing has come for a while, errc::timed_out past the deadline.
  template <class Socket>
  std::size_t receive(Socket& socket, std::span<char> in, std::chrono::steady_clock::time_point deadline,
                      std::error_code& ec) {
    set_timeout(socket.native_handle(), deadline, ec);
    if (ec) return 0;
    const std::size_t bytes = socket.receive(asio::buffer(in.data(), in.size()), 0, ec);
    if (ec == asio::error::interrupted) ec = asio::error::would_block;  // by a signal
    return bytes;
  }

 private:
  using Timeout = std::chrono::microseconds;

  void set_timeout(int fd, std::chrono::steady_clock::time_point deadline, std::error_code& ec) {
    constexpr Timeout shortest{std::chrono::milliseconds{1}};  // 0 would be none
    constexpr Timeout longest{std::chrono::hours{1}};
    const auto left = std::chrono::duration_cast<Timeout>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      ec = errc::timed_out;
      return;
    }
    const Timeout wanted = std::clamp(left, shortest, longest);
    ec.clear();
    if (timeout_ <= wanted + wanted / 64 && timeout_ >= wanted / 2) return;
    timeval value{};
    value.tv_sec = static_cast<decltype(value.tv_sec)>(wanted.count() / 1'000'000);
    value.tv_usec = static_cast<decltype(value.tv_usec)>(wanted.count() % 1'000'000);
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof value) < 0) {
      ec = {errno, std::system_category()};
    }
    timeout_ = wanted;
  }

  Timeout timeout_{};  ///< What the socket was told; none yet when zero.
};

#else

inline constexpr int do_not_wait = 0;

class BlockingReceive {
 public:
  template <class Socket>
  void begin(Socket& socket, std::error_code& ec) {
    socket.non_blocking(true, ec);
  }

  template <class Socket>
  std::size_t receive(Socket& socket, std::span<char> in, std::chrono::steady_clock::time_point deadline,
                      std::error_code& ec) {
    wait_until_ready(socket.native_handle(), Readiness::read, deadline, ec);
    if (ec) return 0;
    return socket.receive(asio::buffer(in.data(), in.size()), 0, ec);
  }
};

#endif

}  // namespace statwire::detail
