#pragma once

// The command line of host_monitor, and what a user writes there for an address or a duration.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "command.hpp"

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

struct Options {
  std::optional<Endpoint> statsd{};   ///< None: start a server of our own.
  std::optional<Endpoint> metrics{};  ///< None: start a server of our own.
  std::chrono::milliseconds interval{1000};
  std::optional<std::chrono::milliseconds> run_for{};  ///< None: until Ctrl-C.
  std::string prefix{};
};

example::Command<Options> parse_options(int argc, const char* const* argv);

}  // namespace host_monitor
