#include "mesos_collector/masters.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/cases.hpp"
#include "support/mesos_answers.hpp"

using namespace mesos_collector;
using namespace statwire::test;

namespace {

using Lines = std::vector<std::string>;

const std::string a = "http://10.0.2.1:5050";
const std::string b = "http://10.0.2.2:5050";
const std::vector<std::string> masters{a, b};

HttpReply redirect_to(const std::string& location) {
  return {.status = 307, .location = location};
}

/// A line of the log.
std::string line(const std::string& master, const std::string& type, const std::string& message) {
  return R"({"action":"get_slave_ip_list","master_ip":")" + master + R"(","exception":{"message":")" +
         message + R"(","type":")" + type + R"("}})";
}

/// Of a cluster where `b` leads and has this answer to /slaves.
std::optional<std::vector<std::string>> agents_of(const HttpReply& slaves, Lines& lines) {
  MesosAnswers cluster{
      .answers = {{b + "/redirect", redirect_to("//10.0.2.2:5050")}, {b + "/slaves", slaves}}};
  LogLines log;
  auto agents = find_agents({b}, cluster.get(), log.log);
  lines = log.lines;
  return agents;
}

std::string bad_agent(const std::string& host, const std::string& port) {
  return "an agent has the hostname " + host + " and the port " + port +
         "; legal are a name and a number from 1 to 65535";
}

}  // namespace

TEST_CASE("masters: the leaders of 003_asgard_sdk.json are found") {
  std::size_t tried = 0;
  const statwire::test::Json file = load_file("003_asgard_sdk.json");
  for (const auto& entry : file.at("leader")) {
    if (!entry.contains("result")) continue;  // a note
    CAPTURE(entry.dump());
    MesosAnswers cluster;
    if (entry.at("replies").is_array()) {
      for (const auto& reply : entry.at("replies")) {
        if (!reply.contains("Location")) continue;  // it refuses
        cluster.answers[reply.at("addr").get<std::string>() + "/redirect"] =
            HttpReply{.status = reply.at("status"), .location = reply.at("Location")};
      }
    }
    LogLines log;
    const auto leader = find_leader(entry.value("masters", masters), cluster.get(), log.log);
    CHECK(leader.has_value() == !entry.at("result").is_null());
    if (leader) CHECK(*leader == entry.at("result").get<std::string>());
    ++tried;
  }
  CHECK(tried == 2);
}

TEST_CASE("masters: each that does not name a leader is a line, and the next one is asked") {
  const std::vector<std::string> all{
      "http://a:1", "http://b:1", "http://c:1", "http://d:1", "http://e:1", a, b};
  MesosAnswers cluster{.answers = {{"http://b:1/redirect", Failure{"timeout", "no answer"}},
                                   {"http://c:1/redirect", HttpReply{.status = 503}},
                                   {"http://d:1/redirect", HttpReply{.status = 200}},
                                   {"http://e:1/redirect", redirect_to("https://x")},
                                   {a + "/redirect", redirect_to("//10.0.2.2:5050")}}};
  LogLines log;
  CHECK(find_leader(all, cluster.get(), log.log) == b);
  CHECK(log.lines ==
        Lines{line("http://a:1", "connect_failed", "Connection refused"),
              line("http://b:1", "timeout", "no answer"),
              line("http://c:1", "http_status",
                   "it answered /redirect with the HTTP status 503 and no Location of a leader"),
              line("http://d:1", "http_status",
                   "it answered /redirect with the HTTP status 200 and no Location of a leader"),
              line("http://e:1", "wrong_field", "its Location is 'https://x'; legal is //host:port")});
  CHECK(cluster.asked.back() == a + "/redirect");
}

TEST_CASE("masters: a Location is //host:port, or the same with http:, and nothing more") {
  const std::vector<std::pair<std::string, std::optional<std::string>>> locations{
      {"//10.0.2.2:5050", b},
      {"//10.0.2.2:5050/", b},
      {"http://10.0.2.2:5050", b},
      {"//[::1]:5050", "http://[::1]:5050"},
      {"//master", "http://master"},
      {"//10.0.2.2:5050/x", std::nullopt},
      {"//10.0.2.2:0", std::nullopt},
      {"//", std::nullopt},
      {"/", std::nullopt},
      {"10.0.2.2:5050", std::nullopt},
      {"https://10.0.2.2:5050", std::nullopt},
  };
  for (const auto& entry : locations) {
    CAPTURE(entry.first);
    MesosAnswers cluster{.answers = {{a + "/redirect", redirect_to(entry.first)}}};
    LogLines log;
    CHECK(find_leader({a}, cluster.get(), log.log) == entry.second);
    CHECK(log.lines.size() == (entry.second ? 0 : 1));
  }
}

TEST_CASE("masters: a slash at the end of an address is none too many") {
  MesosAnswers cluster{.answers = {{a + "/redirect", redirect_to("//10.0.2.2:5050")}}};
  LogLines log;
  CHECK(find_leader({a + "/"}, cluster.get(), log.log) == b);
}

TEST_CASE("masters: one is healthy when its /health has the status 200") {
  const statwire::test::Json file = load_file("003_asgard_sdk.json");
  REQUIRE(file.at("is_master_healthy").size() == 3);
  for (const auto& entry : file.at("is_master_healthy")) {
    CAPTURE(entry.dump());
    MesosAnswers cluster{.answers = {{a + "/health", Failure{"timeout", "no answer"}}}};
    if (entry.contains("status")) {
      const bool is_number = entry.at("status").is_number();  // else it is "anything else"
      cluster.answers[a + "/health"] = HttpReply{.status = is_number ? entry.at("status").get<int>() : 204};
    }
    CHECK(is_master_healthy(a, cluster.get()) == entry.value("result", false));
    CHECK(cluster.asked == Lines{a + "/health"});
  }
}

TEST_CASE("masters: the leader has the agents, in its order") {
  MesosAnswers cluster{
      .answers = {{a + "/redirect", redirect_to("//10.0.2.2:5050")},
                  {b + "/slaves",
                   json_reply(R"({"slaves":[{"id":"S1","hostname":"10.0.3.1","port":5051,"active":true},
              {"hostname":"agent-2.example","port":65535,"active":false}],"recovered_slaves":[]})")}}};
  LogLines log;
  CHECK(find_agents(masters, cluster.get(), log.log) == Lines{"10.0.3.1:5051", "agent-2.example:65535"});
  CHECK(cluster.asked == Lines{a + "/redirect", b + "/slaves"});
  CHECK(log.lines.empty());
}

TEST_CASE("masters: when the leader that one names does not answer, the next one is asked") {
  const std::string c = "http://10.0.2.3:5050";
  MesosAnswers cluster{
      .answers = {{a + "/redirect", redirect_to("//10.0.2.3:5050")},
                  {c + "/slaves", HttpReply{.status = 307, .location = "//10.0.2.2:5050/slaves"}},
                  {b + "/redirect", redirect_to("//10.0.2.2:5050")},
                  {b + "/slaves", json_reply(R"({"slaves":[]})")}}};
  LogLines log;
  const auto agents = find_agents(masters, cluster.get(), log.log);
  REQUIRE(agents);
  CHECK(agents->empty());
  CHECK(log.lines == Lines{line(c, "http_status", "it answered with the HTTP status 307")});

  cluster.answers.erase(b + "/redirect");
  CHECK_FALSE(find_agents(masters, cluster.get(), log.log));
  CHECK(log.lines.back() == line(b, "connect_failed", "Connection refused"));
}

TEST_CASE("masters: without any there are neither leader nor agents") {
  MesosAnswers nobody;
  LogLines log;
  CHECK_FALSE(find_leader({}, nobody.get(), log.log));
  CHECK_FALSE(find_agents({}, nobody.get(), log.log));
  CHECK(log.lines.empty());
}

TEST_CASE("masters: a list of agents that is none is a line") {
  Lines lines;
  CHECK_FALSE(agents_of(json_reply("[]"), lines));
  CHECK(lines == Lines{line(b, "missing_field", "its /slaves has no member 'slaves'")});
  CHECK_FALSE(agents_of(json_reply(R"({"slaves":{}})"), lines));
  CHECK(lines == Lines{line(b, "wrong_field", "its 'slaves' is no array")});
  CHECK_FALSE(agents_of(json_reply(R"({"slaves")"), lines));
  CHECK(lines == Lines{line(b, "not_json", "its answer of 9 bytes is malformed JSON")});
  CHECK_FALSE(agents_of({.status = 200, .content_type = "text/html", .body = "<p>"}, lines));
  CHECK(lines == Lines{line(b, "not_json", "its answer has the type 'text/html', not application/json")});
}

TEST_CASE("masters: an agent without a usable address is a line, and the others are there") {
  const std::vector<std::tuple<std::string, std::string, std::string>> bad{
      {"{}", "missing_field", bad_agent("null", "null")},
      {R"({"hostname":"x"})", "missing_field", bad_agent(R"(\"x\")", "null")},
      {R"({"port":1})", "missing_field", bad_agent("null", "1")},
      {R"({"hostname":"x","port":"5051"})", "wrong_field", bad_agent(R"(\"x\")", R"(\"5051\")")},
      {R"({"hostname":7,"port":1})", "wrong_field", bad_agent("7", "1")},
      {R"({"hostname":"","port":1})", "wrong_field", bad_agent(R"(\"\")", "1")},
      {R"({"hostname":"x","port":0})", "wrong_field", bad_agent(R"(\"x\")", "0")},
      {R"({"hostname":"x","port":65536})", "wrong_field", bad_agent(R"(\"x\")", "65536")},
      {R"({"hostname":"x","port":-1})", "wrong_field", bad_agent(R"(\"x\")", "-1")},
      {R"({"hostname":"x","port":1.5})", "wrong_field", bad_agent(R"(\"x\")", "1.5")},
      {R"({"hostname":"x/y","port":1})", "wrong_field", bad_agent(R"(\"x/y\")", "1")},
      {"3", "missing_field", bad_agent("null", "null")},
  };
  for (const auto& entry : bad) {
    const auto& [agent, type, message] = entry;
    CAPTURE(std::get<0>(entry));
    Lines lines;
    const std::string good = R"({"hostname":"good","port":1})";
    const auto agents = agents_of(json_reply(R"({"slaves":[)" + agent + "," + good + "]}"), lines);
    REQUIRE(agents);
    CHECK(*agents == Lines{"good:1"});
    CHECK(lines == Lines{line(b, type, message)});
  }
}

TEST_CASE("masters: an agent that is listed twice is asked once, and an address of IPv6 gets brackets") {
  Lines lines;
  const auto agents = agents_of(json_reply(R"({"slaves":[{"hostname":"b","port":1},{"hostname":"a","port":1},
      {"hostname":"b","port":1},{"hostname":"b","port":2},{"hostname":"fd00::5","port":5051},
      {"hostname":"x:y","port":1}]})"),
                                lines);
  REQUIRE(agents);
  CHECK(*agents == Lines{"b:1", "a:1", "b:2", "[fd00::5]:5051"});
  CHECK(lines == Lines{line(b, "wrong_field", bad_agent(R"(\"x:y\")", "1"))});
}
