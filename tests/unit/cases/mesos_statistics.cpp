// tests/cases/003_statistics.json: what the original's collector made of two samples of a task.

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "mesos_collector/document.hpp"
#include "mesos_collector/python_json.hpp"

using namespace mesos_collector;

namespace {

/// The members in the file's order.
Json load_cases() {
  std::ifstream file{STATWIRE_TEST_CASES "/003_statistics.json"};
  return Json::parse(file);
}

/// The original goes on when counters went down.
std::variant<Json, Failure> build(const Json& wanted) {
  return build_document(wanted.at("host"), wanted.at("before"), wanted.at("now"),
                        {.include_raw = wanted.at("include_raw"), .publish_resets = true});
}

/// What we call the exception that the original's Python raised.
std::string failure_type(const Json& wanted) {
  if (wanted.at("error") == "KeyError") return "missing_field";
  const auto time = [&](const char* sample) { return wanted.at(sample).at("statistics").at("timestamp"); };
  return time("before") == time("now") ? "zero_period" : "zero_limit";
}

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& item : object.items()) keys.push_back(item.key());
  return keys;
}

}  // namespace

TEST_CASE("mesos statistics: every document is the original's, byte for byte") {
  const Json file = load_cases();
  std::size_t documents = 0;
  std::size_t bodies = 0;
  for (const Json& wanted : file.at("cases")) {
    if (!wanted.contains("document")) continue;
    CAPTURE(wanted.at("name"));
    const auto built = build(wanted);
    REQUIRE(std::holds_alternative<Json>(built));
    const std::string text = to_python_json(std::get<Json>(built));
    CHECK(text == to_python_json(wanted.at("document")));
    ++documents;
    if (!wanted.contains("amqp_body_text")) continue;
    CHECK(text == wanted.at("amqp_body_text").get<std::string>());
    ++bodies;
  }
  CHECK(documents >= 41);
  CHECK(bodies >= 2);
}

TEST_CASE("mesos statistics: what made the original's Python raise an exception is a failure") {
  const Json file = load_cases();
  std::size_t failures = 0;
  for (const Json& wanted : file.at("cases")) {
    if (!wanted.contains("error")) continue;
    CAPTURE(wanted.at("name"));
    const auto built = build(wanted);
    REQUIRE(std::holds_alternative<Failure>(built));
    CHECK(std::get<Failure>(built).type == failure_type(wanted));
    ++failures;
  }
  CHECK(failures >= 4);
}

TEST_CASE("mesos statistics: with everything, a document has the original's keys in its order") {
  const Json file = load_cases();
  for (const Json& wanted : file.at("cases")) {
    if (wanted.at("name") != "fixture_cfs_on_raw") continue;
    CHECK(keys_of(std::get<Json>(build(wanted))) == file.at("key_order").get<std::vector<std::string>>());
    return;
  }
  FAIL("there is no case with everything");
}

TEST_CASE("mesos statistics: names of applications are the original's") {
  const Json file = load_cases();
  REQUIRE(file.at("app_name").size() >= 8);
  for (const auto& item : file.at("app_name").items()) {
    CAPTURE(item.key());
    CHECK(app_name(item.key()) == item.value().get<std::string>());
  }
}
