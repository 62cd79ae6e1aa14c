#pragma once

// Reads the files of tests/cases/: inputs and outputs of the systems that statwire works with, as data. Every
// case of a file is run by one test, so a case that is added to a file is a case tested.

#include <ostream>

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "support/text.hpp"

namespace statwire::test {

using Json = nlohmann::json;

inline Json load_file(const std::string& file) {
  std::ifstream stream{STATWIRE_TEST_CASES "/" + file};
  REQUIRE_MESSAGE(stream, "cannot read tests/cases/" << file);
  return Json::parse(stream);
}

/// The cases of a file, which holds at least one.
inline Json load_cases(const std::string& file) {
  Json cases = load_file(file);
  REQUIRE_MESSAGE(!cases.at("cases").empty(), "no cases in " << file);
  return cases.at("cases");
}

}  // namespace statwire::test
