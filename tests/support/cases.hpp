#pragma once

// Reads the files of tests/cases/: inputs and outputs of the systems that statwire works with, as data. Every
// case of a file is run by one test, so a case that is added to a file is a case tested.

#include <ostream>

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace statwire::test {

using Json = nlohmann::json;

/// The file, which holds at least one case.
inline Json load_cases(const std::string& file) {
  std::ifstream stream{STATWIRE_TEST_CASES "/" + file};
  REQUIRE_MESSAGE(stream, "cannot read tests/cases/" << file);
  Json cases = Json::parse(stream);
  REQUIRE_MESSAGE(!cases.at("cases").empty(), "no cases in " << file);
  return cases.at("cases");
}

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
