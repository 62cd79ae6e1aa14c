#pragma once

// The command line of metrics_server.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <statwire/server/forwarding_store.hpp>
#include <string>
#include <string_view>

#include "command.hpp"
#include "listen_address.hpp"

namespace metrics_server {

struct Forward {
  statwire::server::ForwardingFormat format;
  std::string host;  ///< A name or an address; an IPv6 address without brackets.
  std::uint16_t port;
  std::string text;  ///< As it was written.
};

/// Reads `graphite://host:port` or `opentsdb://host:port`.
std::optional<Forward> parse_forward(std::string_view text);

struct Options {
  example::ListenAddress listen{.host = "127.0.0.1", .port = 8888};
  std::string store{};  ///< The path of a database; empty: in memory.
  std::size_t max_connections = 10'000;
  std::size_t max_series = 1'000'000;
  std::optional<Forward> forward{};
};

example::Command<Options> parse_options(int argc, const char* const* argv);

}  // namespace metrics_server
