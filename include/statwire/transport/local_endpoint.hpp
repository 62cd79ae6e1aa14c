#pragma once

// Addresses of sockets in the file system. Used by the transports over Unix sockets and by a server that
// listens on one.

#include "statwire/detail/asio.hpp"

#if defined(ASIO_HAS_LOCAL_SOCKETS) && (defined(__unix__) || defined(__APPLE__))

#include <sys/un.h>

#include <string>
#include <string_view>
#include <system_error>

#include "statwire/error.hpp"

namespace statwire::detail {

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

}  // namespace statwire::detail

#endif  // ASIO_HAS_LOCAL_SOCKETS
