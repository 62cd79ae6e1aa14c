#pragma once

// Bytes that a case file writes in hexadecimal, because they are no JSON text.

#include <string>

#include "support/cases.hpp"

namespace statwire::test {

inline std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

/// The bytes under `name`, or those that `name` + "_hex" writes in hexadecimal.
inline std::string text_or_hex(const Json& object, const std::string& name) {
  return object.contains(name) ? object[name].get<std::string>() : from_hex(object.at(name + "_hex"));
}

}  // namespace statwire::test
