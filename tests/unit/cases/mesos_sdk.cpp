// How the original's further addresses are read from the environment: tests/cases/003_asgard_sdk.json.

#include "mesos_collector/environment.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "support/cases.hpp"

using namespace statwire::test;

TEST_CASE("mesos_collector: options of the environment as in 003_asgard_sdk.json") {
  const Json cases = load_file("003_asgard_sdk.json").at("get_option");
  REQUIRE_FALSE(cases.empty());
  for (const Json& each : cases) {
    CAPTURE(each.dump());
    const auto variables = each.at("env").get<std::map<std::string, std::string>>();
    const auto values = mesos_collector::get_option(
        each.at("namespace").get<std::string>(), each.at("option").get<std::string>(), [&](const char* name) {
          const auto found = variables.find(name);
          return found == variables.end() ? nullptr : found->second.c_str();
        });
    CHECK(values == each.at("result").get<std::vector<std::string>>());
  }
}
