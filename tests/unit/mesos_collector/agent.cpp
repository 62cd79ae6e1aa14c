#include "mesos_collector/agent.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/mesos_answers.hpp"

using namespace mesos_collector;
using namespace statwire::test;

namespace {

const std::string address = "10.0.2.9:5051";
const std::string url = "http://10.0.2.9:5051/monitor/statistics.json";

std::variant<std::vector<Json>, Failure> tasks_of(const HttpReply& reply) {
  MesosAnswers agent{.answers = {{url, reply}}};
  return agent_tasks(address, agent.get());
}

/// Type and message of the failure; the test fails without one.
Failure failure_of(const HttpReply& reply) {
  const auto result = tasks_of(reply);
  REQUIRE(std::holds_alternative<Failure>(result));
  return std::get<Failure>(result);
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

/// An array of as many elements.
std::string array_of(std::size_t count, const std::string& element) {
  std::string text = element;
  for (std::size_t i = 1; i < count; ++i) text += ',' + element;
  return "[" + text + "]";
}

std::string members(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  return "{" + text + "}";
}

}  // namespace

TEST_CASE("agent: the tasks are what is in the array, in its order and as it is") {
  const auto result = tasks_of(json_reply(R"([{"z":1,"a":{"y":0.1,"b":null}}, 3, "x"])"));
  const auto* tasks = std::get_if<std::vector<Json>>(&result);
  REQUIRE(tasks != nullptr);
  REQUIRE(tasks->size() == 3);
  CHECK((*tasks)[0].dump() == R"({"z":1,"a":{"y":0.1,"b":null}})");
  CHECK((*tasks)[1] == 3);
  CHECK((*tasks)[2] == "x");
  CHECK(std::get<std::vector<Json>>(tasks_of(json_reply("[]"))).empty());
}

TEST_CASE("agent: the type of the answer may have parameters and capitals") {
  for (const std::string type :
       {"application/json", "application/json; charset=utf-8", "Application/JSON ;x"}) {
    CAPTURE(type);
    const HttpReply reply{.status = 200, .content_type = type, .body = "[]"};
    CHECK(std::holds_alternative<std::vector<Json>>(tasks_of(reply)));
  }
}

TEST_CASE("agent: what is no JSON array with status 200 is a failure that says why") {
  CHECK(failure_of({.status = 503, .content_type = "application/json", .body = "[]"}) ==
        Failure{"http_status", "it answered with the HTTP status 503"});
  CHECK(failure_of({.status = 200, .content_type = "text/plain", .body = "[]"}) ==
        Failure{"not_json", "its answer has the type 'text/plain', not application/json"});
  CHECK(failure_of({.status = 200, .body = "[]"}) ==
        Failure{"not_json", "its answer has the type '', not application/json"});
  CHECK(failure_of(json_reply("[{\"a\":")) == Failure{"not_json", "its answer of 6 bytes is malformed JSON"});
  CHECK(failure_of(json_reply("")) == Failure{"not_json", "its answer of 0 bytes is malformed JSON"});
  CHECK(failure_of(json_reply("[] []")) == Failure{"not_json", "its answer of 5 bytes is malformed JSON"});
  CHECK(failure_of(json_reply("[\"\xff\"]")) ==
        Failure{"not_json", "its answer of 5 bytes is malformed JSON"});
  CHECK(failure_of(json_reply("{\"a\":1}")) ==
        Failure{"wrong_field", "its answer is of the type object; legal is an array of tasks"});
  CHECK(failure_of(json_reply("null")) ==
        Failure{"wrong_field", "its answer is of the type null; legal is an array of tasks"});
}

TEST_CASE("agent: what it sends is quoted in part only") {
  const Failure failure = failure_of({.status = 200, .content_type = std::string(100'000, 'x')});
  CHECK(failure.message.size() < 200);
}

TEST_CASE("agent: a failure to get the answer is passed on") {
  MesosAnswers nobody;
  const auto result = agent_tasks(address, nobody.get());
  REQUIRE(std::holds_alternative<Failure>(result));
  CHECK(std::get<Failure>(result) == Failure{"connect_failed", "Connection refused"});
  CHECK(nobody.asked == std::vector<std::string>{url});
}

TEST_CASE("agent: an answer that would take the stack or the round is refused") {
  const Failure refusal{"not_json",
                        "its answer has more than 32 levels, 1000 members in an object, or 1000000 values"};
  CHECK(std::holds_alternative<std::vector<Json>>(tasks_of(json_reply(nested(32)))));
  CHECK(failure_of(json_reply(nested(33))) == refusal);
  CHECK(failure_of(json_reply(nested(100'000))) == refusal);
  CHECK(std::holds_alternative<std::vector<Json>>(tasks_of(json_reply("[" + members(1000) + "]"))));
  CHECK(failure_of(json_reply("[" + members(1001) + "]")) == refusal);
  CHECK(failure_of(json_reply("[{\"a\":{}}," + members(1001) + "]")) == refusal);
  // It is refused in less time than its members take to be looked for among each other.
  CHECK(failure_of(json_reply("[" + members(100'000) + "]")) == refusal);

  std::string many = "[" + members(600);
  for (int i = 0; i < 3; ++i) many += ',' + members(600);
  const auto tasks = tasks_of(json_reply(many + ",{\"a\":" + members(600) + ",\"b\":" + members(600) + "}]"));
  REQUIRE(std::holds_alternative<std::vector<Json>>(tasks));
  CHECK(std::get<std::vector<Json>>(tasks).size() == 5);
}

TEST_CASE("agent: an answer of more values than a cluster has is refused") {
  const Failure refusal{"not_json",
                        "its answer has more than 32 levels, 1000 members in an object, or 1000000 values"};
  CHECK(std::get<std::vector<Json>>(tasks_of(json_reply(array_of(999'999, "0")))).size() == 999'999);
  for (const std::string element : {"0", "{}"}) {
    CAPTURE(element);
    CHECK(failure_of(json_reply(array_of(1'000'000, element))) == refusal);
  }
  CHECK(failure_of(json_reply(array_of(500'000, "[0]"))) == refusal);
  CHECK(failure_of(json_reply(array_of(500'000, "{\"a\":0}"))) == refusal);
  CHECK(failure_of(json_reply("[" + array_of(500'000, "0") + "," + array_of(500'000, "0") + "]")) == refusal);
}
