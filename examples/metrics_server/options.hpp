#pragma once

// The command line of metrics_server.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <statwire/server/forwarding_store.hpp>
#include <string>
#include <string_view>
#include <variant>

namespace metrics_server {

/// Where to listen.
struct Address {
  std::string host;  ///< An IPv4 or IPv6 address, without brackets.
  std::uint16_t port = 0;
};

/// `address:port`, with brackets around an IPv6 address.
std::string to_string(const Address& address);

/// Reads `127.0.0.1:8888` or `[::1]:8888`; the port is 1 to 65535, and the host an address, not a name.
std::optional<Address> parse_address(std::string_view text);

/// Whether only this machine reaches an address.
bool is_loopback(const Address& address);

struct Forward {
  statwire::server::ForwardingFormat format;
  std::string host;  ///< A name or an address; an IPv6 address without brackets.
  std::uint16_t port;
  std::string text;  ///< As it was written.
};

/// Reads `graphite://host:port` or `opentsdb://host:port`.
std::optional<Forward> parse_forward(std::string_view text);

struct Options {
  Address listen{.host = "127.0.0.1", .port = 8888};
  std::string store{};  ///< The path of a database; empty: in memory.
  std::size_t max_connections = 10'000;
  std::size_t max_series = 1'000'000;
  std::optional<Forward> forward{};
};

/// What --help or --version prints.
struct Answer {
  std::string text;
};

/// One line that says what is wrong and what is right.
struct UsageError {
  std::string message;
};

std::variant<Options, Answer, UsageError> parse_options(int argc, const char* const* argv);

}  // namespace metrics_server
