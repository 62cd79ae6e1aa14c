// Runs web_app as a user would, asks it, and looks at what it says that its metrics say.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <regex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/httplib.hpp"
#include "statwire/server/contexts_server.hpp"
#include "statwire/server/statsd_server.hpp"
#include "statwire/transport/tcp.hpp"
#include "support/child_process.hpp"
#include "support/loopback.hpp"
#include "support/text.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

const std::string program = STATWIRE_EXAMPLES "/web_app";

/// The variables that the test's own environment may have are taken away, and others given.
std::vector<std::string> command(std::vector<std::string> variables, const std::vector<std::string>& flags) {
  std::vector<std::string> words{"env"};
  for (const char* name : {"METRICS_HOST", "METRICS_PORT", "METRICS_PREFIX", "METRICS_CONTEXTS_URL",
                           "ENABLE_METRICS_COLLECTION"}) {
    words.insert(words.end(), {"-u", name});
  }
  words.insert(words.end(), variables.begin(), variables.end());
  words.push_back(program);
  words.insert(words.end(), flags.begin(), flags.end());
  return words;
}

/// The program, on a free port of loopback.
class WebApp {
 public:
  explicit WebApp(const std::vector<std::string>& variables = {})
      : process_{command(variables, {"--listen", "127.0.0.1:0"})} {
    const std::string words = "web_app: listening on http://127.0.0.1:";
    process_.read_until(words);
    const std::size_t place = process_.output().find(words) + words.size();
    port_ = static_cast<std::uint16_t>(
        number_of(process_.read_until(";", place).substr(place, process_.output().find(';', place) - place)));
  }

  std::uint16_t port() const { return port_; }

  httplib::Client client() const {
    httplib::Client client{"127.0.0.1", port_};
    client.set_connection_timeout(patience);
    client.set_read_timeout(patience);
    return client;
  }

  void wait_for(const std::string& words) { process_.read_until(words); }

  void signal(int number) const { process_.signal(number); }

  /// Ends it, and returns all that it has said.
  std::string end(int signal = SIGTERM) {
    process_.signal(signal);
    return wait_for_end();
  }

  std::string wait_for_end(int expected_status = 0) {
    const int status = process_.wait();
    CHECK_MESSAGE(status == expected_status, process_.output());
    return process_.output();
  }

 private:
  ChildProcess process_;
  std::uint16_t port_ = 0;
};

int get(httplib::Client& client, const std::string& path) {
  const httplib::Result answer = client.Get(path);
  REQUIRE_MESSAGE(answer, path << ": " << httplib::to_string(answer.error()));
  return answer->status;
}

httplib::Response post(httplib::Client& client, const std::string& path, const httplib::Params& params,
                       const httplib::Headers& headers = {}) {
  const httplib::Result answer = client.Post(path, headers, params);
  REQUIRE_MESSAGE(answer, path << ": " << httplib::to_string(answer.error()));
  return *answer;
}

void check_has(const std::string& text, const std::string& pattern) {
  CHECK_MESSAGE(std::regex_search(text, std::regex{pattern}), pattern << " is not in: " << text);
}

/// Begins to answer everybody, a byte at a time, and never comes to the end.
class DrippingServer {
 public:
  DrippingServer() { accept(); }
  DrippingServer(const DrippingServer&) = delete;
  DrippingServer& operator=(const DrippingServer&) = delete;
  ~DrippingServer() {
    io_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

 private:
  struct Drip {
    asio::ip::tcp::socket socket;
    asio::steady_timer timer;
    std::string_view left = "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n";
  };

  void accept() {
    acceptor_.async_accept([this](std::error_code ec, asio::ip::tcp::socket socket) {
      if (ec) return;
      drip(std::make_shared<Drip>(Drip{std::move(socket), asio::steady_timer{io_}}));
      accept();
    });
  }

  void drip(const std::shared_ptr<Drip>& client) {
    std::error_code ec;
    client->socket.send(asio::buffer(client->left.empty() ? " " : client->left.data(), 1), 0, ec);
    if (ec) return;
    if (!client->left.empty()) client->left.remove_prefix(1);
    client->timer.expires_after(std::chrono::milliseconds{10});
    client->timer.async_wait([this, client](std::error_code) { drip(client); });
  }

  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_, {asio::ip::make_address("127.0.0.1"), 0}};
  const std::uint16_t port_ = acceptor_.local_endpoint().port();
  std::thread thread_{[this] { io_.run(); }};
};

/// `held` is in the middle of a request, and sends on, for the server waits for a second only. A try to
/// connect is short: when the queue of the listener is full the system does not answer, and repeats itself a
/// second later.
void wait_until_refused(std::uint16_t port, RawConnection& held) {
  constexpr std::chrono::milliseconds attempt{50};
  std::error_code ec;
  for (const auto deadline = soon(); ec != std::errc::connection_refused;) {
    const auto now = std::chrono::steady_clock::now();
    REQUIRE(now < deadline);
    held.send("a");
    TcpTransport{"127.0.0.1", port}.connect(now + attempt, ec);
  }
}

}  // namespace

TEST_CASE("web_app: a row for each controller that was asked, with its URL, requests, errors and times") {
  WebApp app;
  auto client = app.client();
  for (int i = 0; i < 3; ++i) CHECK(get(client, "/desktop") == 200);
  CHECK(get(client, "/orders/1") == 200);
  CHECK(get(client, "/orders/22") == 200);
  CHECK(get(client, "/orders/x") == 404);
  CHECK(get(client, "/report") == 200);
  CHECK(get(client, "/broken") == 500);
  const std::string text = app.end();
  const std::string times = "( +\\d+\\.\\d{3}){3}\n";
  check_has(text, "\ncontroller +requests +errors +p50 ms +p90 ms +p99 ms\n/desktop +3 +0" + times +
                      "/orders/\\(\\\\d\\+\\) +2 +0" + times);
  check_has(text, "\n/report +1 +0( +[2-9]\\d\\.\\d{3}| +\\d{3,}\\.\\d{3}){3}\n");  // it waits for 20 ms
  check_has(text, "\n/broken +1 +1" + times);
  check_has(text, "\nrequests.total 7 in \\d+\\.\\d{3} s, \\d+ a second; percentiles are within 1 %\n");
  check_has(text, "\nusers.count 100 \\(created 0\\), users.active 0 \\(logins less logouts 0\\)\n");
  check_has(text, "\n\\d+ samples sent in \\d+ datagrams, 0 dropped, none lost on the way\n$");
  CHECK(text.find("controller_") == std::string::npos);
}

TEST_CASE("web_app: users sign up, log in and log out") {
  WebApp app;
  auto client = app.client();
  CHECK(post(client, "/login", {{"user", "alice"}}).status == 403);
  CHECK(post(client, "/users", {{"name", "alice"}}).status == 201);
  CHECK(post(client, "/users", {{"name", "alice"}}).status == 409);
  CHECK(post(client, "/users", {}).status == 400);
  const httplib::Response login = post(client, "/login", {{"user", "alice"}});
  CHECK(login.status == 200);
  const std::string cookie = login.get_header_value("Set-Cookie");
  const std::string session = cookie.substr(0, cookie.find(';'));
  CHECK(session.size() == std::string{"session="}.size() + 32);
  CHECK(post(client, "/login", {{"user", "user_1"}}).status == 200);
  CHECK(post(client, "/login", {{"user", "user_2"}}).status == 200);
  CHECK(post(client, "/logout", {}, {{"Cookie", "a=b; " + session}}).body == "goodbye\n");
  CHECK(post(client, "/logout", {}, {{"Cookie", session}}).body == "you were not here\n");
  const std::string text = app.end(SIGINT);
  check_has(text, "\nusers.count 101 \\(created 1\\), users.active 2 \\(logins less logouts 2\\)\n");
  check_has(text, "\n/login +4 +0 ");
}

TEST_CASE("web_app: a request that is under way when it ends is answered and counted") {
  WebApp app;
  const std::string body = "user=user_1";
  RawConnection connection{app.port()};
  connection.send(
      "POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
      "Expect: 100-continue\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n");
  connection.expect("HTTP/1.1 100 Continue\r\n\r\n");
  app.signal(SIGTERM);
  connection.send(body);
  CHECK(connection.read_to_end().starts_with("HTTP/1.1 200 OK\r\n"));
  const std::string text = app.wait_for_end();
  check_has(text, "\n/login +1 +0 ");
  check_has(text, "users.active 1 \\(logins less logouts 1\\)\n");
}

TEST_CASE("web_app: a second signal ends it at once, whatever a client holds up") {
  WebApp app;
  RawConnection connection{app.port()};
  connection.send("POST /login HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 60000\r\n\r\n");
  connection.expect("HTTP/1.1 100 Continue\r\n\r\n");
  app.signal(SIGTERM);
  wait_until_refused(app.port(), connection);  // it has taken the first
  app.signal(SIGTERM);
  app.wait_for_end(128 + SIGTERM);
}

TEST_CASE("web_app: a contexts server that never ends its answer does not hold up the end") {
  const DrippingServer contexts;
  WebApp app{{"METRICS_CONTEXTS_URL=http://127.0.0.1:" + std::to_string(contexts.port()) + "/register"}};
  auto client = app.client();
  CHECK(get(client, "/desktop") == 200);
  const std::string text = app.end();
  check_has(text, "\ne1fc414efb00462ad25041a21e45e696 +1 +0 ");
  check_has(text, "\nhashes are shown for URLs, for the contexts server did not tell: no answer \\(");
}

TEST_CASE("web_app: a StatsD server that the environment names gets the metrics; they are not shown here") {
  server::StatsdServer statsd{{.flush = Flush::manual}};
  statsd.start();
  WebApp app{{"METRICS_PORT=" + std::to_string(statsd.port()), "METRICS_HOST=127.0.0.1", "METRICS_PREFIX=p"}};
  auto client = app.client();
  CHECK(get(client, "/desktop") == 200);
  const std::string text = app.end();
  check_has(text, "\nweb_app: the figures are at the StatsD server 127.0.0.1:" +
                      std::to_string(statsd.port()) + "\n\\d+ samples sent in \\d+ datagrams, 0 dropped\n$");
  CHECK(text.find("p50") == std::string::npos);
  REQUIRE(statsd.wait_for_packets(1, patience));
  const server::SeriesSnapshot seen = statsd.snapshot();
  CHECK(seen.counters.at("p.requests.total") == 1);
  CHECK(seen.counters.at("p.controller_e1fc414efb00462ad25041a21e45e696.requests.count") == 1);
}

TEST_CASE("web_app: a contexts server that the environment names gets the contexts") {
  server::ContextsServer contexts;
  contexts.start();
  const std::string url = "http://127.0.0.1:" + std::to_string(contexts.port()) + "/register";
  WebApp app{{"METRICS_CONTEXTS_URL=" + url, "METRICS_PREFIX=v1.eu.shop.web.instance_9"}};
  auto client = app.client();
  CHECK(get(client, "/desktop") == 200);
  for (const auto deadline = soon();
       contexts.instance_count() == 0 && std::chrono::steady_clock::now() < deadline;)
    std::this_thread::yield();
  CHECK(contexts.instance_count() == 1);
  CHECK(contexts.contexts().find("\"instance\":\"9\"") != std::string::npos);
  check_has(app.end(), "\n/desktop +1 +0 ");
}

TEST_CASE("web_app: without a contexts server it serves, and shows hashes") {
  const std::string url = "http://127.0.0.1:" + std::to_string(free_tcp_port()) + "/register";
  WebApp app{{"METRICS_CONTEXTS_URL=" + url}};
  auto client = app.client();
  CHECK(get(client, "/desktop") == 200);
  app.wait_for("web_app: contexts were not registered at " + url + ": ");
  const std::string text = app.end();
  check_has(text, "\ne1fc414efb00462ad25041a21e45e696 +1 +0 ");
  check_has(text, "\nhashes are shown for URLs, for the contexts server did not tell: ");
}

TEST_CASE("web_app: requests are not measured when the environment says so") {
  WebApp app{{"ENABLE_METRICS_COLLECTION=no"}};
  auto client = app.client();
  CHECK(get(client, "/desktop") == 200);
  const std::string text = app.end();
  check_has(text, "\nweb_app: requests are not measured; ");
  check_has(text, "\nno request was measured\nusers.count 100 ");
}

TEST_CASE("web_app: a port that is taken is one line and status 1") {
  WebApp other;
  const std::string address = "127.0.0.1:" + std::to_string(other.port());
  ChildProcess child{command({}, {"--listen", address})};
  CHECK(child.wait() == 1);
  CHECK(child.output() == "web_app: cannot listen on " + address + ": Address already in use\n");
  other.end();
}

TEST_CASE("web_app: wrong variables are a line each and status 2, and so is a wrong flag") {
  ChildProcess child{command({"METRICS_PORT=x", "ENABLE_METRICS_COLLECTION=2"}, {})};
  CHECK(child.wait() == 2);
  CHECK(child.output() ==
        "web_app: the environment variable METRICS_PORT is 'x': expected a port from 1 to 65535\n"
        "web_app: the environment variable ENABLE_METRICS_COLLECTION is '2': expected 1, true, yes or on, or "
        "0, "
        "false, no or off\n");
  ChildProcess flag{command({}, {"--now"})};
  CHECK(flag.wait() == 2);
  ChildProcess help{command({}, {"--help"})};
  CHECK(help.wait() == 0);
}

TEST_CASE("web_app: --for ends it") {
  ChildProcess child{command({}, {"--listen", "127.0.0.1:0", "--for", "200ms"})};
  CHECK(child.wait() == 0);
  check_has(child.output(), "\nrequests.total 0 in ");
}
