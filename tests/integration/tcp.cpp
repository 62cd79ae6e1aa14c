#include "statwire/transport/tcp.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/metrics.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

/// Listens and accepts nothing by itself: connections wait in the backlog, and nothing is ever answered.
class SilentServer {
 public:
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  asio::ip::tcp::socket accept() { return acceptor_.accept(); }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_, asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
};

#if defined(__linux__)
void wait_until_available(asio::ip::tcp::socket& socket) {
  socket.wait(asio::ip::tcp::socket::wait_read);
}
#endif

}  // namespace

TEST_CASE("tcp: a server that is not there is refused with the system's error") {
  std::uint16_t port = 0;
  {
    const SilentServer gone;
    port = gone.port();
  }
  std::error_code ec;
  const MetricsClient client{"127.0.0.1", port, 5s, ec};
  CHECK(ec == std::errc::connection_refused);
  const std::string expected = "statwire: connect to '127.0.0.1' port " + std::to_string(port) + ": ";
  CHECK_THROWS_WITH_AS((MetricsClient{"127.0.0.1", port}), doctest::Contains(expected.c_str()), ClientError);
}

TEST_CASE("tcp: a read ends at its deadline") {
  SilentServer server;
  MetricsClient client{"127.0.0.1", server.port(), 50ms};
  std::error_code ec;
  client.get("*", ec);
  CHECK(ec == errc::timed_out);
  client.get("*", ec);
  CHECK(ec == errc::not_connected);
}

TEST_CASE("tcp: a write to a peer that does not read ends at its deadline") {
  SilentServer server;
  TcpTransport transport{"127.0.0.1", server.port()};
  std::error_code ec;
  transport.connect(soon(), ec);
  REQUIRE(!ec);
  const Deadline deadline = std::chrono::steady_clock::now() + 100ms;
  const std::string bytes(1 << 20, 'x');
  while (!ec) transport.write_some(bytes, deadline, ec);
  CHECK(ec == errc::timed_out);
}

TEST_CASE("tcp: the deadline holds for a peer that never pauses") {
  SilentServer server;
  MetricsClient client{"127.0.0.1", server.port(), 200ms};
  std::thread peer{[&] {
    asio::ip::tcp::socket socket = server.accept();
    std::string rows;
    for (int i = 0; i < 1000; ++i) rows += "k 1 1\n";
    std::error_code ec;
    asio::write(socket, asio::buffer("ok\n", 3), ec);
    while (!ec) asio::write(socket, asio::buffer(rows), ec);
  }};
  std::error_code ec;
  client.get("*", ec);
  CHECK(ec == errc::timed_out);
  peer.join();
}

TEST_CASE("tcp: an empty host, port 0 and a timeout that is none are refused") {
  std::error_code ec;
  const MetricsClient no_host{"", 1, 1s, ec};
  CHECK(ec == errc::invalid_option);
  const MetricsClient no_port{"127.0.0.1", 0, 1s, ec};
  CHECK(ec == errc::invalid_option);
  CHECK_THROWS_WITH_AS((MetricsClient{"127.0.0.1", 1, 0s}),
                       doctest::Contains("timeout 0 ms, must be above 0"), ClientError);
}

TEST_CASE("tcp: a connect to a full backlog ends at its deadline") {
  // A listener with a backlog of one lets a few connections wait and then leaves further ones without an
  // answer.
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor{io};
  acceptor.open(asio::ip::tcp::v4());
  acceptor.bind(asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0});
  acceptor.listen(1);
  std::vector<std::unique_ptr<TcpTransport>> waiting;
  std::error_code ec;
  for (int i = 0; !ec && i < 10; ++i) {
    waiting.push_back(std::make_unique<TcpTransport>("127.0.0.1", acceptor.local_endpoint().port()));
    waiting.back()->connect(std::chrono::steady_clock::now() + 200ms, ec);
  }
  CHECK(ec == errc::timed_out);
}

TEST_CASE("tcp: the end of the stream is an error of its own") {
  SilentServer server;
  MetricsClient client{"127.0.0.1", server.port(), patience};
  std::thread peer{[&] {
    asio::ip::tcp::socket socket = server.accept();
    std::array<char, 6>
        request;  // all of `get *\n`: a peer that closes with bytes unread resets the connection
    socket.receive(asio::buffer(request));
  }};
  std::error_code ec;
  client.get("*", ec);
  peer.join();
  CHECK(ec == errc::end_of_stream);
}

TEST_CASE("tcp: a transport connects anew after it was closed") {
  SilentServer server;
  TcpTransport transport{"127.0.0.1", server.port()};
  std::error_code ec;
  transport.connect(soon(), ec);
  REQUIRE(!ec);
  server.accept();
  transport.close();
  transport.connect(soon(), ec);
  REQUIRE(!ec);
  asio::ip::tcp::socket peer = server.accept();
  asio::write(peer, asio::buffer("hello", 5));
  std::array<char, 16> buffer;
  const std::size_t bytes = transport.read_some(buffer, soon(), ec);
  CHECK(std::string(buffer.data(), bytes) == "hello");
}

TEST_CASE("tcp: a name that does not exist is the resolver's error, within the deadline") {
  TcpTransport transport{"no.such.host.invalid", 1};
  std::error_code ec;
  transport.connect(soon(), ec);
  CHECK(ec);
}

TEST_CASE("tcp: a peer that ends the stream after we have has taken everything") {
  SilentServer server;
  TcpTransport transport{"127.0.0.1", server.port()};
  std::error_code ec;
  transport.shutdown_write(ec);
  CHECK(ec == errc::not_connected);
  transport.connect(soon(), ec);
  REQUIRE(!ec);
  asio::ip::tcp::socket peer = server.accept();
  transport.write_some("hello", soon(), ec);
  transport.shutdown_write(ec);
  CHECK(!ec);
  std::array<char, 16> buffer;
  CHECK(peer.receive(asio::buffer(buffer)) == 5);
  std::error_code end;
  peer.receive(asio::buffer(buffer), 0, end);
  CHECK(end == asio::error::eof);
  asio::write(peer, asio::buffer("bye", 3));
  CHECK(transport.read_some(buffer, soon(), ec) == 3);
  CHECK(!ec);
  peer.close();
  transport.read_some(buffer, soon(), ec);
  CHECK(ec == errc::end_of_stream);
  CHECK(transport.unacknowledged_bytes() == 0);
}

#if defined(__linux__)  // elsewhere no system says what the peer has acknowledged
TEST_CASE("tcp: the end of a peer that has not taken everything is not taken for a receipt") {
  SilentServer server;
  TcpTransport transport{"127.0.0.1", server.port()};
  std::array<char, 16> buffer;
  const auto write_and_end = [&](std::error_code& ec) {
    transport.write_some("hello", soon(), ec);
    if (!ec) transport.shutdown_write(ec);
    if (!ec) transport.read_some(buffer, soon(), ec);
  };
  std::error_code ec;
  transport.connect(soon(), ec);
  REQUIRE(!ec);
  server.accept().close();  // as a program that is killed when it has read all there was
  write_and_end(ec);
  CHECK(ec);
  CHECK(ec != errc::end_of_stream);
  CHECK(ec != errc::timed_out);

  transport.connect(soon(), ec);
  REQUIRE(!ec);
  asio::ip::tcp::socket unread = server.accept();
  transport.write_some("hello", soon(), ec);
  transport.shutdown_write(ec);
  wait_until_available(unread);
  unread.close();
  transport.read_some(buffer, soon(), ec);
  CHECK(ec == std::errc::connection_reset);
}

TEST_CASE("tcp: a peer that ends the stream first has everything only when it has acknowledged it") {
  SilentServer server;
  TcpTransport transport{"127.0.0.1", server.port()};
  std::error_code ec;
  transport.connect(soon(), ec);
  REQUIRE(!ec);
  asio::ip::tcp::socket peer = server.accept();
  peer.shutdown(asio::ip::tcp::socket::shutdown_send);
  const std::string bytes(1 << 20, 'x');
  const Deadline full = std::chrono::steady_clock::now() + 100ms;
  std::size_t written = 0;
  while (!ec) written += transport.write_some(bytes, full, ec);
  CHECK(ec == errc::timed_out);
  CHECK(transport.unacknowledged_bytes() > 0);
  transport.shutdown_write(ec);
  CHECK(!ec);
  std::array<char, 16> buffer;
  transport.read_some(buffer, std::chrono::steady_clock::now() + 50ms, ec);
  CHECK(ec == errc::timed_out);
  SUBCASE("it reads on") {
    std::thread reading{[&] {
      std::vector<char> some(65'536);
      std::size_t read = 0;
      std::error_code end;
      while (!end) read += peer.receive(asio::buffer(some), 0, end);
      CHECK(end == asio::error::eof);
      CHECK(read == written);
    }};
    transport.read_some(buffer, soon(), ec);
    CHECK(ec == errc::end_of_stream);
    reading.join();
  }
  SUBCASE("it is gone") {
    peer.close();
    transport.read_some(buffer, soon(), ec);
    CHECK(ec == std::errc::connection_reset);
  }
}

TEST_CASE("tcp: a connection that reaches itself is refused") {
  // From a port that nobody listens on to the same port: the system connects such a socket to itself,
  // sooner or later: it chooses the ports of connections from a range, and this one is from there.
  SilentServer server;
  asio::io_context io;
  asio::ip::tcp::socket socket{io};
  socket.connect(asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), server.port()});
  TcpTransport transport{"127.0.0.1", socket.local_endpoint().port()};
  socket.close();
  std::error_code ec;
  for (int i = 0; i < 32'768; ++i) {
    transport.connect(soon(), ec);
    REQUIRE(ec == std::errc::connection_refused);
  }
}
#endif
