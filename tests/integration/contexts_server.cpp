#include "statwire/server/contexts_server.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "statwire/contexts.hpp"
#include "statwire/detail/httplib.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

std::string document(const std::string& instance, const std::string& timestamp = "1386900000") {
  return R"({"identity": {"version": "v1", "instance": ")" + instance + R"("}, "timestamp": )" + timestamp +
         R"(, "info": {"controller": {"e1fc414efb00462ad25041a21e45e696": {"url": "/desktop"}}}})";
}

/// As the server lists it.
std::string entry(const std::string& instance, const std::string& timestamp = "1386900000") {
  return R"({"identity": {"instance":")" + instance + R"(","version":"v1"}, "timestamp": )" + timestamp +
         R"(, "info": {"controller":{"e1fc414efb00462ad25041a21e45e696":{"url":"/desktop"}}}})";
}

/// The answer to one request; the test fails when none comes.
httplib::Response answer_of(httplib::Result result) {
  REQUIRE_MESSAGE(result, httplib::to_string(result.error()));
  return *result;
}

httplib::Response put(std::uint16_t port, const std::string& body) {
  return answer_of(httplib::Client{"127.0.0.1", port}.Post("/register", body, "application/json"));
}

httplib::Response get(std::uint16_t port, const std::string& path = "/contexts") {
  return answer_of(httplib::Client{"127.0.0.1", port}.Get(path));
}

bool is_one_line(const std::string& text) {
  return text.size() > 1 && text.find('\n') == text.size() - 1;
}

}  // namespace

TEST_CASE("contexts server: what instances register is listed, in order of their identities") {
  server::ContextsServer server;
  server.start();
  CHECK(get(server.port()).body == R"({"contexts": []})");
  for (const char* instance : {"b", "a"}) {
    const httplib::Response registered = put(server.port(), document(instance));
    CHECK(registered.status == 200);
    CHECK(registered.body == "ok\n");
  }
  const httplib::Response listed = get(server.port());
  CHECK(listed.status == 200);
  CHECK(listed.get_header_value("Content-Type") == "application/json");
  CHECK(listed.body == R"({"contexts": [)" + entry("a") + ", " + entry("b") + "]}");
  CHECK(server.contexts() == listed.body);
  CHECK(server.instance_count() == 2);
}

TEST_CASE("contexts server: takes what a client registers, also URLs that are no UTF-8, by their hashes") {
  server::ContextsServer server;
  server.start();
  const Settings settings{.prefix = "v1.shop.instance_7",
                          .contexts_url = "http://127.0.0.1:" + std::to_string(server.port()) + "/register"};
  register_contexts(settings, {"/desktop", "/caf\xe9"},
                    {.urls = {"/\xff"}, .now = [] { return std::int64_t{5}; }});
  CHECK(
      server.contexts() ==
      R"({"contexts": [{"identity": {"client":"instance_7","instance":"7","region":"shop","version":"v1"}, )"
      R"("timestamp": 5, "info": {"controller":{"1a2b0784e569bdfaaf419b5d452ff9fc":{"url":"/caf)"
      "\xef\xbf\xbd"
      R"("},"e1fc414efb00462ad25041a21e45e696":{"url":"/desktop"}},)"
      R"("url":{"eb48085e1ed9e58e309f8f427b6f749b":"/)"
      "\xef\xbf\xbd\"}}}]}");
}

TEST_CASE("contexts server: what an instance registers last replaces the former") {
  server::ContextsServer server;
  server.start();
  CHECK(put(server.port(), document("a", "9")).status == 200);
  CHECK(put(server.port(), document("a", "8")).status == 200);
  CHECK(server.contexts() == R"({"contexts": [)" + entry("a", "8") + "]}");
}

TEST_CASE("contexts server: bad bodies get 400 and one line that says why") {
  server::ContextsServer server;
  server.start();
  struct Case {
    std::string body;
    const char* why;
  };
  const Case cases[]{
      {"", "the body is empty"},
      {"{", "the body is no JSON: "},
      {std::string(1000, '\0'), "the body is no JSON: "},
      {"{\"\r\nX: y\r\n\r\n\": 1}", "the body is no JSON: "},
      {"{}", "\"identity\" is missing; expected "},
      {document("a", "\"now\\r\\nX: y\""), "\"timestamp\" is \"now\\r\\nX: y\"; expected an integer"},
      {std::string(100'000, '['), "the body is nested deeper than 32 levels"},
  };
  for (const Case& item : cases) {
    CAPTURE(item.why);
    const httplib::Response response = put(server.port(), item.body);
    CHECK(response.status == 400);
    CHECK(response.body.starts_with(item.why));
    CHECK(is_one_line(response.body));
    CHECK(response.get_header_value("Content-Type") == "text/plain");
  }
  CHECK(server.instance_count() == 0);
}

TEST_CASE("contexts server: a body of the greatest length is taken, a longer one gets 413") {
  const std::string body = document("a");
  server::ContextsServer server{{.max_body_bytes = body.size()}};
  server.start();
  CHECK(put(server.port(), body).status == 200);
  const httplib::Response response = put(server.port(), body + ' ');
  CHECK(response.status == 413);
  CHECK(response.body == "the body is longer than " + std::to_string(body.size()) + " bytes\n");
  CHECK(put(server.port(), std::string(3'000'000, ' ')).status == 413);
  for (const char* length : {"18446744073709551616", "99999999999999999999999999", "9223372036854775807"}) {
    RawConnection client{server.port()};
    client.send("POST /register HTTP/1.1\r\ncontent-length:" + std::string{length} + "\r\n\r\n");
    CHECK(client.read_to_end().starts_with("HTTP/1.1 413 "));
  }
}

TEST_CASE("contexts server: other paths get 404, other methods 405 and which are right") {
  server::ContextsServer server;
  server.start();
  for (const char* path : {"/", "/register/", "/contextsx", "/register%00", "//contexts", "/..%2fcontexts"}) {
    CAPTURE(path);
    CHECK(get(server.port(), path).status == 404);
  }
  httplib::Client client{"127.0.0.1", server.port()};
  const auto nowhere = answer_of(client.Post("/nowhere", document("a"), "application/json"));
  CHECK(nowhere.status == 404);
  CHECK(nowhere.body == "there is nothing here; there are POST /register and GET /contexts\n");
  const auto read = answer_of(client.Get("/register"));
  CHECK(read.status == 405);
  CHECK(read.get_header_value("Allow") == "POST");
  CHECK(is_one_line(read.body));
  for (const auto& response :
       {answer_of(client.Post("/contexts", "x", "text/plain")), answer_of(client.Delete("/contexts")),
        answer_of(client.Options("/contexts"))}) {
    CHECK(response.status == 405);
    CHECK(response.get_header_value("Allow") == "GET, HEAD");
    CHECK(is_one_line(response.body));
  }
  const auto head = answer_of(client.Head("/contexts?a=b"));
  CHECK(head.status == 200);
  CHECK(head.body == "");
  CHECK(server.instance_count() == 0);
}

TEST_CASE("contexts server: instances and bytes beyond the limits get 507") {
  server::ContextsServer few{{.max_instances = 1}};
  few.start();
  CHECK(put(few.port(), document("a")).status == 200);
  const httplib::Response response = put(few.port(), document("b"));
  CHECK(response.status == 507);
  CHECK(response.body == "no more than 1 instances are kept\n");
  CHECK(put(few.port(), document("a")).status == 200);

  server::ContextsServer small{{.max_bytes = 10}};
  small.start();
  CHECK(put(small.port(), document("a")).body == "no more than 10 bytes of contexts are kept\n");
}

TEST_CASE("contexts server: many may register and read at once, while the owner reads, too") {
  constexpr int rounds = 50;
  server::ContextsServer server;
  server.start();
  std::vector<std::thread> threads;
  std::atomic<int> taken = 0;
  for (const char* instance : {"a", "b", "c", "d"}) {
    threads.emplace_back([&, instance] {
      for (int i = 0; i < rounds; ++i) {
        httplib::Client client{"127.0.0.1", server.port()};
        const auto result =
            client.Post("/register", document(instance, std::to_string(i)), "application/json");
        taken += result && result->status == 200;
        const auto listed = client.Get("/contexts");
        taken += listed && listed->body.find(entry(instance, std::to_string(i))) != std::string::npos;
      }
    });
  }
  while (taken < rounds) CHECK(server.contexts().ends_with("]}"));
  for (std::thread& thread : threads) thread.join();
  CHECK(taken == 4 * 2 * rounds);
  CHECK(server.instance_count() == 4);
}

TEST_CASE("contexts server: a port that is taken, or no address, is an error that names it") {
  server::ContextsServer first;
  first.start();
  server::ContextsServer second{{.port = first.port()}};
  std::error_code ec;
  second.start(ec);
  CHECK(ec == std::errc::address_in_use);
  second.run(ec);
  CHECK(ec == std::errc::address_in_use);
  const std::string port = std::to_string(first.port());
  CHECK_THROWS_WITH_AS(
      second.start(),
      doctest::Contains(("statwire: contexts server on '127.0.0.1' port " + port + ": ").c_str()),
      ClientError);
  first.stop();
  second.start();
  CHECK(get(second.port()).status == 200);

  server::ContextsServer nowhere{{.address = "nowhere", .port = 1}};
  nowhere.start(ec);
  CHECK(ec == std::errc::invalid_argument);
  CHECK_THROWS_WITH_AS(
      nowhere.start(),
      doctest::Contains("statwire: contexts server on 'nowhere' port 1, which is no IPv4 or IPv6 address: "),
      ClientError);
  server::ContextsServer elsewhere{{.address = "192.0.2.1"}};  // RFC 5737: no machine has it
  elsewhere.start(ec);
  CHECK(ec == std::errc::address_not_available);
}

TEST_CASE("contexts server: it starts again after a stop, with what it had") {
  server::ContextsServer server;
  CHECK(server.port() == 0);
  server.stop();
  server.start();
  std::error_code ec;
  server.start(ec);
  CHECK(ec == std::errc::operation_in_progress);
  CHECK(put(server.port(), document("a")).status == 200);
  RawConnection idle{server.port()};
  get(server.port());  // so the idle one, which came before, is taken
  server.stop();
  server.stop();
  CHECK(idle.read_to_end() == "");
  server.start();
  CHECK(get(server.port()).body == R"({"contexts": [)" + entry("a") + "]}");
}

TEST_CASE("contexts server: a stop right after a start, again and again, from any thread") {
  constexpr int rounds = 200;
  server::ContextsServer server;
  for (int i = 0; i < rounds; ++i) {
    server.start();
    if (i % 4 == 0) put(server.port(), document("a"));
    i % 2 == 0 ? server.stop() : std::thread{[&] { server.stop(); }}.join();
  }
  std::error_code ec;
  auto running = std::async(std::launch::async, [&] { server.run(ec); });
  // A stop() that comes before it listens has nothing to stop.
  const auto deadline = soon();
  while (running.wait_for(std::chrono::milliseconds{1}) != std::future_status::ready) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    server.stop();
  }
  CHECK(!ec);
}

TEST_CASE("contexts server: IPv6 works as well") {
  server::ContextsServer server{{.address = "::1"}};
  server.start();
  CHECK(answer_of(httplib::Client{"::1", server.port()}.Get("/contexts")).status == 200);
}
