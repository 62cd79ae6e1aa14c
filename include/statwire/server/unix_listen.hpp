#pragma once

// A Unix datagram socket to receive from, in the file system: in the place of one that a server left behind
// which did not end in order, but not of one that is in use, nor of anything else.

#include "statwire/detail/asio.hpp"
#include "statwire/transport/local_endpoint.hpp"
#include "statwire/transport/unix.hpp"

#if defined(STATWIRE_HAS_UNIX_TRANSPORTS)

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <system_error>
#include <utility>

namespace statwire::server::detail {

/// Removes the file of a socket when it ends, but not one that another server has put in its place.
class UnixSocketFile {
 public:
  UnixSocketFile() = default;
  explicit UnixSocketFile(std::string path) : path_{std::move(path)}, identity_{identity_of(path_)} {}
  UnixSocketFile(const UnixSocketFile&) = delete;
  UnixSocketFile& operator=(UnixSocketFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(identity_, other.identity_);
    return *this;
  }
  ~UnixSocketFile() {
    if (!path_.empty() && identity_of(path_) == identity_) ::unlink(path_.c_str());
  }

 private:
  using Identity = std::pair<dev_t, ino_t>;

  static Identity identity_of(const std::string& path) noexcept {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return {};
    return {status.st_dev, status.st_ino};
  }

  std::string path_;
  Identity identity_{};
};

/// Whether a path is a socket that nobody receives from.
inline bool is_left_behind(const std::string& path,
                           const asio::local::datagram_protocol::endpoint& endpoint) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  asio::io_context io{1};
  asio::local::datagram_protocol::socket probe{io};
  std::error_code ec;
  probe.open({}, ec);
  if (!ec) probe.connect(endpoint, ec);
  return ec == asio::error::connection_refused;
}

/// Opens and binds. `file` is to be kept for as long as the socket. Errors: invalid_option when the path is
/// none, address_in_use, and the system's.
inline asio::local::datagram_protocol::socket listen_on(asio::io_context& io, const std::string& path,
                                                        UnixSocketFile& file, std::error_code& ec) {
  asio::local::datagram_protocol::socket socket{io};
  const auto endpoint = statwire::detail::local_endpoint<asio::local::datagram_protocol>(path, ec);
  if (!ec) socket.open({}, ec);
  if (!ec) socket.bind(endpoint, ec);
  const bool is_file = path.front() != '@';
  if (ec == asio::error::address_in_use && is_file && is_left_behind(path, endpoint)) {
    ::unlink(path.c_str());
    socket.bind(endpoint, ec);
  }
  if (!ec && is_file) file = UnixSocketFile{path};
  return socket;
}

}  // namespace statwire::server::detail

#endif
