#include "statwire/transport/batch.hpp"
#include "statwire/detail/asio.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "statwire/transport/udp.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

/// Datagrams "0...", "1...", ... in slots, each shorter than its slot and filled up with line feeds.
struct Slots {
  Slots(std::size_t count, std::size_t slot_bytes, std::size_t size) {
    for (std::size_t i = 0; i < count; ++i) {
      texts.push_back(std::to_string(i) + std::string(size - std::to_string(i).size(), 'x'));
      bytes += texts.back() + std::string(slot_bytes - size, '\n');
      sizes.push_back(static_cast<std::uint32_t>(size));
    }
    batch = {.bytes = bytes.data(), .slot_bytes = slot_bytes, .sizes = sizes};
  }

  std::vector<std::string> texts;
  std::string bytes;
  std::vector<std::uint32_t> sizes;
  DatagramBatch batch;
};

std::string without_padding(std::string datagram) {
  datagram.erase(datagram.find_last_not_of('\n') + 1);
  return datagram;
}

}  // namespace

static_assert(HasSendBatch<UdpTransport>);
static_assert(HasReady<UdpTransport>);
static_assert(HasAfterFork<UdpTransport>);
static_assert(HasBurstDatagrams<UdpTransport>);

TEST_CASE("udp batch: every datagram of a batch arrives, in order, with its own size") {
  UdpReceiver receiver;
  UdpTransport transport{"127.0.0.1", receiver.port()};
  const Slots slots{100, 64, 40};
  std::error_code ec;
  CHECK(transport.send_batch(slots.batch, ec) == 100);
  CHECK(!ec);
  for (const std::string& text : slots.texts) CHECK(receiver.receive() == text);
  CHECK(receiver.is_empty());
}

TEST_CASE("udp batch: a padded batch arrives as the same lines, the last datagram without padding") {
  for (const char* address : {"127.0.0.1", "::1"}) {
    UdpReceiver receiver{address};
    UdpTransport transport{address, receiver.port()};
    Slots slots{100, 64, 40};
    slots.batch.padded = true;
    std::error_code ec;
    CHECK(transport.send_batch(slots.batch, ec) == 100);
    CHECK(!ec);
    for (std::size_t i = 0; i < 99; ++i) CHECK(without_padding(receiver.receive()) == slots.texts[i]);
    CHECK(receiver.receive() == slots.texts[99]);
    CHECK(receiver.is_empty());
  }
}

TEST_CASE("udp batch: a padded batch of more bytes than one datagram may have goes in several calls") {
  UdpReceiver receiver;
  UdpTransport transport{"127.0.0.1", receiver.port()};
  Slots slots{12, 8932, 8000};
  slots.batch.padded = true;
  std::error_code ec;
  CHECK(transport.send_batch(slots.batch, ec) == 12);
  CHECK(!ec);
  for (const std::string& text : slots.texts) CHECK(without_padding(receiver.receive()) == text);
}

TEST_CASE("udp batch: one datagram is a batch, too") {
  UdpReceiver receiver;
  UdpTransport transport{"127.0.0.1", receiver.port()};
  Slots slots{1, 64, 40};
  slots.batch.padded = true;
  std::error_code ec;
  CHECK(transport.send_batch(slots.batch, ec) == 1);
  CHECK(receiver.receive() == slots.texts[0]);
}

TEST_CASE("udp batch: a datagram that is too long ends the batch, and those before it have gone") {
  UdpReceiver receiver;
  UdpTransport transport{"127.0.0.1", receiver.port()};
  Slots slots{3, 70'000, 40};
  slots.sizes[1] = 70'000;
  std::error_code ec;
  CHECK(transport.send_batch(slots.batch, ec) == 1);
  CHECK(ec == std::errc::message_size);
  CHECK(receiver.receive() == slots.texts[0]);
  CHECK(receiver.is_empty());
}

TEST_CASE("udp batch: a refusal of earlier datagrams does not stop a batch") {
  const std::uint16_t port = UdpReceiver{}.port();
  UdpTransport transport{"127.0.0.1", port};
  CHECK(!transport.send("nobody listens"));
  asio::io_context io;
  asio::ip::udp::socket late{io, asio::ip::udp::endpoint{asio::ip::make_address("127.0.0.1"), port}};
  const Slots slots{10, 64, 40};
  std::error_code ec;
  CHECK(transport.send_batch(slots.batch, ec) == 10);
  CHECK(!ec);
  for (const std::string& text : slots.texts) {
    std::string bytes(64, '\0');
    bytes.resize(late.receive(asio::buffer(bytes)));
    CHECK(bytes == text);
  }
}

TEST_CASE("udp batch: a batch to nobody ends, and errors are those of a send") {
  UdpTransport transport{"127.0.0.1", UdpReceiver{}.port()};
  Slots slots{200, 64, 40};
  std::error_code ec;
  CHECK(transport.send_batch(slots.batch, ec) <= 200);
  slots.batch.padded = true;
  CHECK(transport.send_batch(slots.batch, ec) <= 200);
  UdpTransport invalid{"", 1, ec};
  CHECK(invalid.send_batch(slots.batch, ec) == 0);
  CHECK(ec == errc::not_connected);
}

#if defined(__linux__)

TEST_CASE("udp batch: where the kernel refuses to cut datagrams, they go by sendmmsg from then on") {
  UdpReceiver receiver;
  asio::io_context io;
  asio::ip::udp::socket socket{io, asio::ip::udp::v4()};
  socket.connect({asio::ip::make_address("127.0.0.1"), receiver.port()});
  const int yes = 1;  // no segmentation offload without checksums
  REQUIRE(::setsockopt(socket.native_handle(), SOL_SOCKET, SO_NO_CHECK, &yes, sizeof yes) == 0);
  Slots slots{10, 64, 40};
  slots.batch.padded = true;
  detail::BatchSender sender{detail::Segmentation::allowed};
  std::error_code ec;
  CHECK(sender.send_some(socket.native_handle(), slots.batch, 0, ec) == 10);
  CHECK(!ec);
  CHECK(sender.segmentation() == detail::Segmentation::refused);
  for (const std::string& text : slots.texts) CHECK(receiver.receive() == text);
}

TEST_CASE("udp batch: with segmentation one system call takes 64 datagrams") {
  UdpReceiver receiver;
  asio::io_context io;
  asio::ip::udp::socket socket{io, asio::ip::udp::v4()};
  socket.connect({asio::ip::make_address("127.0.0.1"), receiver.port()});
  Slots slots{100, 64, 40};
  slots.batch.padded = true;
  detail::BatchSender sender{detail::Segmentation::allowed};
  std::error_code ec;
  CHECK(sender.send_some(socket.native_handle(), slots.batch, 0, ec) == 64);
  CHECK(sender.send_some(socket.native_handle(), slots.batch, 64, ec) == 36);
}

#endif
