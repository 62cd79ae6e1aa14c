#pragma once

// The configuration file of statsd_server, in TOML: everything that the flags say, and more. Its keys are
// those of statsd_server.toml, each optional.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "statsd_server/settings.hpp"

namespace statsd_server {

/// Everything that is wrong with a file, one line each, in the order of the file: `FILE:LINE:COLUMN: ...`.
using Complaints = std::vector<std::string>;

/// Reads a text over the defaults. `file` is what the complaints call it.
std::variant<Settings, Complaints> parse_configuration(const std::string& file, std::string_view text);

/// The same for a file, of at most 4 MiB. An empty one is refused: it may be in the middle of being written.
std::variant<Settings, Complaints> read_configuration(const std::string& file);

}  // namespace statsd_server
