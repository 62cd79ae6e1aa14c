#pragma once

// Reads what a user writes for a duration, an address or a prefix.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace host_monitor {

/// Where a server listens.
struct Endpoint {
  std::string host;  ///< A name or an address; an IPv6 address without brackets.
  std::uint16_t port = 0;
};

/// `host:port`, with brackets around an IPv6 address.
std::string to_string(const Endpoint& endpoint);

/// Reads `localhost:8125`, `10.0.0.1:8125` or `[::1]:8125`; the port is 1 to 65535.
std::optional<Endpoint> parse_endpoint(std::string_view text);

/// Reads a number and ms, s, m or h: `500ms`, `1s`, `1.5m`. Parts of a millisecond are cut off.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest of what parse_duration() reads as this.
std::string to_string(std::chrono::milliseconds duration);

/// Whether the text may stand before the names: letters, digits, `_`, `-`, and dots between them.
bool is_valid_prefix(std::string_view text);

}  // namespace host_monitor
