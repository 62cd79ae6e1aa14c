#pragma once

// The command line of web_app, and what the environment says about its metrics.

#include <chrono>
#include <cstdlib>
#include <optional>
#include <statwire/settings.hpp>
#include <string>
#include <vector>

#include "command.hpp"
#include "listen_address.hpp"

namespace web_app {

struct Options {
  example::ListenAddress listen{.host = "127.0.0.1", .port = 8080};  ///< Port 0 takes a free one.
  std::optional<std::chrono::milliseconds> run_for{};                ///< None: until SIGINT or SIGTERM.
  statwire::Settings settings{};
  bool has_own_statsd = true;    ///< Neither METRICS_HOST nor METRICS_PORT names a StatsD server.
  bool has_own_contexts = true;  ///< METRICS_CONTEXTS_URL names no contexts server.
};

example::Command<Options> parse_options(int argc, const char* const* argv);

/// Reads the settings; what no variable names is as a demonstration wants it: a prefix, and requests
/// measured. Returns a message for each variable that is wrong. Tests give variables of their own.
std::vector<std::string> read_environment(Options& options,
                                          const statwire::ReadVariable& read = &std::getenv);

}  // namespace web_app
