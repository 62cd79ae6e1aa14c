#pragma once

// An error as the one line that a server can say to its client.

#include <string>
#include <system_error>

#include "statwire/protocol/text.hpp"

namespace statwire::server {

/// The message of an error without control characters, which would end the line, and never empty.
inline std::string error_text(std::error_code ec) {
  const std::string text = protocol::one_line(ec.message(), ' ');
  return text.empty() ? "unknown error" : text;
}

}  // namespace statwire::server
