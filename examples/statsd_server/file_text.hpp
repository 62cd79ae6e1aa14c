#pragma once

// The bytes of a configuration file, or why there are none.

#include <string>
#include <variant>

namespace statsd_server {

struct FileText {
  std::string bytes;
};

/// Reads a file of 1 byte to 4 MiB; never waits, as it would at a pipe. The other text says what is wrong.
std::variant<FileText, std::string> read_file(const std::string& path);

}  // namespace statsd_server
