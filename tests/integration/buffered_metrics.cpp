#include "statwire/buffered_metrics.hpp"
#include "statwire/detail/asio.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "statwire/metrics.hpp"
#include "statwire/server/metrics_server.hpp"
#include "statwire/testing/manual_clock.hpp"
#include "statwire/testing/scripted_stream.hpp"
#include "support/free_port.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

void check_sum(const BufferedMetricsStats& stats) {
  CHECK(stats.accepted == stats.stored + stats.refused + stats.invalid + stats.dropped + stats.pending);
}

/// A listener that answers as the test tells it to.
class Peer {
 public:
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  asio::ip::tcp::socket accept() { return acceptor_.accept(); }

  static std::string read_line(asio::ip::tcp::socket& socket) {
    std::string line;
    char byte = 0;
    while (!line.ends_with('\n')) {
      socket.receive(asio::buffer(&byte, 1));
      line += byte;
    }
    return line;
  }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_, asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
};

}  // namespace

TEST_CASE("buffered metrics client: what was put is stored") {
  server::MetricsServer server;
  server.start();
  {
    BufferedMetricsClient client{"127.0.0.1", server.port()};
    CHECK(client.put("huginn.cpu", 0.5, 1642667947));
    for (int i = 0; i < 50'000; ++i) CHECK(client.put("k", i, i));
    CHECK(client.flush(patience));
    const BufferedMetricsStats stats = client.stats();
    CHECK(stats.stored == 50'001);
    CHECK(stats.pending == 0);
    CHECK(!client.last_error());
    client.put("last", 1, 1);  // sent when the client ends
  }
  const Series all = MetricsClient{"127.0.0.1", server.port()}.get("*");
  CHECK(all.at("huginn.cpu") == std::vector<Sample>{{1642667947, 0.5}});
  CHECK(all.at("k").size() == 50'000);
  CHECK(all.at("last").size() == 1);
}

TEST_CASE("buffered metrics client: several threads put while another asks for its figures") {
  server::MetricsServer server;
  server.start();
  BufferedMetricsClient client{"127.0.0.1", server.port()};
  std::atomic<bool> done{false};
  std::thread observer{[&] {
    while (!done) check_sum(client.stats());
  }};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&client, i] {
      for (int k = 0; k < 5000; ++k) client.put("thread" + std::to_string(i), k, k);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(client.flush(patience));
  done = true;
  observer.join();
  CHECK(client.stats().stored == 20'000);
  const Series all = MetricsClient{"127.0.0.1", server.port()}.get("*");
  for (int i = 0; i < 4; ++i) CHECK(all.at("thread" + std::to_string(i)).size() == 5000);
}

TEST_CASE("buffered metrics client: a server that comes later, goes and comes back gets every point") {
  server::MetricsServer server{{.port = free_tcp_port()}};
  std::error_code ec;
  server.start(ec);  // finds out whether the port can be had
  REQUIRE(!ec);
  const std::uint16_t port = server.port();
  server.stop();
  BufferedMetricsClient client{"127.0.0.1", port, {.first_pause = 1ms, .longest_pause = 5ms}};
  int next = 0;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 2000; ++i, ++next) CHECK(client.put("k", next, next));
    server.start(ec);
    REQUIRE(!ec);
    for (int i = 0; i < 2000; ++i, ++next) CHECK(client.put("k", next, next));
    if (round % 2 == 0) CHECK(client.flush(patience));
    server.stop();
  }
  server.start();
  CHECK(client.flush(patience));
  CHECK(client.stats().stored == 40'000);
  check_sum(client.stats());
  const Series all = MetricsClient{"127.0.0.1", server.port()}.get("k");
  REQUIRE(all.at("k").size() == 40'000);
  for (int i = 0; i < 40'000; ++i) REQUIRE(all.at("k")[static_cast<std::size_t>(i)] == Sample{i, double(i)});
}

TEST_CASE("buffered metrics client: what finds no room is dropped and counted, and put does not wait") {
  Peer peer;  // accepts connections, and says nothing
  BufferedMetricsClient client{"127.0.0.1", peer.port(), {.max_queue_bytes = 1000, .close_timeout = 50ms}};
  int taken = 0;
  for (int i = 0; i < 1000; ++i) taken += client.put("key", 1, 5) ? 1 : 0;
  CHECK(taken == 1000 / 12);
  const BufferedMetricsStats stats = client.stats();
  CHECK(stats.dropped == 1000U - 1000 / 12);
  CHECK(stats.pending == 1000 / 12);
  check_sum(stats);
  CHECK(!client.flush(1ms));
}

TEST_CASE("buffered metrics client: a point that no server takes is counted and not sent") {
  server::MetricsServer server;
  server.start();
  BufferedMetricsClient client{"127.0.0.1", server.port()};
  CHECK(!client.put("two words", 1, 5));
  CHECK(!client.put("", 1, 5));
  CHECK(!client.put("k\nput forged 1 1", 1, 5));
  CHECK(!client.put("k", std::numeric_limits<double>::quiet_NaN(), 5));
  CHECK(client.put("k", 1, 5));
  CHECK(client.flush(patience));
  CHECK(client.stats().invalid == 4);
  check_sum(client.stats());
  CHECK(MetricsClient{"127.0.0.1", server.port()}.get("*").size() == 1);
}

TEST_CASE("buffered metrics client: after a broken connection it sends what was not answered, and no more") {
  Peer peer;
  BufferedMetricsClient client{"127.0.0.1", peer.port(), {.first_pause = 1ms}};
  for (int i = 1; i <= 3; ++i) client.put("k", 1, i);
  {
    asio::ip::tcp::socket socket = peer.accept();
    std::string lines = Peer::read_line(socket);
    asio::write(socket, asio::buffer(std::string{"ok\n\n"}));
    // The first batch may be the first line alone; what else came is read, so that closing resets nothing.
    if (client.stats().stored == 0 && socket.available() != 0) {
      while (socket.available() != 0) lines += Peer::read_line(socket);
    }
    CHECK(lines.starts_with("put k 1 1\n"));
  }
  asio::ip::tcp::socket socket = peer.accept();
  CHECK(Peer::read_line(socket) == "put k 1 2\n");
  asio::write(socket, asio::buffer(std::string{"error\nno\n\n"}));
  CHECK(Peer::read_line(socket) == "put k 1 3\n");
  asio::write(socket, asio::buffer(std::string{"ok\n\n"}));
  CHECK(client.flush(patience));
  const BufferedMetricsStats stats = client.stats();
  CHECK(stats.stored == 2);
  CHECK(stats.refused == 1);
  check_sum(stats);
}

TEST_CASE(
    "buffered metrics client: a server that takes no more connections, or cannot store for now, loses "
    "nothing") {
  Peer peer;
  BufferedMetricsClient client{"127.0.0.1", peer.port(), {.first_pause = 1ms, .longest_pause = 2ms}};
  client.put("k", 1, 1);
  {
    asio::ip::tcp::socket full = peer.accept();
    CHECK(Peer::read_line(full) == "put k 1 1\n");
    client.put("k", 1, 2);
    client.put("k", 1, 3);
    asio::write(full, asio::buffer(std::string{"error\ntoo many connections (limit 1)\n\n"}));
  }
  asio::ip::tcp::socket socket = peer.accept();
  CHECK(client.last_error() == errc::too_many_connections);
  CHECK(Peer::read_line(socket) == "put k 1 1\n");
  asio::write(socket, asio::buffer(std::string{"ok\n\n"}));
  CHECK(Peer::read_line(socket) == "put k 1 2\n");
  CHECK(Peer::read_line(socket) == "put k 1 3\n");
  asio::write(socket, asio::buffer(std::string{"error\nnot stored: disk full\n\nok\n\n"}));
  // On the same connection, for it is in step: from the point on that was not stored.
  CHECK(Peer::read_line(socket) == "put k 1 2\n");
  CHECK(client.last_error() == errc::command_refused);
  CHECK(Peer::read_line(socket) == "put k 1 3\n");
  asio::write(socket, asio::buffer(std::string{"ok\n\nok\n\n"}));
  CHECK(client.flush(patience));
  CHECK(client.stats().stored == 3);
  CHECK(client.stats().refused == 0);
}

TEST_CASE("buffered metrics client: times without an end are none at all") {
  server::MetricsServer server;
  server.start();
  BufferedMetricsClient client{
      "127.0.0.1",
      server.port(),
      {.timeout = std::chrono::milliseconds::max(), .close_timeout = std::chrono::milliseconds::max()}};
  client.put("k", 1, 1);
  CHECK(client.flush(std::chrono::milliseconds::max()));
}

TEST_CASE("buffered metrics client: it ends in time, with a server that says nothing or is not there") {
  const auto start = std::chrono::steady_clock::now();
  {
    Peer silent;
    BufferedMetricsClient client{"127.0.0.1", silent.port(), {.close_timeout = 100ms}};
    client.put("k", 1, 1);
    silent.accept();
  }
  {
    BufferedMetricsClient client{"127.0.0.1", free_tcp_port(), {.close_timeout = 100ms}};
    client.put("k", 1, 1);
    CHECK(!client.flush(50ms));
    CHECK(client.last_error() == std::errc::connection_refused);
  }
  CHECK(std::chrono::steady_clock::now() - start < patience);
}

TEST_CASE("buffered metrics client: a value without a timestamp has the time of its put") {
  using testing::ManualClock;
  ManualClock::set(std::chrono::seconds{1000});
  server::MetricsServer server;
  server.start();
  BufferedMetricsClient<TcpTransport, ManualClock> client{"127.0.0.1", server.port()};
  client.put("k", 7);
  ManualClock::set(std::chrono::seconds{2000});
  CHECK(client.flush(patience));
  CHECK(MetricsClient{"127.0.0.1", server.port()}.get("k").at("k") == std::vector<Sample>{{1000, 7}});
}

TEST_CASE("buffered metrics client: it takes any transport") {
  BufferedMetricsClient client{testing::ScriptedStream{{.replies = {"ok\n\n"}}}};
  client.put("k", 1, 5);
  CHECK(client.flush(patience));
  CHECK(client.stats().stored == 1);
}

TEST_CASE("buffered metrics client: an option out of range is an error that names it") {
  CHECK_THROWS_WITH_AS((BufferedMetricsClient{"127.0.0.1", 1, {.timeout = 0ms}}),
                       doctest::Contains("statwire: timeout in milliseconds 0, must be at least 1"),
                       ClientError);
  CHECK_THROWS_AS((BufferedMetricsClient{"127.0.0.1", 1, {.max_queue_bytes = 0}}), ClientError);
}
