#pragma once

// What a user writes for the place where a server listens, or for the one that it passes things on to.

#include <cstdint>
#include <optional>
#include <statwire/protocol/endpoint.hpp>
#include <string>
#include <string_view>

namespace example {

/// Where to listen.
struct ListenAddress {
  std::string host;  ///< An IPv4 or IPv6 address, without brackets.
  std::uint16_t port = 0;
};

/// `address:port`, with brackets around an IPv6 address.
std::string to_string(const ListenAddress& address);

/// Reads `127.0.0.1:8888` or `[::1]:8888`; the port is 1 to 65535, and the host an address, not a name.
std::optional<ListenAddress> parse_listen_address(std::string_view text);

/// Whether only this machine reaches an address.
bool is_loopback(const ListenAddress& address);

/// Reads `host:port`, both of which have to be there; the host may be a name.
std::optional<statwire::Endpoint> parse_host_and_port(std::string_view text);

}  // namespace example
