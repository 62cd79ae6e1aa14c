#pragma once

// Cutting and reading text, for tests.

#include <ostream>

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace statwire::test {

/// The parts of a text between separators; empty parts stay.
inline std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// The number that is all of a text.
inline double number_of(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  REQUIRE_MESSAGE((!text.empty() && *end == '\0'), "not a number: '" << text << "'");
  return value;
}

}  // namespace statwire::test
