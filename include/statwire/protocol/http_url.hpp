#pragma once

// Where an HTTP request goes, as one line of text: `http://host/path`, `http://host:1942/register`,
// `http://[::1]:1942/register`. Without TLS, user names and fragments. Parses; opens nothing.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "statwire/protocol/endpoint.hpp"

namespace statwire::protocol {

/// A URL in its parts.
struct HttpUrl {
  std::string host{};  ///< A name, or an address without brackets.
  std::uint16_t port = 80;
  std::string target = "/";  ///< Path and query, as they stand in the request.

  bool operator==(const HttpUrl&) const = default;
};

/// What parse_http_url reads, for messages.
inline constexpr std::string_view http_url_form =
    "http://host:port/path, with a port from 1 to 65535 and without white space";

namespace detail {

/// What may stand in a request line: printable ASCII but for the fragment, which is the client's own.
inline bool is_target_byte(char byte) noexcept {
  return byte > ' ' && byte < '\x7f' && byte != '#';
}

}  // namespace detail

/// Reads a URL, or nothing when it is none. The host is parsed as that of an endpoint.
inline std::optional<HttpUrl> parse_http_url(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (!text.starts_with(scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  const std::string_view authority = text.substr(0, text.find_first_of("/?"));
  text.remove_prefix(authority.size());
  for (const char byte : text) {
    if (!detail::is_target_byte(byte)) return std::nullopt;
  }
  EndpointError error;
  const std::optional<Endpoint> endpoint = parse_endpoint("tcp://" + std::string{authority}, error);
  if (!endpoint) return std::nullopt;
  HttpUrl url{.host = endpoint->host, .port = endpoint->port};
  const std::size_t host_end = authority.starts_with('[') ? authority.find(']') : 0;
  if (authority.find(':', host_end) == std::string_view::npos) url.port = HttpUrl{}.port;
  if (!text.empty()) {
    url.target = text.starts_with('?') ? "/" : "";
    url.target += text;
  }
  return url;
}

}  // namespace statwire::protocol
