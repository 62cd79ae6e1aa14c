// The snippets of docs/web.md and docs/cookbook.md that need statwire::http.

#include <ostream>

#include <doctest/doctest.h>

#include <stdlib.h>

#include <string>
#include <thread>

#include "statwire/contexts.hpp"
#include "statwire/instrumented_server.hpp"
#include "statwire/server/contexts_server.hpp"
#include "statwire/server/statsd_server.hpp"
#include "statwire/statsd.hpp"
#include "support/loopback.hpp"

namespace {

/// A variable of the environment, for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_{name} { ::setenv(name, value.c_str(), 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

void show_desktop(const httplib::Request& /*request*/, httplib::Response& response) {
  response.set_content("hello", "text/plain");
}

int show_orders(int number) {
  return number;
}

}  // namespace

TEST_CASE("snippet: instrument a web application") {
  statwire::server::StatsdServer statsd_server{{.flush = statwire::Flush::manual}};
  statsd_server.start();
  statwire::server::ContextsServer contexts_server;
  contexts_server.start();
  const Variable host{"METRICS_HOST", "127.0.0.1"};
  const Variable port{"METRICS_PORT", std::to_string(statsd_server.port())};
  const Variable prefix{"METRICS_PREFIX", "v1.eu.shop.web.instance_1"};
  const Variable contexts_url{"METRICS_CONTEXTS_URL",
                              "http://127.0.0.1:" + std::to_string(contexts_server.port()) + "/register"};
  const Variable collection{"ENABLE_METRICS_COLLECTION", "1"};

  auto settings = statwire::Settings::from_env();  // throws an error that names every variable that is wrong
  statwire::StatsdClient statsd{settings.host, settings.port, {.prefix = settings.prefix}};
  statwire::RequestMetrics requests{statsd, settings};

  statwire::InstrumentedServer server{requests};  // was: httplib::Server server;
  server.Get("/desktop", &show_desktop);

  auto measured = requests.wrap("/orders", &show_orders);  // takes and returns what show_orders does
  {
    auto request = requests.scope("/orders");  // counted and timed when it ends, also by an exception
    show_orders(7);
  }

  statwire::UserMetrics users{statsd};
  users.capture(100, 7);  // accounts and sessions, now and then
  users.logged_in();      // and what happens in between; logged_out(), created(), deleted()

  auto registration = statwire::register_contexts_async(settings, server.controllers());

  CHECK_FALSE(
      registration.wait());  // before another client: a static variable of cpp-httplib looks like a race
  CHECK(contexts_server.instance_count() == 1);
  CHECK(measured(7) == 7);
  const int http_port = server.bind_to_any_port("127.0.0.1");
  std::thread serving{[&] { server.listen_after_bind(); }};
  httplib::Client client{"127.0.0.1", http_port};
  client.set_read_timeout(statwire::test::patience);
  CHECK(client.Get("/desktop")->body == "hello");
  server.stop();
  serving.join();

  statsd.flush();
  REQUIRE(statsd_server.wait_for_packets(statsd.stats().datagrams, statwire::test::patience));
  const auto seen = statsd_server.snapshot();
  const std::string name = "v1.eu.shop.web.instance_1.";
  CHECK(seen.counters.at(name + "requests.total") == 3);
  CHECK(seen.counters.at(name + "controller_e1fc414efb00462ad25041a21e45e696.requests.count") == 1);
  CHECK(seen.gauges.at(name + "users.count") == 100);
}
