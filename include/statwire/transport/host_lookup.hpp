#pragma once

// How a transport can be told to find the addresses of a host otherwise than by the system's resolver. Taken
// by the options of udp.hpp and tcp_lines.hpp; tests give their own.

#include <cstdint>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

namespace statwire {

/// One place where a host can be reached.
struct HostAddress {
  std::string address{};   ///< IPv4, or IPv6 without brackets, with a scope or without.
  std::uint16_t port = 0;  ///< Above 0.

  bool operator==(const HostAddress&) const = default;
};

/// Finds the addresses of a host, in order of preference, or sets the error. Called on a thread of its own,
/// and may block. One that finds nothing and sets no error has not found the host; an address that is none is
/// std::errc::invalid_argument.
using HostLookup =
    std::function<std::vector<HostAddress>(const std::string& host, std::uint16_t port, std::error_code& ec)>;

}  // namespace statwire
