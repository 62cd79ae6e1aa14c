// Runs contexts_server as a user would.

#include <ostream>

#include <doctest/doctest.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "statwire/detail/httplib.hpp"
#include "statwire/server/contexts_server.hpp"
#include "support/child_process.hpp"
#include "support/daemon.hpp"
#include "support/loopback.hpp"
#include "support/text.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

struct Daemon : DaemonProcess {
  explicit Daemon(std::vector<std::string> flags = {})
      : DaemonProcess{"contexts_server", std::move(flags), free_tcp_port()} {}
};

std::pair<int, std::string> run(std::vector<std::string> flags) {
  return run_example("contexts_server", std::move(flags));
}

int put(std::uint16_t port, const std::string& instance) {
  const auto result = httplib::Client{"127.0.0.1", port}.Post(
      "/register",
      R"({"identity": {"instance": ")" + instance + R"("}, "timestamp": 7, "info": {"controller": {}}})",
      "application/json");
  REQUIRE(result);
  return result->status;
}

}  // namespace

TEST_CASE("contexts_server: it serves, and ends with status 0 at either signal") {
  for (const int signal : {SIGTERM, SIGINT}) {
    Daemon daemon;
    CHECK(daemon.output() ==
          "contexts_server: listening on 127.0.0.1:" + std::to_string(daemon.port()) + "\n");
    CHECK(put(daemon.port(), "a") == 200);
    const auto listed = httplib::Client{"127.0.0.1", daemon.port()}.Get("/contexts");
    REQUIRE(listed);
    CHECK(listed->body ==
          R"({"contexts": [{"identity": {"instance":"a"}, "timestamp": 7, "info": {"controller":{}}}]})");
    RawConnection silent{daemon.port()};  // does not keep it from ending
    CHECK(daemon.end(signal) == 0);
    CHECK(split(daemon.output(), '\n').at(1) == "contexts_server: stopped with the contexts of 1 instances");
  }
}

TEST_CASE("contexts_server: the limit of instances holds") {
  Daemon daemon{{"--max-instances", "1"}};
  CHECK(put(daemon.port(), "a") == 200);
  CHECK(put(daemon.port(), "b") == 507);
  CHECK(put(daemon.port(), "a") == 200);
}

TEST_CASE("contexts_server: an address that others reach comes with a warning") {
  const std::string port = std::to_string(free_tcp_port());
  ChildProcess process{{example_path("contexts_server"), "--listen", "0.0.0.0:" + port}};
  CHECK(process.read_until("\n") ==
        "contexts_server: listening on 0.0.0.0:" + port +
            "; WARNING: no password protects the contexts from whoever reaches this "
            "address\n");
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("contexts_server: help and version are answers, a usage error one line and status 2") {
  CHECK(run({"--help"}).first == 0);
  CHECK(run({"--version"}).first == 0);
  const auto [status, output] = run({"--listen", "now\nhere"});
  CHECK(status == 2);
  CHECK(output.starts_with("contexts_server: --listen: 'now?here' is not address:port"));
  CHECK(split(output, '\n').size() == 2);
}

TEST_CASE("contexts_server: a port that is taken is one line and status 1") {
  server::ContextsServer other;
  other.start();
  const std::string port = std::to_string(other.port());
  const auto [status, output] = run({"--listen", "127.0.0.1:" + port});
  CHECK(status == 1);
  CHECK(output.starts_with("contexts_server: statwire: contexts server on '127.0.0.1' port " + port + ": "));
  CHECK(split(output, '\n').size() == 2);
}
