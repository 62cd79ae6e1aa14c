#include "statwire/transport/udp.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "statwire/statsd.hpp"
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
  UdpTransport transport{"no.such.host.invalid", 8125, ec};
  CHECK(ec);
  CHECK(transport.send("x"));
  CHECK_THROWS_WITH_AS(UdpTransport("no.such.host.invalid", 8125),
                       doctest::Contains("statwire: udp 'no.such.host.invalid' port 8125: "), ClientError);
  const UdpTransport no_port{"127.0.0.1", 0, ec};
  CHECK(ec == errc::invalid_option);
  const UdpTransport no_host{"", 8125, ec};
  CHECK(ec == errc::invalid_option);
  UdpReceiver receiver;
  UdpTransport working{"127.0.0.1", receiver.port()};
  CHECK(working.send(std::string(70'000, 'x')) == std::errc::message_size);
}

TEST_CASE("statsd client: buffered lines leave by themselves after the flush interval") {
  UdpReceiver receiver;
  StatsdClient statsd{"127.0.0.1", receiver.port(), {.flush_interval = 20ms}};
  statsd.increment("first");
  statsd.gauge("second", 2);
  CHECK(receiver.receive() == "first:1|c\nsecond:2|g");
  statsd.increment("third");
  CHECK(receiver.receive() == "third:1|c");
}

TEST_CASE("statsd client: a full datagram does not wait for the flush interval") {
  UdpReceiver receiver;
  StatsdClient statsd{"127.0.0.1", receiver.port(), {.max_packet_bytes = 16, .flush_interval = 1h}};
  statsd.increment("aaaa");
  statsd.increment("bbbb");  // 8 + 1 + 8 bytes are more than 16
  CHECK(receiver.receive() == "aaaa:1|c");
}

TEST_CASE("statsd client: the destructor sends what is left") {
  UdpReceiver receiver;
  {
    StatsdClient statsd{"127.0.0.1", receiver.port(), {.flush_interval = 1h}};
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
  std::error_code send(std::string_view /*datagram*/) noexcept {
    gate->pass();
    return {};
  }
  Gate* gate;
};

}  // namespace

TEST_CASE("statsd client: when the buffer is full, samples are dropped and counted, and no caller waits") {
  Gate gate;
  StatsdClient statsd{GatedTransport{&gate}, {.max_packet_bytes = 1432}};
  constexpr std::uint64_t calls = 200'000;  // some 1.6 MB, into a buffer of 1 MiB
  for (std::uint64_t i = 0; i < calls; ++i) statsd.increment("hits");
  const DeliveryStats full = statsd.stats();
  CHECK(full.dropped_queue_full > 0);
  CHECK(full.pending > 100'000);
  CHECK(full.accepted == full.pending + full.dropped_queue_full);
  gate.open();
  statsd.flush();
  const DeliveryStats sent = statsd.stats();
  CHECK(sent.accepted == calls);
  CHECK(sent.sent == calls - full.dropped_queue_full);
  CHECK(sent.dropped_queue_full == full.dropped_queue_full);
}
