#pragma once

// An error as the one line that a server can say to its client.

#include <algorithm>
#include <string>
#include <system_error>

namespace statwire::server {

/// The message of an error without control characters, which would end the line, and never empty.
inline std::string error_text(std::error_code ec) {
  std::string text = ec.message();
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
      ' ');
  return text.empty() ? "unknown error" : text;
}

}  // namespace statwire::server
