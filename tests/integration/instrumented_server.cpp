#include "statwire/instrumented_server.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "statwire/protocol/md5.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

const Settings enabled{.collect_requests = true};

std::string name_of(const std::string& pattern) {
  return "controller_" + protocol::md5_text(pattern) + ".requests.";
}

/// Listens for as long as it lives.
class Listening {
 public:
  explicit Listening(httplib::Server& server)
      : server_{server}, port_{server.bind_to_any_port("127.0.0.1")}, thread_{[&server] {
          server.listen_after_bind();
        }} {
    REQUIRE(port_ > 0);
    while (!server_.is_running()) std::this_thread::yield();
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;
  ~Listening() {
    server_.stop();
    thread_.join();
  }

  httplib::Client client() const { return httplib::Client{"127.0.0.1", port_}; }

 private:
  httplib::Server& server_;
  int port_;
  std::thread thread_;
};

void add_routes(InstrumentedServer<>& server) {
  server
      .Get(R"(/orders/(\d+))",
           [](const httplib::Request& request, httplib::Response& response) {
             response.set_content("order " + request.matches[1].str(), "text/plain");
           })
      .Get("/broken", [](const httplib::Request&, httplib::Response&) { throw std::runtime_error{"broken"}; })
      .Get("/busy", [](const httplib::Request&, httplib::Response& response) { response.status = 503; })
      .Get("/moved", [](const httplib::Request&, httplib::Response& response) { response.status = 404; })
      .Post("/orders", [](const httplib::Request& request,
                          httplib::Response& response) { response.set_content(request.body, "text/plain"); })
      .Post("/uploads",
            [](const httplib::Request&, httplib::Response& response, const httplib::ContentReader& read) {
              std::string body;
              read([&](const char* data, std::size_t size) {
                body.append(data, size);
                return true;
              });
              response.set_content(std::to_string(body.size()), "text/plain");
            })
      .Put("/orders", [](const httplib::Request&, httplib::Response&) {})
      .Patch("/orders", [](const httplib::Request&, httplib::Response&) {})
      .Delete("/orders", [](const httplib::Request&, httplib::Response&) {})
      .Options("/orders", [](const httplib::Request&, httplib::Response&) {});
}

}  // namespace

TEST_CASE("instrumented_server: requests are counted under the pattern that they matched") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  InstrumentedServer server{RequestMetrics{statsd, enabled, {.count_errors = true}}};
  add_routes(server);
  {
    const Listening listening{server};
    httplib::Client client = listening.client();
    CHECK(client.Get("/orders/1")->body == "order 1");
    CHECK(client.Get("/orders/2")->body == "order 2");
    CHECK(client.Head("/orders/3")->status == 200);
    CHECK(client.Get("/broken")->status == 500);
    CHECK(client.Get("/busy")->status == 503);
    CHECK(client.Get("/moved")->status == 404);
    CHECK(client.Post("/orders", "body", "text/plain")->body == "body");
    CHECK(client.Post("/uploads", std::string(100'000, 'x'), "text/plain")->body == "100000");
    CHECK(client.Put("/orders", "", "text/plain")->status == 200);
    CHECK(client.Patch("/orders", "", "text/plain")->status == 200);
    CHECK(client.Delete("/orders")->status == 200);
    CHECK(client.Options("/orders")->status == 200);
    CHECK(client.Get("/nowhere")->status == 404);
  }
  statsd.flush();
  const testing::Captured captured{statsd.transport()};
  CHECK(captured.counter(name_of(R"(/orders/(\d+))") + "count") == 3);
  CHECK(captured.counter(name_of("/orders") + "count") == 5);
  CHECK(captured.counter(name_of("/uploads") + "count") == 1);
  CHECK(captured.counter(name_of("/broken") + "errors") == 1);
  CHECK(captured.counter(name_of("/busy") + "errors") == 1);
  CHECK(captured.counter(name_of("/moved") + "errors") == testing::nothing);
  CHECK(captured.counter("requests.total") == 12);  // what no route matches is not measured
}

TEST_CASE("instrumented_server: the longer names hold the path and the method of the request") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  InstrumentedServer server{RequestMetrics{statsd, enabled, {.names = RequestNames::controller_url_method}}};
  add_routes(server);
  {
    const Listening listening{server};
    CHECK(listening.client().Get("/orders/1?page=2")->status == 200);
  }
  statsd.flush();
  const testing::Captured captured{statsd.transport()};
  CHECK(captured.counter("controller_" + protocol::md5_text(R"(/orders/(\d+))") + ".url_" +
                         protocol::md5_text("/orders/1") + ".method_get.requests.count") == 1);
}

TEST_CASE("instrumented_server: says which patterns it has, each once") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  InstrumentedServer server{RequestMetrics{statsd, enabled}};
  add_routes(server);
  CHECK(server.controllers() ==
        std::vector<std::string>{R"(/orders/(\d+))", "/broken", "/busy", "/moved", "/orders", "/uploads"});
}

TEST_CASE("instrumented_server: switched off, requests are served and nothing is sent") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  InstrumentedServer server{RequestMetrics{statsd, Settings{}}};
  add_routes(server);
  {
    const Listening listening{server};
    CHECK(listening.client().Get("/orders/1")->body == "order 1");
  }
  statsd.flush();
  CHECK(statsd.transport().lines().empty());
}
