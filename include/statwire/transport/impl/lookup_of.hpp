#pragma once

// From the addresses that a HostLookup finds, which know nothing of Asio, to endpoints of Asio. Used by
// udp.ipp and tcp_lines.ipp.

#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/resolve.hpp"
#include "statwire/transport/host_lookup.hpp"

namespace statwire::detail {

/// Looks up as `lookup` does; an empty one stands for the system's resolver. `Protocol` is asio::ip::tcp or
/// asio::ip::udp.
template <class Protocol>
LookupFunction<Protocol> lookup_of(HostLookup lookup) {
  if (!lookup) return &system_lookup<Protocol>;
  return [lookup = std::move(lookup)](const std::string& host, std::uint16_t port, std::error_code& ec) {
    Endpoints<Protocol> endpoints;
    for (const HostAddress& found : lookup(host, port, ec)) {
      const auto endpoint = literal_endpoint<Protocol>(found.address, found.port);
      if (endpoint) {
        endpoints.push_back(*endpoint);
      } else if (!ec) {
        ec = std::make_error_code(std::errc::invalid_argument);
      }
    }
    return endpoints;
  };
}

}  // namespace statwire::detail
