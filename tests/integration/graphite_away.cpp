// The Graphite client where Graphite is away, comes back, or does not behave.

#include "statwire/graphite.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "support/child_process.hpp"
#include "support/graphite_numbers.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

/// A listener that does with its connections what the test does.
class Peer {
 public:
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  asio::ip::tcp::socket accept() { return acceptor_.accept(); }

  /// Reads to the end.
  static std::string read(asio::ip::tcp::socket& socket) {
    std::string text;
    std::array<char, 4096> buffer;
    std::error_code ec;
    while (!ec) text.append(buffer.data(), socket.receive(asio::buffer(buffer), 0, ec));
    CHECK(ec == asio::error::eof);
    return text;
  }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_, asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
};

/// A listener that leaves all further connections without an answer.
class BlackHole {
 public:
  BlackHole() {
    acceptor_.open(asio::ip::tcp::v4());
    acceptor_.bind(asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0});
    acceptor_.listen(1);
    std::error_code ec;
    while (!ec) {
      waiting_.push_back(std::make_unique<TcpTransport>("127.0.0.1", port()));
      waiting_.back()->connect(std::chrono::steady_clock::now() + 200ms, ec);
    }
    REQUIRE(ec == errc::timed_out);
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_};
  std::vector<std::unique_ptr<TcpTransport>> waiting_;
};

}  // namespace

TEST_CASE("graphite: while it is away the newest points are kept, and arrive when it is back") {
  std::optional<LineListener> listener{std::in_place};
  const std::uint16_t port = listener->port();
  listener.reset();
  GraphiteClient graphite{"127.0.0.1", port, {.flush_interval = 1ms, .max_spool_bytes = 65'536}};
  send_numbers(graphite, 0, 20'000);
  wait_until("a failure", [&] { return graphite.stats().failures != 0; });
  check_sum(graphite);
  const int dropped = static_cast<int>(graphite.stats().dropped);
  CHECK(dropped > 10'000);
  listener.emplace(port);
  CHECK(graphite.flush(patience));
  CHECK(static_cast<int>(graphite.stats().dropped) == dropped);
  CHECK(whole_lines(*listener) == number_lines(dropped, 20'000));
}

TEST_CASE("graphite: a flush that waits while points are dropped says that not all arrived") {
  GraphiteClient graphite{"127.0.0.1", free_tcp_port(), {.max_spool_bytes = 65'536, .close_timeout = 1ms}};
  graphite.send("a", 1, 1);
  std::atomic<bool> done{false};
  std::thread sender{[&] {
    while (!done) graphite.send("b", 1, 1);
  }};
  CHECK_FALSE(graphite.flush(1h));
  done = true;
  sender.join();
  CHECK(graphite.stats().dropped > 0);
}

TEST_CASE("graphite: a listener that is killed with bytes unread gets them again when it is back") {
  std::optional<LineListener> listener{std::in_place, std::uint16_t{0}, Reading::never};
  const std::uint16_t port = listener->port();
  GraphiteClient graphite{"127.0.0.1", port, {.flush_interval = 1ms, .max_batch_bytes = 16'384}};
  for (int round = 0; round < 5; ++round) {
    send_numbers(graphite, round * 1000, (round + 1) * 1000);
    wait_until("unread bytes", [&] { return listener->unread() > 0; });
    listener.reset();
    listener.emplace(port, Reading::never);
  }
  CHECK(graphite.stats().delivered == 0);
  listener.reset();
  listener.emplace(port);
  CHECK(graphite.flush(patience));
  CHECK(graphite.stats().failures >= 5);
  CHECK(whole_lines(*listener) == number_lines(0, 5000));
  check_sum(graphite);
}

TEST_CASE("graphite: a peer that reads everything and never closes has it after the timeout") {
  Peer peer;
  GraphiteClient graphite{"127.0.0.1", peer.port(), {.flush = Flush::manual, .timeout = 100ms}};
  std::optional<asio::ip::tcp::socket> first;
  std::string text;
  std::thread reading{[&] {
    first.emplace(peer.accept());
    text = Peer::read(*first);
  }};
  graphite.send("a", 1, 1);
  CHECK(graphite.flush(patience));
  reading.join();
  CHECK(text == "a 1 1\n");
  CHECK(graphite.stats().batches == 1);
  CHECK(graphite.stats().failures == 0);
}

TEST_CASE("graphite: a peer that takes no more than its buffers hold has nothing") {
  LineListener listener{0, Reading::never};
  GraphiteClient graphite{"127.0.0.1",
                          listener.port(),
                          {.flush = Flush::manual,
                           .max_spool_bytes = 256 << 20,
                           .max_batch_bytes = 64 << 20,
                           .timeout = 300ms,
                           .close_timeout = 1ms}};
  const std::string longest(8192, 'x');
  for (int i = 0; i < 5000; ++i) graphite.send(longest, 1, 1);  // 40 MB
  CHECK_FALSE(graphite.flush(700ms));
  wait_until("a failure", [&] { return graphite.stats().failures != 0; });
  CHECK(graphite.stats().last_error == errc::timed_out);
  CHECK(graphite.stats().delivered == 0);
  CHECK(graphite.stats().pending == 5000);
}

TEST_CASE("graphite: neither a flush nor the end waits for a connection that does not come about") {
  const BlackHole hole;
  const Deadline begin = std::chrono::steady_clock::now();
  {
    GraphiteClient graphite{
        "127.0.0.1", hole.port(), {.flush_interval = 0ms, .timeout = 1h, .close_timeout = 100ms}};
    graphite.send("a", 1, 1);
    CHECK_FALSE(graphite.flush(10ms));
    CHECK(graphite.stats().pending == 1);
  }
  CHECK(std::chrono::steady_clock::now() - begin < patience);
}

TEST_CASE("graphite: the end does not wait for a receipt that does not come, nor for a pause") {
  const Deadline begin = std::chrono::steady_clock::now();
  {
    Peer silent;
    GraphiteClient graphite{
        "127.0.0.1", silent.port(), {.flush_interval = 0ms, .timeout = 1h, .close_timeout = 50ms}};
    graphite.send("a", 1, 1);
    asio::ip::tcp::socket socket = silent.accept();
    CHECK(Peer::read(socket) == "a 1 1\n");
    CHECK(graphite.stats().pending == 1);
  }
  {
    GraphiteClient graphite{"127.0.0.1", free_tcp_port(), {.flush_interval = 0ms, .close_timeout = 50ms}};
    graphite.send("a", 1, 1);
    wait_until("a failure", [&] { return graphite.stats().failures != 0; });
  }
  CHECK(std::chrono::steady_clock::now() - begin < patience);
}

TEST_CASE("graphite: a flush, and the end, do not wait for the end of a pause") {
  std::optional<LineListener> listener{std::in_place};
  const std::uint16_t port = listener->port();
  listener.reset();
  std::optional<GraphiteClient<>> graphite{std::in_place, "127.0.0.1", port,
                                           GraphiteOptions{.flush_interval = 0ms, .close_timeout = 4s}};
  graphite->send("a", 1, 1);
  wait_until("the longest pause, of five seconds", [&] {
    CHECK_FALSE(graphite->flush(1ms));
    return graphite->stats().failures >= 8;
  });
  listener.emplace(port);
  SUBCASE("a flush") {
    CHECK(graphite->flush(4s));
  }
  SUBCASE("the end") {
    graphite.reset();
  }
  CHECK(listener->lines() == Lines{"a 1 1", ""});
}
