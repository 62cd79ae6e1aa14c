#pragma once

// The command line of statsd_server: flags of its own, and those of pystatsd-server under their names.

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "command.hpp"
#include "statsd_server/configuration.hpp"
#include "statsd_server/settings.hpp"

namespace statsd_server {

/// What the program is to do.
enum class Task {
  serve,
  check,    ///< Read everything, and say whether it is fine.
  stop,     ///< End the process that the pidfile names.
  restart,  ///< The same, then serve in the background.
};

struct Options {
  Task task = Task::serve;
  bool detach = false;   ///< Goes on in the background.
  bool debug = false;    ///< Prints every flush, and the warnings of the flavour pystatsd.
  std::string config{};  ///< Paths; empty for none. Absolute when the program goes into the background.
  std::string pidfile{};
  std::string log{};
  /// What the flags say, over what the file says.
  std::vector<std::function<void(Settings&)>> changes{};
  bool has_percentiles = false;
};

example::Command<Options> parse_options(int argc, const char* const* argv);

/// What holds by the file, which is read now, and by the flags.
std::variant<Settings, Complaints> read_settings(const Options& options);

}  // namespace statsd_server
