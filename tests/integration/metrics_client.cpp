// The blocking client of a metrics server against servers that mean no good, fail in the middle, or come
// back.

#include "statwire/metrics.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/server/metrics_server.hpp"
#include "support/free_port.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

using Socket = asio::ip::tcp::socket;

/// Accepts one connection after the other, each served by the next of the given functions.
class PlayedServer {
 public:
  explicit PlayedServer(std::vector<std::function<void(Socket&)>> parts)
      : thread_{[this, parts = std::move(parts)] {
          for (const auto& play : parts) {
            Socket socket = acceptor_.accept();
            play(socket);
          }
        }} {}

  ~PlayedServer() { wait(); }

  /// Until all parts are played.
  void wait() {
    if (thread_.joinable()) thread_.join();
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_, asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
  std::thread thread_;
};

/// Reads so many lines and no byte more; a peer that closes with bytes unread resets the connection.
void read_lines(Socket& socket, int lines) {
  char byte = 0;
  while (lines != 0) {
    if (socket.receive(asio::buffer(&byte, 1)) == 1 && byte == '\n') --lines;
  }
}

void write(Socket& socket, const std::string& bytes) {
  std::error_code gone;  // the client may have heard enough
  asio::write(socket, asio::buffer(bytes), gone);
}

/// Writes the bytes again and again until the client has gone.
void write_for_ever(Socket& socket, const std::string& bytes) {
  std::string block;  // a system call for six bytes would take some systems longer than the client waits
  while (block.size() < 4096) block += bytes;
  std::error_code gone;
  while (!gone) asio::write(socket, asio::buffer(block), gone);
}

std::vector<Point> many_points(int count) {
  std::vector<Point> points;
  for (int i = 0; i < count; ++i) points.push_back({"k", i * 0.5, i});
  return points;
}

std::string repeat(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("metrics client: an endless reply ends at the limit of rows, of bytes, or of a line") {
  struct Case {
    std::string begin;
    std::string endless;
    protocol::ReplyLimits limits;
    errc error;
  };
  const std::vector<Case> cases{
      {"ok\n", repeat("k 1 1\n", 1000), {.max_rows = 100'000}, errc::reply_too_large},
      {"ok\n", repeat("k 1 1\n", 1000), {.max_reply_bytes = 1'000'000}, errc::reply_too_large},
      {"ok\n", std::string(1000, 'x'), {.max_line_bytes = 100'000}, errc::reply_too_long},
      {"", std::string(1000, '\0'), {}, errc::reply_too_long},
      {"error\n", "words\n", {.max_reply_bytes = 1'000'000}, errc::reply_too_large}};
  for (const Case& wanted : cases) {
    CAPTURE(wanted.begin);
    PlayedServer server{{[&](Socket& socket) {
      write(socket, wanted.begin);
      write_for_ever(socket, wanted.endless);
    }}};
    MetricsClient client{"127.0.0.1", server.port(), {.timeout = patience, .limits = wanted.limits}};
    std::error_code ec;
    CHECK(client.get("*", ec).empty());
    CHECK(ec == wanted.error);
  }
}

TEST_CASE("metrics client: a server that drips ends at the deadline") {
  const auto drip = [](Socket& socket) {
    std::error_code gone;
    asio::steady_timer pause{socket.get_executor()};
    while (!gone) {
      asio::write(socket, asio::buffer("k", 1), gone);
      pause.expires_after(1ms);
      pause.wait();
    }
  };
  PlayedServer server{{drip, drip, drip}};
  for (int call = 0; call < 3; ++call) {
    MetricsClient client{"127.0.0.1", server.port(), 100ms};
    std::error_code ec;
    if (call == 0) client.get("*", ec);
    if (call == 1)
      client.get_each(
          "*", [](std::string_view, Sample) {}, ec);
    if (call == 2) client.put(many_points(10), ec);
    // What comes is no reply, or none yet.
    CHECK((ec == errc::timed_out));
  }
}

TEST_CASE("metrics client: a server that takes no bytes ends a batch at the deadline") {
  std::promise<void> done;
  PlayedServer server{{[&](Socket&) { done.get_future().wait(); }}};
  MetricsClient client{"127.0.0.1", server.port(), 100ms};
  std::error_code ec;
  CHECK(client.put(many_points(1'000'000), ec) == 0);
  CHECK(ec == errc::timed_out);
  done.set_value();
}

TEST_CASE("metrics client: a batch says how many points are known to be stored when the server goes") {
  for (const bool resets : {false, true}) {
    CAPTURE(resets);
    PlayedServer server{{[&](Socket& socket) {
      read_lines(socket, 1000);
      write(socket, repeat("ok\n\n", 1000) + "ok");
      if (resets) socket.set_option(asio::socket_base::linger{true, 0});
    }}};
    MetricsClient client{"127.0.0.1", server.port(), patience};
    std::error_code ec;
    const std::size_t stored = client.put(many_points(resets ? 500'000 : 1001), ec);
    CHECK(ec);
    // A reset throws away what the client has not read yet; without one, nothing is lost.
    CHECK((resets ? stored <= 1000 : stored == 1000));
  }
}

TEST_CASE("metrics client: a reply that ends in the middle of a row is the end of the stream") {
  PlayedServer server{{[](Socket& socket) {
    read_lines(socket, 1);
    write(socket, "ok\nk 1 1\nk 2");
  }}};
  MetricsClient client{"127.0.0.1", server.port(), patience};
  std::error_code ec;
  CHECK(client.get("k", ec).empty());
  CHECK(ec == errc::end_of_stream);
}

TEST_CASE("metrics client: with retries it goes on where a server left off, and nothing is lost") {
  // The first two servers go in the middle; the third answers everything.
  std::size_t resent = 0;
  PlayedServer server{{[](Socket& socket) {
                         read_lines(socket, 700);
                         write(socket, repeat("ok\n\n", 700));
                       },
                       [](Socket& socket) {
                         read_lines(socket, 10);
                         write(socket, repeat("ok\n\n", 10) + "o");
                       },
                       [&](Socket& socket) {
                         std::error_code gone;
                         std::vector<char> bytes(65536);
                         while (!gone) {
                           const std::size_t size = socket.read_some(asio::buffer(bytes), gone);
                           const auto lines =
                               std::count(bytes.begin(), bytes.begin() + static_cast<long>(size), '\n');
                           resent += static_cast<std::size_t>(lines);
                           write(socket, repeat("ok\n\n", static_cast<int>(lines)));
                         }
                       }}};
  {
    MetricsClient client{
        "127.0.0.1", server.port(), {.timeout = patience, .retry = {.attempts = 3, .first_pause = 1ms}}};
    std::error_code ec;
    CHECK(client.put(many_points(5000), ec) == 5000);
    CHECK(!ec);
  }
  server.wait();
  CHECK(resent >= 5000 - 710);
  CHECK(resent <= 5000);
}

TEST_CASE("metrics client: retries wait for a server that is not there yet") {
  const std::uint16_t port = free_tcp_port();
  server::MetricsServer server{{.port = port}};
  std::thread later{[&] {
    // Starts once the client has been refused at least once, most likely.
    asio::io_context io;
    asio::steady_timer{io, 30ms}.wait();
    server.start();
  }};
  MetricsClient client{
      "127.0.0.1", port, {.retry = {.attempts = 1000, .first_pause = 5ms, .longest_pause = 20ms}}};
  client.put("k", 1, 1);
  later.join();
  server.stop();
  server.start();
  client.put("k", 2, 2);
  CHECK(client.get("k").at("k").size() == 2);
}

TEST_CASE("metrics client: a batch of any size passes through, and comes back in every way") {
  server::MetricsServer server;
  server.start();
  MetricsClient client{"127.0.0.1", server.port(), patience};
  const std::vector<Point> points = many_points(300'000);
  std::error_code ec;
  CHECK(client.put(points, ec) == points.size());
  CHECK(!ec);
  const Series all = client.get({"k", "none", "k"});
  REQUIRE(all.at("k").size() == 2 * points.size());  // asked for twice
  CHECK(all.at("k").back() == Sample{299'999, 299'999 * 0.5});
  std::size_t rows = 0;
  double sum = 0;
  client.get_each("k", [&](std::string_view key, Sample sample) {
    rows += key == "k" ? 1 : 0;
    sum += sample.value;
  });
  CHECK(rows == points.size());
  CHECK(sum == 0.5 * 299'999 * 300'000 / 2);
}
