#pragma once

// The command line of host_monitor.

#include "host_monitor/input.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace host_monitor {

struct Options {
  std::optional<Endpoint> statsd{};   ///< None: start a server of our own.
  std::optional<Endpoint> metrics{};  ///< None: start a server of our own.
  std::chrono::milliseconds interval{1000};
  std::optional<std::chrono::milliseconds> run_for{};  ///< None: until Ctrl-C.
  std::string prefix{};
};

/// The text of --help.
struct HelpText {
  std::string text;
};

/// One line that says what is wrong and what is right.
struct UsageError {
  std::string message;
};

std::variant<Options, HelpText, UsageError> parse_options(int argc, const char* const* argv);

}  // namespace host_monitor
