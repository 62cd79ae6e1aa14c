#include "statwire/transport/udp.hpp"

#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/protocol/statsd_parse.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/manual_clock.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

TEST_CASE("udp: a datagram arrives as it was sent") {
  UdpReceiver receiver;
  UdpTransport transport{"127.0.0.1", receiver.port()};
  const std::string datagram(1432, 'x');
  CHECK(!transport.send(datagram));
  CHECK(receiver.receive() == datagram);
}

TEST_CASE("udp: a host name is resolved, and IPv6 is an address like others") {
  UdpReceiver receiver4;
  UdpTransport by_name{"localhost", receiver4.port()};
  // Where ::1 comes first, nobody listens there; the refusal makes the transport go on to 127.0.0.1.
  CHECK(!by_name.send("four"));
  CHECK(!by_name.send("four"));
  CHECK(receiver4.receive() == "four");
  UdpReceiver receiver6{"::1"};
  UdpTransport transport6{"::1", receiver6.port()};
  CHECK(!transport6.send("six"));
  CHECK(receiver6.receive() == "six");
}

TEST_CASE("udp: a datagram that follows a refusal is sent all the same") {
  std::uint16_t port = 0;
  {
    const UdpReceiver gone;
    port = gone.port();
  }
  UdpTransport transport{"127.0.0.1", port};
  CHECK(!transport.send("nobody listens"));  // the refusal comes back as an answer to this one
  asio::io_context io;
  asio::ip::udp::socket late{io, asio::ip::udp::endpoint{asio::ip::make_address("127.0.0.1"), port}};
  CHECK(!transport.send("now somebody does"));
  std::string bytes(64, '\0');
  bytes.resize(late.receive(asio::buffer(bytes)));
  CHECK(bytes == "now somebody does");
}

TEST_CASE("udp: what cannot be resolved or sent is an error that says so") {
  std::error_code ec;
  const UdpTransport no_port{"127.0.0.1", 0, ec};
  CHECK(ec == errc::invalid_option);
  UdpTransport no_host{"", 8125, ec};
  CHECK(ec == errc::invalid_option);
  CHECK(!no_host.ready());
  CHECK(no_host.send("x") == errc::not_connected);
  CHECK_THROWS_WITH_AS(UdpTransport("server", 0), doctest::Contains("statwire: udp 'server' port 0: "),
                       ClientError);
  UdpReceiver receiver;
  UdpTransport working{"127.0.0.1", receiver.port()};
  CHECK(working.send(std::string(70'000, 'x')) == std::errc::message_size);
  CHECK(working.ready());
  CHECK(!working.last_error());
}

#if !defined(_WIN32)  // there a scope is a number, and loopback has none
TEST_CASE("udp: an address with a scope is an address") {
  UdpReceiver receiver{"::1"};
  UdpTransport transport{"::1%lo", receiver.port()};
  CHECK(transport.ready());
  CHECK(!transport.send("scoped"));
  CHECK(receiver.receive() == "scoped");
}
#endif

namespace {

using Found = std::vector<HostAddress>;

/// A name service whose answers a test decides. Shared, because a lookup may outlive its transport.
class Names {
 public:
  void answer(std::error_code ec, Found found) {
    const std::lock_guard lock{mutex_};
    ec_ = ec;
    found_ = std::move(found);
    is_held_ = false;
    changed_.notify_all();
  }

  /// No lookup ends until the next answer().
  void hold() {
    const std::lock_guard lock{mutex_};
    is_held_ = true;
  }

  std::size_t lookups() {
    const std::lock_guard lock{mutex_};
    return lookups_;
  }

  Found look_up(std::error_code& ec) {
    std::unique_lock lock{mutex_};
    ++lookups_;
    changed_.wait_for(lock, patience, [this] { return !is_held_; });
    ec = ec_;
    return found_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::error_code ec_;
  Found found_;
  bool is_held_ = false;
  std::size_t lookups_ = 0;
};

using statwire::testing::ManualClock;

UdpOptions options_with(std::shared_ptr<Names> names) {
  ManualClock::set(0s);
  return {.lookup = [names](const std::string&, std::uint16_t,
                            std::error_code& ec) { return names->look_up(ec); },
          .now = [] { return Deadline{ManualClock::now().time_since_epoch()}; }};
}

HostAddress at(std::uint16_t port) {
  return {"127.0.0.1", port};
}

/// Asks again until the answer is yes: what has ended on another thread is seen by asking.
template <class Condition>
void wait_until(Condition&& condition) {
  const Deadline deadline = soon();
  while (!condition()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "it never came to that");
    std::this_thread::yield();
  }
}

/// A port that nobody listens on.
std::uint16_t free_port() {
  return UdpReceiver{}.port();
}

}  // namespace

TEST_CASE("udp: the constructor does not wait for the name, and nothing is sent before it is known") {
  UdpReceiver receiver;
  const auto names = std::make_shared<Names>();
  names->hold();
  UdpTransport transport{"server", 8125, options_with(names)};
  CHECK(!transport.ready());
  CHECK(transport.send("early") == errc::not_connected);
  CHECK(transport.last_error() == errc::not_connected);
  CHECK(!transport.wait_ready(std::chrono::steady_clock::now()));
  names->answer({}, {at(receiver.port())});
  CHECK(transport.wait_ready(soon()));
  CHECK(!transport.last_error());
  CHECK(!transport.send("known"));
  CHECK(receiver.receive() == "known");
}

TEST_CASE("udp: the first send of a client that never asks waits for the name") {
  UdpReceiver receiver;
  const auto names = std::make_shared<Names>();
  names->answer({}, {at(receiver.port())});
  UdpTransport transport{"server", 8125, options_with(names)};
  CHECK(!transport.send("first"));
  CHECK(receiver.receive() == "first");
}

TEST_CASE("udp: what a lookup finds must be addresses") {
  const auto names = std::make_shared<Names>();
  names->answer({}, {{"another name", 8125}});
  UdpTransport transport{"server", 8125, options_with(names)};
  CHECK(!transport.wait_ready(soon()));
  CHECK(transport.last_error() == std::errc::invalid_argument);
}

TEST_CASE("udp: a host that moved is found after thirty seconds") {
  UdpReceiver before;
  UdpReceiver after;
  const auto names = std::make_shared<Names>();
  names->answer({}, {at(before.port())});
  UdpTransport transport{"server", 8125, options_with(names)};
  REQUIRE(transport.wait_ready(soon()));
  names->answer({}, {at(after.port())});
  ManualClock::advance(29s);
  CHECK(transport.ready());
  CHECK(names->lookups() == 1);
  ManualClock::advance(1s);
  names->hold();
  CHECK(transport.ready());
  CHECK(!transport.send("old"));  // while the lookup goes on
  CHECK(before.receive() == "old");
  names->answer({}, {at(after.port())});
  wait_until([&] {
    CHECK(transport.ready());
    CHECK(!transport.send("new"));
    return !after.is_empty();
  });
  CHECK(after.receive() == "new");
}

TEST_CASE("udp: a refusal makes the name be looked up again, not more often than once a second") {
  UdpReceiver receiver;
  const auto names = std::make_shared<Names>();
  names->answer({}, {at(free_port())});
  UdpTransport transport{"server", 8125, options_with(names)};
  REQUIRE(transport.wait_ready(soon()));
  CHECK(!transport.send("nobody"));
  CHECK(!transport.send("refused"));
  CHECK(transport.ready());
  CHECK(names->lookups() == 1);
  names->answer({}, {at(receiver.port())});
  ManualClock::advance(1s);
  wait_until([&] {
    CHECK(transport.ready());
    static_cast<void>(transport.send("moved"));
    return !receiver.is_empty();
  });
  CHECK(names->lookups() == 2);
  CHECK(receiver.receive() == "moved");
}

TEST_CASE("udp: a lookup that fails keeps the last good address, and says why") {
  UdpReceiver receiver;
  const auto names = std::make_shared<Names>();
  names->answer({}, {at(receiver.port())});
  UdpTransport transport{"server", 8125, options_with(names)};
  REQUIRE(transport.wait_ready(soon()));
  names->answer(asio::error::host_not_found, {});
  ManualClock::advance(30s);
  wait_until([&] { return transport.ready() && transport.last_error(); });
  CHECK(transport.last_error() == asio::error::host_not_found);
  CHECK(!transport.send("still"));
  CHECK(receiver.receive() == "still");
}

TEST_CASE("udp: a name that is unknown at first is looked up again after a second") {
  UdpReceiver receiver;
  const auto names = std::make_shared<Names>();
  names->answer(asio::error::host_not_found, {});
  UdpTransport transport{"server", 8125, options_with(names)};
  CHECK(!transport.wait_ready(soon()));
  CHECK(transport.last_error() == asio::error::host_not_found);
  names->answer({}, {at(receiver.port())});
  CHECK(!transport.wait_ready(soon()));
  ManualClock::advance(1s);
  CHECK(transport.wait_ready(soon()));
  CHECK(!transport.last_error());
}

TEST_CASE("udp: the socket stays while the host still has its address") {
  UdpReceiver receiver;
  UdpReceiver other;
  const auto names = std::make_shared<Names>();
  names->answer({}, {at(receiver.port())});
  UdpTransport transport{"server", 8125, options_with(names)};
  REQUIRE(transport.wait_ready(soon()));
  names->answer(asio::error::try_again, {});
  ManualClock::advance(30s);
  wait_until([&] { return transport.ready() && transport.last_error(); });
  names->answer({}, {at(other.port()), at(receiver.port())});  // in another order, as name servers do
  ManualClock::advance(30s);
  wait_until([&] { return transport.ready() && !transport.last_error(); });
  CHECK(!transport.send("same"));
  CHECK(receiver.receive() == "same");
  CHECK(other.is_empty());
}

TEST_CASE("statsd client: buffered lines leave by themselves after the flush interval") {
  UdpReceiver receiver;
  StatsdClient statsd{"127.0.0.1", receiver.port(), {.delivery = Delivery::buffered, .flush_interval = 20ms}};
  statsd.increment("first");
  statsd.gauge("second", 2);
  CHECK(receiver.receive() == "first:1|c\nsecond:2|g");
  statsd.increment("third");
  CHECK(receiver.receive() == "third:1|c");
}

TEST_CASE("statsd client: what half fills a thread's memory does not wait for the flush interval") {
  UdpReceiver receiver;
  StatsdClient statsd{"127.0.0.1",
                      receiver.port(),
                      {.delivery = Delivery::buffered, .max_packet_bytes = 16, .flush_interval = 1h}};
  for (int i = 0; i < 600; ++i) statsd.increment("aaaa");  // a datagram each; there is room for 1024
  CHECK(receiver.receive().starts_with("aaaa:1|c"));       // line feeds may follow
}

TEST_CASE("statsd client: the destructor sends what is left") {
  UdpReceiver receiver;
  {
    StatsdClient statsd{"127.0.0.1", receiver.port(), {.delivery = Delivery::buffered, .flush_interval = 1h}};
    statsd.increment("last");
  }
  CHECK(receiver.receive() == "last:1|c");
}

TEST_CASE("statsd client: one datagram a call in immediate delivery") {
  UdpReceiver receiver;
  StatsdClient statsd{"127.0.0.1", receiver.port(), {.delivery = Delivery::immediate}};
  statsd.increment("a");
  statsd.increment("b");
  CHECK(receiver.receive() == "a:1|c");
  CHECK(receiver.receive() == "b:1|c");
}

namespace {

/// A transport that sends nothing until it is let go.
class Gate {
 public:
  void open() {
    const std::lock_guard lock{mutex_};
    is_open_ = true;
    opened_.notify_all();
  }
  void pass() {
    std::unique_lock lock{mutex_};
    opened_.wait(lock, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
};

struct GatedTransport {
  std::error_code send(std::string_view datagram) noexcept {
    gate->pass();
    protocol::for_each_line(datagram, [&](std::string_view line) {
      ++*lines;
      protocol::parse_statsd_line(line, [&](const protocol::StatsdSample& sample) {
        if (sample.type == protocol::MetricType::gauge) {
          *sum = sample.value;
        } else {
          *sum += sample.value;
        }
      });
    });
    return {};
  }
  Gate* gate;
  double* sum;
  int* lines;
};

}  // namespace

TEST_CASE("statsd client: when a thread's memory is full, its calls are summed, and none is lost or waits") {
  constexpr int calls = 200'000;  // some 1.6 MB, into 256 KiB
  Gate gate;
  double sum = 0;
  int lines = 0;
  StatsdClient statsd{GatedTransport{&gate, &sum, &lines}, {.delivery = Delivery::buffered}};
  SUBCASE("a counter") {
    for (int i = 0; i < calls; ++i) statsd.increment("hits");
  }
  SUBCASE("a gauge, whose last value comes last") {
    for (int i = 1; i <= calls; ++i) statsd.gauge("depth", i);
  }
  const DeliveryStats full = statsd.stats();
  CHECK(full.accepted == calls);
  CHECK(full.pending == calls);
  gate.open();
  statsd.flush();
  CHECK(sum == calls);
  CHECK(lines > 10'000);
  CHECK(lines < calls);
  const DeliveryStats sent = statsd.stats();
  CHECK(sent.sent == calls);
  CHECK(sent.dropped() == 0);
}
