#pragma once

// How a server finds out that a TCP client which says nothing is not there any more.

#include <system_error>

#include "statwire/detail/asio.hpp"

namespace statwire::server::detail {

/// Has the system ask a client that is silent whether it is still there, so that one which vanished (its
/// machine lost power, its network) does not hold a connection for ever: it is gone after some five minutes
/// on Linux and macOS, elsewhere when the system thinks so, often after two hours. Where that cannot be had,
/// the connection is as good without.
inline void set_keep_alive(asio::ip::tcp::socket& socket) noexcept {
  std::error_code ignored;
  socket.set_option(asio::socket_base::keep_alive{true}, ignored);
#if defined(TCP_KEEPINTVL) && !defined(_WIN32)
  const auto set = [&](int name, int value) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, name, &value, sizeof(value));
  };
#if defined(TCP_KEEPIDLE)
  set(TCP_KEEPIDLE, 180);  // seconds
#elif defined(TCP_KEEPALIVE)
  set(TCP_KEEPALIVE, 180);
#endif
  set(TCP_KEEPINTVL, 30);
  set(TCP_KEEPCNT, 4);
#endif
}

}  // namespace statwire::server::detail
