// Runs the examples as a user would, and looks at what they print.

#include <array>
#include <string>

#include "statwire/metrics.hpp"
#include "statwire/server/metrics_server.hpp"
#include "statwire/statsd.hpp"
#include "support/child_process.hpp"
#include "support/loopback.hpp"
#include "support/text.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

std::string example(const std::string& name) {
  return STATWIRE_EXAMPLES "/" + name;
}

/// Runs a program to its end; returns its exit status and leaves what it printed in `output`.
int run(const std::vector<std::string>& command, std::string& output) {
  ChildProcess child{command};
  const int status = child.wait();
  output = child.output();
  return status;
}

}  // namespace

TEST_CASE("hello_statsd: it ends well though nobody listens") {
  std::string output;
  CHECK(run({example("hello_statsd")}, output) == 0);
  CHECK(output.empty());
}

TEST_CASE("put_get: it prints the points that it put, with a server of its own or another") {
  std::string output;
  CHECK(run({example("put_get")}, output) == 0);
  CHECK(output.find("huginn.cpu 0.5 1642667947\nhuginn.cpu 0.75 1642667948\n") != std::string::npos);
  CHECK(output.find("muninn.memory 42000000 1642667947\n") != std::string::npos);

  server::MetricsServer server;
  server.start();
  CHECK(run({example("put_get"), "127.0.0.1", std::to_string(server.port())}, output) == 0);
  CHECK(MetricsClient{"127.0.0.1", server.port()}.get("muninn.memory").size() == 1);
}

TEST_CASE("put_get: a server that is not there is one line and exit status 1") {
  std::string output;
  const std::string port = std::to_string(free_tcp_port());
  CHECK(run({example("put_get"), "127.0.0.1", port}, output) == 1);
  CHECK(output.starts_with("put_get: statwire: connect to '127.0.0.1' port " + port + ": "));
  CHECK(split(output, '\n').size() == 2);
}

TEST_CASE("put_get, buffered_put: arguments that are none are one line that says what is right") {
  std::string output;
  for (const std::string name : {"put_get", "buffered_put"}) {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"127.0.0.1"},
                                               {"127.0.0.1", "0"},
                                               {"127.0.0.1", "70000"},
                                               {"127.0.0.1", "x"},
                                               {"a", "1", "b"}}) {
      std::vector<std::string> command{example(name)};
      command.insert(command.end(), arguments.begin(), arguments.end());
      CHECK(run(command, output) == 2);
      CHECK(output == name + ": give no arguments, or a host and a port from 1 to 65535: " + name +
                          " 127.0.0.1 8888\n");
    }
  }
}

TEST_CASE("buffered_put: every point is stored, with a server of its own or another") {
  std::string output;
  CHECK(run({example("buffered_put")}, output) == 0);
  CHECK(output == "10000 put, 10000 stored, 0 dropped, 0 pending\n");

  server::MetricsServer server;
  server.start();
  CHECK(run({example("buffered_put"), "127.0.0.1", std::to_string(server.port())}, output) == 0);
  CHECK(MetricsClient{"127.0.0.1", server.port()}.get("wave").at("wave").size() == 10'000);
}

TEST_CASE("buffered_put: a server that is not there is said, and exit status 1") {
  std::string output;
  CHECK(run({example("buffered_put"), "127.0.0.1", std::to_string(free_tcp_port())}, output) == 1);
  CHECK(output.find("10000 put, 0 stored, 0 dropped, 10000 pending\n") != std::string::npos);
  CHECK(output.find("buffered_put: Connection refused\n") != std::string::npos);
}

#if defined(STATWIRE_HAVE_PUT_GET_ASYNC)

TEST_CASE("put_get_async: it prints the points that it put, with a server of its own or another") {
  std::string output;
  CHECK(run({example("put_get_async")}, output) == 0);
  CHECK(output.find("huginn.cpu 0.5 1642667947\nhuginn.cpu 0.75 1642667948\n") != std::string::npos);
  CHECK(output.find("muninn.memory 42000000 1642667947\n") != std::string::npos);

  server::MetricsServer server;
  server.start();
  CHECK(run({example("put_get_async"), "127.0.0.1", std::to_string(server.port())}, output) == 0);
  CHECK(MetricsClient{"127.0.0.1", server.port()}.get("muninn.memory").size() == 1);
}

TEST_CASE("put_get_async: a server that is not there is one line and exit status 1") {
  std::string output;
  const std::string port = std::to_string(free_tcp_port());
  CHECK(run({example("put_get_async"), "127.0.0.1", port}, output) == 1);
  CHECK(output.starts_with("put_get_async: '127.0.0.1' port " + port + ": "));
  CHECK(split(output, '\n').size() == 2);
}

#endif

TEST_CASE("statsd_listen: it prints every line that arrives, until it is told to end") {
  ChildProcess listener{{example("statsd_listen"), "0"}};
  const std::string words = "listening on 127.0.0.1 port ";
  const std::string greeting = listener.read_until("\n");
  REQUIRE(greeting.starts_with(words));
  const auto port = static_cast<std::uint16_t>(std::stoi(greeting.substr(words.size())));
  {
    StatsdClient statsd{"127.0.0.1", port, {.prefix = "app"}};
    statsd.increment("hits");
    statsd.gauge("below", -1);
  }
  listener.read_until("app.hits:1|c\napp.below:0|g\napp.below:-1|g\n");
  UdpTransport raw{"127.0.0.1", port};
  CHECK(!raw.send("bell\a:\x1b[31m|c"));
  listener.read_until("bell\\x07:\\x1b[31m|c\n");
  listener.signal(SIGTERM);
  CHECK(listener.wait() == 0);
  CHECK(listener.output().find("2 datagrams, 4 lines, 1 bad values\n") != std::string::npos);
}

TEST_CASE("statsd_listen: what it cannot listen on is one line that says what is right") {
  std::string output;
  for (const std::string argument : {"none", "70000", "-1", "127.0.0.1:", "nowhere:1"}) {
    CAPTURE(argument);
    CHECK(run({example("statsd_listen"), argument}, output) == 2);
    CHECK(output.find("'" + argument + "'") != std::string::npos);
    CHECK(split(output, '\n').size() == 2);
  }
  const UdpReceiver taken;
  CHECK(run({example("statsd_listen"), std::to_string(taken.port())}, output) == 1);
  CHECK(split(output, '\n').size() == 2);
}
