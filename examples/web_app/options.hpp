#pragma once

// The command line of web_app, and what the environment says about its metrics.

#include <chrono>
#include <cstdint>
#include <optional>
#include <statwire/settings.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace web_app {

/// Where to listen.
struct Address {
  std::string host;  ///< A name or an address, without brackets.
  std::uint16_t port = 0;
};

/// `host:port`, with brackets around an IPv6 address.
std::string to_string(const Address& address);

/// Reads `127.0.0.1:8080` or `[::1]:8080`; port 0 takes a free one.
std::optional<Address> parse_address(std::string_view text);

struct Options {
  Address listen{.host = "127.0.0.1", .port = 8080};
  std::optional<std::chrono::milliseconds> run_for{};  ///< None: until SIGINT or SIGTERM.
  /// What the environment says; what it does not name is as the demonstration wants it: a prefix, and
  /// requests measured.
  statwire::Settings settings{};
  bool has_own_statsd = true;    ///< Neither METRICS_HOST nor METRICS_PORT names a StatsD server.
  bool has_own_contexts = true;  ///< METRICS_CONTEXTS_URL names no contexts server.
};

/// The text of --help or --version.
struct Answer {
  std::string text;
};

/// What is wrong and what is right, a line for each mistake.
struct UsageError {
  std::vector<std::string> messages;
};

/// Tests give variables of their own.
std::variant<Options, Answer, UsageError> parse_options(int argc, const char* const* argv,
                                                        const statwire::ReadVariable& read = &std::getenv);

}  // namespace web_app
