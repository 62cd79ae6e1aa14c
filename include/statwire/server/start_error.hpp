#pragma once

// What the start of an embedded server ends with, as an exception.

#include <cstdint>
#include <string>
#include <system_error>

#include "statwire/error.hpp"

namespace statwire::server::detail {

/// Throws what a start() or run() of a server ended with, if anything, with the place where it was to listen.
inline void throw_if(std::error_code ec, const std::string& server, const std::string& place) {
  if (!ec) return;
  throw ClientError{ec, "statwire: " + server + " on " + place +
                            (ec == std::errc::invalid_argument ? ", which is no IPv4 or IPv6 address" : "")};
}

/// The same for a server that listens in one place.
inline void throw_if(std::error_code ec, const std::string& server, const std::string& address,
                     std::uint16_t port) {
  throw_if(ec, server, "'" + address + "' port " + std::to_string(port));
}

}  // namespace statwire::server::detail
