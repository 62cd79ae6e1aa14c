#include "statwire/contexts.hpp"

// Contexts are registered over real sockets: what goes out, and what comes of servers that answer, refuse,
// keep silent or misbehave.

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "statwire/detail/asio.hpp"
#include "support/http_peer.hpp"
#include "support/loopback.hpp"
#include "support/text.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const std::vector<std::string> controllers{"/desktop", "/orders"};

Settings settings_of(const std::string& url) {
  return {.prefix = "v1.tatar.bars.test.instance_test", .contexts_url = url};
}

std::error_code error_of(const Settings& settings, const ContextsOptions& options) {
  std::error_code ec;
  register_contexts(settings, controllers, options, ec);
  return ec;
}

/// What comes of a server, which has as long as it takes.
std::error_code error_of(const HttpPeer& peer) {
  return error_of(settings_of(peer.url()), {.timeout = patience});
}

/// What comes of a server that does not come to an end.
std::error_code error_in_time(const HttpPeer& peer) {
  const auto begin = std::chrono::steady_clock::now();
  const std::error_code ec = error_of(settings_of(peer.url()), {.timeout = 200ms});
  CHECK(std::chrono::steady_clock::now() - begin >= 200ms);
  CHECK(std::chrono::steady_clock::now() - begin < patience / 2);
  return ec;
}

/// A port whose queue of connections is full: a further one is neither taken nor refused.
class FullPort {
  using Tcp = asio::ip::tcp;

 public:
  FullPort() {
    acceptor_.open(Tcp::v4());
    acceptor_.bind({asio::ip::make_address("127.0.0.1"), 0});
    acceptor_.listen(0);
    for (Tcp::socket& socket : queue_) {
      socket.open(Tcp::v4());
      socket.non_blocking(true);
      // Asio's own connect would wait.
      const auto endpoint = acceptor_.local_endpoint();
      ::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));
    }
  }

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/";
  }

 private:
  asio::io_context io_;
  Tcp::acceptor acceptor_{io_};
  Tcp::socket queue_[3]{Tcp::socket{io_}, Tcp::socket{io_}, Tcp::socket{io_}};
};

std::string refusing_url() {
  asio::io_context io;
  const asio::ip::tcp::socket bound{io, {asio::ip::make_address("127.0.0.1"), 0}};
  return "http://127.0.0.1:" + std::to_string(bound.local_endpoint().port()) + "/register";
}

}  // namespace

TEST_CASE("contexts: the request has the headers of the original, and the document as its body") {
  const HttpPeer peer{ok};
  register_contexts(settings_of(peer.url("/a/register?x=1+2,'3'")), {"/desktop"},
                    {.now = [] { return std::int64_t{1386900000}; }});
  const std::string request = peer.request();
  const std::size_t end = request.find("\r\n\r\n");
  REQUIRE(end != std::string::npos);
  std::vector<std::string> lines = split(request.substr(0, end), '\n');
  CHECK(lines.front() == "POST /a/register?x=1+2,'3' HTTP/1.1\r");
  std::map<std::string, std::string> headers;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::string& line = lines[i];
    if (line.ends_with('\r')) line.pop_back();
    const std::size_t colon = line.find(": ");
    REQUIRE(colon != std::string::npos);
    CHECK(headers.emplace(line.substr(0, colon), line.substr(colon + 2)).second);
  }
  const std::string body = request.substr(end + 4);
  const std::map<std::string, std::string> expected{
      {"Accept", "*/*"},  // cpp-httplib sends it always
      {"Accept-Encoding", "identity"},
      {"Connection", "close"},
      {"Content-Length", std::to_string(body.size())},
      {"Content-Type", "application/json"},
      {"Host", "127.0.0.1:" + std::to_string(peer.port())},
      {"User-Agent", "statwire/" STATWIRE_DETAIL_VERSION_TEXT},
  };
  CHECK(headers == expected);
  const auto document = nlohmann::json::parse(body);
  CHECK(document["timestamp"] == 1386900000);
  CHECK(document["info"]["controller"]["e1fc414efb00462ad25041a21e45e696"]["url"] == "/desktop");
  CHECK(document["identity"]["instance"] == "test");
  CHECK(peer.connection_count() == 1);
}

TEST_CASE("contexts: a host that is a name or an IPv6 address is written as it is in the header Host") {
  const HttpPeer peer{ok};
  const std::string port = std::to_string(peer.port());
  CHECK_FALSE(error_of(settings_of("http://localhost:" + port + "/"), {}));
  CHECK(peer.request().find("\r\nHost: localhost:" + port + "\r\n") != std::string::npos);
  std::optional<HttpPeer> v6;
  try {
    v6.emplace(ok, Ending::close, "::1");
  } catch (const std::system_error& error) {
    MESSAGE("SKIPPED: no IPv6 here: " << error.what());
    return;
  }
  const std::string v6_port = std::to_string(v6->port());
  CHECK_FALSE(error_of(settings_of("http://[::1]:" + v6_port + "/"), {}));
  CHECK(v6->request().find("\r\nHost: [::1]:" + v6_port + "\r\n") != std::string::npos);
}

TEST_CASE("contexts: what an answer says is the result, however its body comes") {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
  const std::vector<std::pair<std::string, int>> answers{
      {ok, 0},
      {chunked, 0},
      {"HTTP/1.1 204 No Content\r\n\r\n", 0},
      {"HTTP/1.0 200 OK\r\n\r\nto the end", 0},
      {"HTTP/1.1 100 Continue\r\n\r\n" + ok, 0},
      {"HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n", 0},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone", 0},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(1000, '0'), 0},
      {"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", 302},
      {"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"a\"\r\nContent-Length: 0\r\n\r\n", 401},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404},
      {"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno", 500},
  };
  for (const auto& entry : answers) {
    const auto& answer = entry.first;
    const auto& status = entry.second;
    CAPTURE(answer);
    const HttpPeer peer{answer};
    const std::error_code expected = status == 0 ? std::error_code{} : http_status_error(status);
    CHECK(error_of(peer) == expected);
    CHECK(peer.connection_count() == 1);
  }
}

TEST_CASE("contexts: a connection that ends without a whole answer is no reply") {
  const std::vector<std::pair<std::string, Ending>> peers{
      {"", Ending::close},
      {"", Ending::reset},
      {"", Ending::be_rude},
      {"garbage\n", Ending::close},
      {std::string(100'000, 'x'), Ending::close},
      {std::string("\0\xff\r\n\r\n", 6), Ending::hang},
      {"HTTP/1.1 twohundred OK\r\n\r\n", Ending::hang},
      {"", Ending::leave},
      {"HTTP/1.1 200 OK\r\n", Ending::close},
      {"HTTP/1.1 200 OK\r\nContent-Le", Ending::close},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", Ending::close},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", Ending::reset},
      {"HTTP/1.1 200 " + std::string(1 << 20, 'a') + "\r\n\r\n", Ending::hang},
      {"HTTP/1.1 200 OK\r\nA: " + std::string(1 << 20, 'a'), Ending::hang},
  };
  for (const auto& entry : peers) {
    const auto& answer = entry.first;
    const auto& ending = entry.second;
    CAPTURE(answer.substr(0, 60));
    const HttpPeer peer{answer, ending};
    CHECK(error_of(peer) == errc::no_http_reply);
  }
}

TEST_CASE("contexts: a server that does not come to an end is left at the deadline") {
  const std::vector<std::pair<std::string, Ending>> peers{
      {"", Ending::hang},
      {"", Ending::be_blind},
      {"HTTP/1.1 2", Ending::hang},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", Ending::hang},
      {"HTTP/1.1 200 OK\r\n\r\nok", Ending::hang},
      {"HTTP/1.1 200 OK\r\nA: aaa", Ending::drip},
      {"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", Ending::drip},
  };
  for (const auto& entry : peers) {
    const auto& answer = entry.first;
    const auto& ending = entry.second;
    CAPTURE(answer);
    const HttpPeer peer{answer, ending};
    CHECK(error_in_time(peer) == errc::timed_out);
    CHECK(peer.connection_count() == 1);
  }
}

TEST_CASE("contexts: a server that does not read a long document is left at the deadline") {
  const HttpPeer peer{"", Ending::be_blind};
  const std::vector<std::string> many(1, std::string(8 << 20, 'u'));  // more than the sockets hold
  std::error_code ec;
  register_contexts(settings_of(peer.url()), many, {.timeout = 100ms}, ec);
  CHECK(ec == errc::timed_out);
}

TEST_CASE("contexts: a body without an end is not read to the deadline, and its status counts") {
  const std::string block(65'536, 'x');
  const std::string chunk = "10000\r\n" + block + "\r\n";
  const std::string chunked = "\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& body : {"\r\n\r\n" + block, "\r\nContent-Length: 9999999999999\r\n\r\n" + block}) {
    const HttpPeer good{"HTTP/1.1 200 OK" + body, Ending::repeat};
    CHECK_FALSE(error_of(good));
    const HttpPeer bad{"HTTP/1.1 500 No" + body, Ending::repeat};
    CHECK(error_of(bad) == http_status_error(500));
  }
  const HttpPeer peer{"HTTP/1.1 200 OK" + chunked + chunk + chunk, Ending::hang};
  CHECK_FALSE(error_of(peer));
}

TEST_CASE("contexts: who refuses the connection, or does not take it, is told apart") {
  CHECK(error_of(settings_of(refusing_url()), {.timeout = patience}) == errc::connect_failed);
  const FullPort full;
  CHECK(error_of(settings_of(full.url()), {.timeout = 200ms}) == errc::timed_out);
}

TEST_CASE("contexts: a name that nobody knows is what the resolver says") {
  const std::error_code ec =
      error_of(settings_of("http://no.such.host.invalid/register"), {.timeout = patience});
  CHECK(ec);
  CHECK(ec.category() != error_category());
}

TEST_CASE("contexts: the message of the exception has the URL and the reason") {
  const HttpPeer peer{"HTTP/1.1 404 Not Found\r\n\r\n"};
  try {
    register_contexts(settings_of(peer.url()), {"/desktop"});
    FAIL("no exception");
  } catch (const ClientError& error) {
    CHECK(error.code() == http_status_error(404));
    CHECK(std::string{error.what()} == "statwire: cannot register contexts at " + peer.url() +
                                           ": the server answered with the HTTP status 404");
  }
}

TEST_CASE("contexts: in the background, the call returns at once and the result is waited for") {
  const HttpPeer peer{ok};
  ContextsRegistration good = register_contexts_async(settings_of(peer.url()), {"/desktop", "/orders"});
  CHECK_FALSE(good.wait());
  CHECK(good.is_done());
  CHECK_FALSE(good.wait());
  CHECK(peer.request().find("/orders") != std::string::npos);

  ContextsRegistration refused = register_contexts_async(settings_of(refusing_url()), controllers);
  CHECK(refused.wait() == errc::connect_failed);
  ContextsRegistration nobody = register_contexts_async({}, controllers);
  CHECK(nobody.wait() == errc::missing_prefix);

  const HttpPeer silent{"", Ending::hang};
  refused = register_contexts_async(settings_of(silent.url()), controllers, {.timeout = 200ms});
  ContextsRegistration moved = std::move(refused);
  CHECK(moved.wait() == errc::timed_out);
}

TEST_CASE("contexts: dropped in the background, a registration does not wait for the server") {
  const auto begin = std::chrono::steady_clock::now();
  const ContextsOptions day{.timeout = 24h};
  const HttpPeer silent{"", Ending::hang};
  const HttpPeer dripping{"HTTP/1.1 200 OK\r\nA: a", Ending::drip};
  const FullPort full;
  for (const std::string& url : {silent.url(), dripping.url()}) {
    const ContextsRegistration registration = register_contexts_async(settings_of(url), controllers, day);
    CHECK_FALSE(registration.is_done());
  }
  for (const HttpPeer* peer : {&silent, &dripping}) {  // also when the server is at it
    const std::size_t before = peer->connection_count();
    const ContextsRegistration registration =
        register_contexts_async(settings_of(peer->url()), controllers, day);
    wait_until("a connection", [&] { return peer->connection_count() > before; });
  }
  {
    const ContextsRegistration connecting =
        register_contexts_async(settings_of(full.url()), controllers, day);
    CHECK_FALSE(connecting.is_done());
  }
  ContextsRegistration replaced = register_contexts_async(settings_of(silent.url()), controllers, day);
  replaced = register_contexts_async({}, controllers);
  CHECK(replaced.wait() == errc::missing_prefix);
  CHECK(std::chrono::steady_clock::now() - begin < patience);
}

TEST_CASE("httplib_post: cancelled, it posts nothing") {
  const HttpPeer peer{ok};
  HttplibPost client;
  client.cancel();
  std::error_code ec;
  register_contexts(settings_of(peer.url()), controllers, {}, client, ec);
  CHECK(ec == std::errc::operation_canceled);
  CHECK(peer.connection_count() == 0);
  register_contexts(settings_of("http://no.such.host.invalid/"), controllers, {}, client, ec);
  CHECK(ec);
}
