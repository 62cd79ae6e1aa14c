#include "statwire/transport/tcp_lines.hpp"

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/testing/manual_clock.hpp"
#include "support/unix_receiver.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;
using statwire::testing::ManualClock;

static_assert(DatagramTransport<TcpLinesTransport>);
static_assert(HasReady<TcpLinesTransport>);
static_assert(HasAfterFork<TcpLinesTransport>);

namespace {

using TcpReceiver = StreamReceiver<asio::ip::tcp>;

asio::ip::tcp::endpoint loopback(std::uint16_t port = 0) {
  return {asio::ip::make_address("127.0.0.1"), port};
}

HostAddress at(std::uint16_t port) {
  return {"127.0.0.1", port};
}

TcpLinesOptions manual_options(std::vector<HostAddress> found = {}) {
  ManualClock::set(0s);
  return {.lookup =
              [found = std::move(found)](const std::string&, std::uint16_t, std::error_code& ec) {
                if (found.empty()) ec = asio::error::host_not_found;
                return found;
              },
          .now = [] { return Deadline{ManualClock::now().time_since_epoch()}; }};
}

/// Asks the transport until the condition holds: lookups and connections end on their own time.
template <class Condition>
void wait_until(Condition&& condition) {
  const Deadline deadline = soon();
  while (!condition()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "it never came to that");
    std::this_thread::yield();
  }
}

}  // namespace

TEST_CASE("tcp lines: each datagram is followed by a line feed") {
  TcpReceiver receiver{loopback()};
  TcpLinesTransport transport{"127.0.0.1", receiver.port()};
  wait_until([&] { return transport.ready(); });
  CHECK(!transport.send("a:1|c\nb:2|c"));
  CHECK(!transport.send("c:3|c"));
  receiver.accept();
  CHECK(receiver.read(18) == "a:1|c\nb:2|c\nc:3|c\n");
}

TEST_CASE("tcp lines: a name is looked up, and its next address is tried at once") {
  TcpReceiver receiver{loopback()};
  std::uint16_t closed = 0;
  {
    const TcpReceiver gone{loopback()};
    closed = gone.port();
  }
  TcpLinesTransport transport{"server", 2003, manual_options({at(closed), at(receiver.port())})};
  wait_until([&] { return transport.ready(); });
  CHECK(!transport.send("named"));
  receiver.accept();
  CHECK(receiver.read(6) == "named\n");
}

TEST_CASE("tcp lines: a name that is unknown says so, and nothing waits") {
  const std::error_code not_found = statwire::detail::standard(asio::error::host_not_found);
  TcpLinesTransport transport{"server", 2003, manual_options()};
  CHECK(transport.send("x") == errc::not_connected);
  wait_until([&] { return !transport.ready() && transport.last_error() == not_found; });
  CHECK_THROWS_WITH_AS(TcpLinesTransport("", 1), doctest::Contains("statwire: tcp '' port 1: "), ClientError);
  CHECK_THROWS_AS(TcpLinesTransport("server", 0), ClientError);
}

TEST_CASE("tcp lines: a lost connection is made again after a pause") {
  TcpReceiver receiver{loopback()};
  TcpLinesTransport transport{"127.0.0.1", receiver.port(), manual_options()};
  wait_until([&] { return transport.ready(); });
  receiver.accept();
  receiver.close_connection();
  wait_until([&] { return !transport.ready(); });  // the end of the stream comes over the network
  CHECK(transport.last_error() == errc::end_of_stream);
  CHECK(transport.send("too early") == errc::not_connected);
  ManualClock::advance(100ms);
  wait_until([&] { return transport.ready(); });
  CHECK(!transport.last_error());
  CHECK(!transport.send("back"));
  receiver.accept();
  CHECK(receiver.read(5) == "back\n");
}

TEST_CASE("tcp lines: an address where nobody listens is refused, and tried again when it is due") {
  std::uint16_t port = 0;
  {
    const TcpReceiver gone{loopback()};
    port = gone.port();
  }
  TcpLinesTransport transport{"127.0.0.1", port, manual_options()};
  wait_until([&] { return !transport.ready() && transport.last_error() == std::errc::connection_refused; });
  TcpReceiver receiver{loopback(port)};
  CHECK(!transport.ready());
  ManualClock::advance(100ms);
  wait_until([&] { return transport.ready(); });
}

TEST_CASE("tcp lines: a full socket is would_block, and stays connected") {
  TcpReceiver receiver{loopback()};
  TcpLinesTransport transport{"127.0.0.1", receiver.port()};
  wait_until([&] { return transport.ready(); });
  receiver.accept();
  const std::string text(1'000'000, 'x');
  std::error_code ec;
  while (!(ec = transport.send(text))) {
  }
  CHECK(ec == std::errc::operation_would_block);
  CHECK(!transport.last_error());
}
