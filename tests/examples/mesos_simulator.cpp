// Runs mesos_simulator as a user would, and asks its cluster as the collector does.

#include <ostream>

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <variant>
#include <vector>

#include "mesos_collector/agent.hpp"
#include "mesos_collector/http_client.hpp"
#include "mesos_collector/masters.hpp"
#include "statwire/detail/asio.hpp"
#include "support/child_process.hpp"
#include "support/daemon.hpp"
#include "support/loopback.hpp"
#include "support/mesos_answers.hpp"
#include "support/text.hpp"

using namespace mesos_collector;
using namespace statwire::test;

TEST_CASE("mesos_simulator: says where its masters are, answers, and ends in order") {
  ChildProcess simulator{
      {example_path("mesos_simulator"), "--port", "0", "--masters", "2", "--agents", "4", "--tasks", "3"}};
  const std::vector<std::string> lines = split(simulator.read_until("4 agents of 3 tasks\n"), '\n');
  const std::string words = "mesos_simulator: master ";
  std::vector<std::string> masters;
  for (const std::string& line : lines) {
    if (line.starts_with(words)) masters.push_back(line.substr(words.size()));
  }
  REQUIRE(masters.size() == 2);
  const HttpGet get = make_http_get({.connect = patience, .total = patience});
  LogLines log;
  CHECK(find_leader({masters[1]}, get, log.log) == masters[0]);
  const auto agents = find_agents(masters, get, log.log);
  REQUIRE(agents);
  CHECK(agents->size() == 4);
  for (const std::string& agent : *agents) {
    CHECK(std::get<std::vector<Json>>(agent_tasks(agent, get)).size() == 3);
  }
  simulator.signal(SIGTERM);
  CHECK(simulator.wait() == 0);
}

TEST_CASE("mesos_simulator: a port that is taken is named") {
  asio::io_context io;
  const asio::ip::tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
  const std::string port = std::to_string(acceptor.local_endpoint().port());
  const auto [status, output] = run_example("mesos_simulator", {"--port", port});
  CHECK(status == 1);
  CHECK(output == "mesos_simulator: cannot listen on 127.0.0.1:" + port + ": Address already in use\n");
}

TEST_CASE("mesos_simulator: ends of itself after the time that it was given") {
  const auto [status, output] = run_example("mesos_simulator", {"--port", "0", "--for", "100ms"});
  CHECK(status == 0);
}
