#pragma once

// Reads tests/cases/000_m3.json, whose cases stand in several lists.

#include <ostream>

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "support/cases.hpp"

namespace statwire::test {

/// One list, or object, of the file; it is not empty.
inline Json m3_list(const std::string& list) {
  std::ifstream stream{STATWIRE_TEST_CASES "/000_m3.json"};
  REQUIRE_MESSAGE(stream, "cannot read tests/cases/000_m3.json");
  Json cases = Json::parse(stream).at(list);
  REQUIRE_MESSAGE(!cases.empty(), "no cases in " << list);
  return cases;
}

}  // namespace statwire::test
