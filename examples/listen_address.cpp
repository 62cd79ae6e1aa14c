#include "listen_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <utility>

namespace example {
namespace {

/// An address as bytes; nothing for a name. The scope of an IPv6 address is left out.
std::optional<in_addr> ipv4(const std::string& host) {
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) != 1) return std::nullopt;
  return address;
}
std::optional<in6_addr> ipv6(const std::string& host) {
  in6_addr address{};
  if (inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &address) != 1) return std::nullopt;
  return address;
}

}  // namespace

std::string to_string(const ListenAddress& address) {
  const bool needs_brackets = address.host.find(':') != std::string::npos;
  return (needs_brackets ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  std::optional<statwire::Endpoint> endpoint = parse_host_and_port(text);
  if (!endpoint || (!ipv4(endpoint->host) && !ipv6(endpoint->host))) return std::nullopt;
  return ListenAddress{.host = std::move(endpoint->host), .port = endpoint->port};
}

bool is_loopback(const ListenAddress& address) {
  constexpr unsigned loopback_net = 127;
  if (const auto v4 = ipv4(address.host)) return ntohl(v4->s_addr) >> 24 == loopback_net;
  const auto v6 = ipv6(address.host);
  return v6 && IN6_IS_ADDR_LOOPBACK(&*v6);
}

std::optional<statwire::Endpoint> parse_host_and_port(std::string_view text) {
  const std::string url = "tcp://" + std::string{text};
  statwire::EndpointError error;
  std::optional<statwire::Endpoint> endpoint = statwire::parse_endpoint(url, error);
  if (!endpoint || statwire::to_string(*endpoint) != url) return std::nullopt;  // without a port
  return endpoint;
}

}  // namespace example
