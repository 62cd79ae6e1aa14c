// What a metrics server does when there is much of something: connections, series, bytes that nobody reads,
// puts that wait for one commit.

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/metrics.hpp"
#include "statwire/server/metrics_server.hpp"
#include "support/faulty_store.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

/// A memory store that counts the rows which are read from it.
struct CountingStore : server::MemoryStore {
  explicit CountingStore(std::atomic<std::size_t>& row_count) : rows{row_count} {}

  template <class OnRow>
  void read(server::Cursor& cursor, OnRow&& on_row, std::error_code& ec) const {
    const auto counted = [&](const protocol::Row& row) {
      ++rows;
      return on_row(row);
    };
    MemoryStore::read(cursor, counted, ec);
  }

  std::atomic<std::size_t>& rows;
};

/// A faulty store whose first put waits until it is told to go on.
struct BlockingStore : FaultyStore {
  void put(std::string_view key, double value, std::int64_t timestamp, std::error_code& ec) {
    if (go_on.valid()) {
      begun.set_value();
      go_on.get();
    }
    FaultyStore::put(key, value, timestamp, ec);
  }

  std::promise<void> begun{};
  std::future<void> go_on{};
};

/// A memory store that waits in its first put, and knows how many puts came before the newest find.
struct WaitingStore : server::MemoryStore {
  void put(std::string_view key, double value, std::int64_t timestamp, std::error_code& ec) {
    if (puts++ == 0) {
      begun.set_value();
      go_on.get();
    }
    MemoryStore::put(key, value, timestamp, ec);
  }
  server::Cursor find(std::string_view key) const {
    puts_before_find = puts;
    return MemoryStore::find(key);
  }

  std::size_t puts = 0;
  mutable std::size_t puts_before_find = 0;
  std::promise<void> begun{};
  std::future<void> go_on{};
};

/// A faulty store that throws for some keys: a std::exception, or what is none; or in its commit.
struct ThrowingStore : FaultyStore {
  void put(std::string_view key, double value, std::int64_t timestamp, std::error_code& ec) {
    if (key == "no_memory") throw std::bad_alloc{};
    if (key == "number") throw 42;
    commit_throws = key == "commit";
    FaultyStore::put(key, value, timestamp, ec);
  }
  void commit(std::error_code& ec) {
    if (std::exchange(commit_throws, false)) throw std::runtime_error{"commit"};
    FaultyStore::commit(ec);
  }

  bool commit_throws = false;
};

std::vector<std::unique_ptr<RawConnection>> connect(std::uint16_t port, std::size_t count) {
  std::vector<std::unique_ptr<RawConnection>> clients;
  for (std::size_t i = 0; i < count; ++i) clients.push_back(std::make_unique<RawConnection>(port));
  return clients;
}

}  // namespace

TEST_CASE("metrics server: a client beyond the limit is told so, whatever it sends meanwhile") {
  server::MetricsServer server{{.max_connections = 2}};
  server.start();
  auto clients = connect(server.port(), 2);
  for (auto& client : clients) {
    client->send("get a\n");
    client->expect("ok\n\n");
  }
  const std::string refusal = "error\ntoo many connections (limit 2)\n\n";
  const std::string requests(1 << 20, '\n');
  for (int i = 0; i < 5; ++i) {
    RawConnection third{server.port()};
    third.send(requests);
    third.expect(refusal);
    CHECK(third.read_to_end() == "");
  }
  clients.pop_back();
  for (const auto until = soon();;) {  // the server sees that with its next turn
    REQUIRE(std::chrono::steady_clock::now() < until);
    RawConnection next{server.port()};
    next.send("get a\n");
    if (next.read_until("\n\n") == "ok\n\n") break;
  }
}

TEST_CASE("metrics server: clients that come while it is busy are taken together, not one a turn") {
  WaitingStore store;
  std::promise<void> go_on;
  store.go_on = go_on.get_future();
  std::future<void> begun = store.begun.get_future();
  server::MetricsServer server{{.port = 0}, std::move(store)};
  server.start();
  // A read of the server's has 64 of these puts.
  constexpr std::size_t puts_a_turn = 64;
  constexpr std::size_t turns = 120;
  RawConnection busy{server.port()};
  std::thread sender{[&] {
    std::string requests;
    for (std::size_t i = 0; i < turns * puts_a_turn; ++i)
      requests += "put " + std::string(1019, 'k') + " 1 1\n";
    busy.send(requests);
  }};
  begun.get();
  const auto clients = connect(server.port(), 100);
  for (const auto& client : clients) client->send("get a\n");
  go_on.set_value();
  for (const auto& client : clients) client->expect("ok\n\n");
  sender.join();
  server.stop();
  CHECK(server.store().puts_before_find < turns / 4 * puts_a_turn);
}

TEST_CASE("metrics server: a client whose line is too long can read why, though it goes on sending") {
  server::MetricsServer server{{.max_line_bytes = 100}};
  server.start();
  for (int i = 0; i < 5; ++i) {
    RawConnection client{server.port()};
    client.send("get a\n" + std::string(1 << 20, 'x'));
    client.expect("ok\n\nerror\nline too long (limit 100 bytes)\n\n");
    CHECK(client.read_to_end() == "");
  }
}

TEST_CASE("metrics server: series beyond the limit are refused, and the connection stays") {
  server::MetricsServer server{{.max_series = 1}};
  server.start();
  RawConnection client{server.port()};
  client.send("put a 1 1\nput b 1 1\nput a 2 2\n");
  client.expect("ok\n\nerror\ntoo many series (limit 1)\n\nok\n\n");
}

TEST_CASE("metrics server: replies of many pieces arrive whole, whatever others send meanwhile") {
  server::MetricsServer server;
  std::string rows = "ok\n";
  std::error_code ec;
  for (int i = 0; i < 50'000; ++i) {
    server.store().put("some.key." + std::to_string(i), i, 1, ec);
    rows += "some.key." + std::to_string(i) + ' ' + std::to_string(i) + ".0 1\n";
  }
  server.start();
  RawConnection client{server.port()};
  constexpr int gets = 20;  // more than the buffers of the system hold
  std::string requests;
  for (int i = 0; i < gets; ++i) requests += "get *\n";
  client.send(requests + "put z 1 1\nget z\n");
  RawConnection other{server.port()};
  for (int i = 0; i < 100; ++i) {
    other.send("get no_such_key_but_a_long_one_that_covers_what_the_first_has_sent\n");
    other.expect("ok\n\n");
  }
  for (int i = 0; i < gets; ++i) client.expect(rows + "\n");
  client.expect("ok\n\nok\nz 1.0 1\n\n");
}

TEST_CASE("metrics server: a client that does not read its replies does not have them made") {
  std::atomic<std::size_t> rows = 0;
  server::MetricsServer server{{.port = 0}, CountingStore{rows}};
  std::error_code ec;
  for (int i = 0; i < 100'000; ++i) server.store().put("some.key.of.a.deaf.client", 1, i, ec);
  server.store().put("a", 1, 1, ec);
  server.start();
  RawConnection deaf{server.port()};
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += "get some.key.of.a.deaf.client\n";
  deaf.send(requests);
  RawConnection other{server.port()};
  // Each of these leaves the server time for another 64 KiB of the deaf one's replies: 130 MB in all.
  for (int i = 0; i < 2000; ++i) {
    other.send("get a\n");
    other.expect("ok\na 1.0 1\n\n");
  }
  constexpr std::size_t row_bytes = 36;
  constexpr std::size_t buffers_of_the_system = 24 << 20;
  CHECK(rows * row_bytes < buffers_of_the_system);
  CHECK(rows > 2000);  // it was served at all
}

TEST_CASE("metrics server: hundreds of clients are answered while one has very much to say") {
  server::MetricsServer server;
  server.start();
  constexpr std::size_t count = 200;
  const auto clients = connect(server.port(), count);
  constexpr int puts = 200'000;
  std::thread busy{[&] {
    MetricsClient client{"127.0.0.1", server.port(), patience};
    std::vector<Point> points;
    for (int i = 0; i < puts; ++i) points.push_back({"busy", 1, i});
    client.put(points);
  }};
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < count; ++i) {
      clients[i]->send("put idle" + std::to_string(i) + " 1 " + std::to_string(round) + "\n");
    }
    for (auto& client : clients) client->expect("ok\n\n");
  }
  busy.join();
  MetricsClient client{"127.0.0.1", server.port(), patience};
  CHECK(client.get("*").size() == count + 1);
  CHECK(client.get("busy").at("busy").size() == puts);
}

TEST_CASE("metrics server: the puts of all clients that are ready are committed together") {
  BlockingStore store;
  std::promise<void> go_on;
  store.go_on = go_on.get_future();
  std::future<void> begun = store.begun.get_future();
  server::MetricsServer server{{.port = 0}, std::move(store)};
  server.start();
  constexpr std::size_t count = 50;
  const auto clients = connect(server.port(), count);
  for (auto& client : clients) {
    client->send("get a\n");  // so that each has its session
    client->expect("ok\n\n");
  }
  clients[0]->send("put first 1 1\n");
  begun.get();
  for (std::size_t i = 1; i < count; ++i) clients[i]->send("put a 1 1\nput b 1 1\n");
  go_on.set_value();
  clients[0]->expect("ok\n\n");
  for (std::size_t i = 1; i < count; ++i) clients[i]->expect("ok\n\nok\n\n");
  server.stop();
  CHECK(server.store().commits == 2);  // that of the first client, and one for all others
}

TEST_CASE("metrics server: when a commit fails, every put of it is answered with the error") {
  const auto full = std::make_error_code(std::errc::no_space_on_device);
  server::MetricsServer server{{.port = 0}, FaultyStore{.commit_error = full}};
  server.start();
  const std::string refusal = "error\nnot stored: " + full.message() + "\n\n";
  const auto clients = connect(server.port(), 20);
  for (int round = 0; round < 3; ++round) {
    for (const auto& client : clients) client->send("put a 1 1\nput b 1 1\n");
    for (const auto& client : clients) client->expect(refusal + refusal);
  }
}

TEST_CASE("metrics server: it can be stopped while clients wait for a commit") {
  for (int round = 0; round < 20; ++round) {
    server::MetricsServer server{{.port = 0}, FaultyStore{}};
    server.start();
    const auto clients = connect(server.port(), 10);
    for (const auto& client : clients) client->send("put a 1 1\n");
    if (round % 2 == 0) clients[0]->expect("ok\n\n");
    server.stop();
    server.start();
    RawConnection client{server.port()};
    client.send("put a 1 1\n");
    client.expect("ok\n\n");
  }
}

TEST_CASE(
    "metrics server: an exception of the store costs the client that it serves its connection, no other") {
  server::MetricsServer server{{.port = 0}, ThrowingStore{}};
  server.start();
  RawConnection other{server.port()};
  for (const std::string key : {"no_memory", "commit", "no_memory", "commit"}) {
    CAPTURE(key);
    RawConnection client{server.port()};
    client.send("put a 1 1\n");
    client.expect("ok\n\n");
    client.send("put " + key + " 1 1\n");
    CHECK(client.read_to_end() == "");
    other.send("put a 1 1\nget a\n");
    other.expect("ok\n\nok\na 1.0 1\n\n");
  }
}

TEST_CASE("metrics server: when anything else is thrown, run() passes it on and the server can start again") {
  server::MetricsServer server{{.port = 0}, ThrowingStore{}};
  for (int round = 0; round < 2; ++round) {
    std::promise<int> thrown;
    std::thread runner{[&] {
      try {
        server.run();
        thrown.set_value(0);
      } catch (int number) {
        thrown.set_value(number);
      }
    }};
    std::unique_ptr<TcpTransport> client;
    for (const auto until = soon(); !client;) {  // until it listens
      REQUIRE(std::chrono::steady_clock::now() < until);
      auto attempt = std::make_unique<TcpTransport>("127.0.0.1", server.port());
      std::error_code ec = std::make_error_code(std::errc::not_connected);
      if (server.port() != 0) attempt->connect(soon(), ec);
      if (!ec) client = std::move(attempt);
    }
    std::error_code ec;
    client->write_some("put number 1 1\n", soon(), ec);
    CHECK(thrown.get_future().get() == 42);
    runner.join();
    char byte[1];
    client->read_some(byte, soon(), ec);
    CHECK((ec == errc::end_of_stream || ec == std::errc::connection_reset));
  }
  server.start();
  RawConnection client{server.port()};
  client.send("put a 1 1\n");
  client.expect("ok\n\n");
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
TEST_CASE(
    "metrics server: clients that have sent long lines cost no more than others once they are answered") {
  server::MetricsServer server;
  server.start();
  constexpr std::size_t count = 100;
  const auto clients = connect(server.port(), count);
  RawConnection other{server.port()};
  // What it answers to one client comes after what it did for those before.
  const auto wait_for_server = [&] {
    for (int i = 0; i < 2; ++i) {
      other.send("get a\n");
      other.expect("ok\n\n");
    }
  };
  for (const auto& client : clients) {
    client->send("get a\n");
    client->expect("ok\n\n");
  }
  wait_for_server();
  const std::size_t before = ::mallinfo2().uordblks;
  const std::string line(60'000, 'x');
  for (const auto& client : clients) {
    client->send(line);
    wait_for_server();
    client->send("\n");
    client->expect("error\nwrong command\n\n");
  }
  wait_for_server();
  const std::size_t after = ::mallinfo2().uordblks;
  CHECK(after < before + count * 1024);
}
#endif

#if defined(TCP_KEEPIDLE)
TEST_CASE("metrics server: the system finds out about clients that vanished, within minutes") {
  server::MetricsServer server;
  server.start();
  RawConnection client{server.port()};
  client.send("get a\n");
  client.expect("ok\n\n");
  int sessions = 0;
  constexpr int max_fd = 1024;
  for (int fd = 0; fd < max_fd; ++fd) {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    if (address.sin_family != AF_INET || ntohs(address.sin_port) != server.port()) continue;
    const auto option = [fd](int level, int name) {
      int value = 0;
      socklen_t value_size = sizeof(value);
      CHECK(::getsockopt(fd, level, name, &value, &value_size) == 0);
      return value;
    };
    if (option(SOL_SOCKET, SO_ACCEPTCONN) != 0) continue;
    ++sessions;
    CHECK(option(SOL_SOCKET, SO_KEEPALIVE) != 0);
    const int seconds = option(IPPROTO_TCP, TCP_KEEPIDLE) +
                        option(IPPROTO_TCP, TCP_KEEPINTVL) * option(IPPROTO_TCP, TCP_KEEPCNT);
    CHECK(seconds >= 60);
    CHECK(seconds <= 600);
  }
  CHECK(sessions == 1);
}
#endif

TEST_CASE("metrics server: its sockets are not inherited by programs that are started") {
  server::MetricsServer server;
  server.start();
  RawConnection client{server.port()};
  client.send("get a\n");
  client.expect("ok\n\n");
  int sockets = 0;
  constexpr int max_fd = 1024;
  for (int fd = 0; fd < max_fd; ++fd) {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    if (address.sin_family != AF_INET || ntohs(address.sin_port) != server.port()) continue;
    ++sockets;
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(sockets == 2);
}
