#include "mesos_collector/simulator_options.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

using namespace mesos_collector;
using namespace std::chrono_literals;

namespace {

example::Command<SimulatorOptions> parse(std::vector<const char*> flags) {
  flags.insert(flags.begin(), "mesos_simulator");
  return parse_simulator_options(static_cast<int>(flags.size()), flags.data());
}

std::string complaint(const std::vector<const char*>& flags) {
  const auto command = parse(flags);
  const auto* error = std::get_if<example::UsageError>(&command);
  return error == nullptr ? "" : error->message;
}

}  // namespace

TEST_CASE("simulator options: without flags it is a small cluster on the usual port") {
  const auto options = std::get<SimulatorOptions>(parse({}));
  CHECK(options.masters == 1);
  CHECK(options.agents == 3);
  CHECK(options.tasks == 5);
  CHECK(options.port == 5050);
  CHECK_FALSE(options.run_for);
}

TEST_CASE("simulator options: every flag is taken") {
  const auto options = std::get<SimulatorOptions>(
      parse({"--masters", "3", "--agents", "500", "--tasks", "20", "--port", "0", "--for", "90s"}));
  CHECK(options.masters == 3);
  CHECK(options.agents == 500);
  CHECK(options.tasks == 20);
  CHECK(options.port == 0);
  CHECK(options.run_for == 90s);
}

TEST_CASE("simulator options: what is wrong is named, with what is right") {
  CHECK(complaint({"--masters", "0"}) == "--masters: '0' is not a number from 1 to 16");
  CHECK(complaint({"--agents", "-1"}) == "--agents: '-1' is not a number from 0 to 10000");
  CHECK(complaint({"--tasks", "many"}) == "--tasks: 'many' is not a number from 0 to 10000");
  CHECK(complaint({"--port", "65536"}) == "--port: '65536' is not a number from 0 to 65535");
  CHECK(complaint({"--slaves", "1"}).starts_with("unknown argument '--slaves'"));
}
