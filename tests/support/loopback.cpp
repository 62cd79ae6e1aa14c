#include "support/loopback.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "statwire/detail/asio.hpp"
#include "statwire/transport/tcp.hpp"

namespace statwire::test {

struct UdpReceiver::Socket {
  explicit Socket(const std::string& address)
      : socket{io, asio::ip::udp::endpoint{asio::ip::make_address(address), 0}} {}

  asio::io_context io;
  asio::ip::udp::socket socket;
};

UdpReceiver::UdpReceiver(const std::string& address) : socket_{std::make_unique<Socket>(address)} {}
UdpReceiver::~UdpReceiver() = default;

std::uint16_t UdpReceiver::port() const {
  return socket_->socket.local_endpoint().port();
}

std::string UdpReceiver::receive() {
  std::array<char, 65536> buffer;
  std::size_t bytes = 0;
  bool received = false;
  socket_->socket.async_receive(asio::buffer(buffer), [&](std::error_code ec, std::size_t size) {
    received = !ec;
    bytes = size;
  });
  socket_->io.restart();
  socket_->io.run_for(patience);
  REQUIRE_MESSAGE(received, "no datagram came");
  return {buffer.data(), bytes};
}

bool UdpReceiver::is_empty() {
  return socket_->socket.available() == 0;
}

void wait_for_listener(std::uint16_t port) {
  wait_until("a listener", [&] {
    TcpTransport transport{"127.0.0.1", port};
    std::error_code ec;
    transport.connect(soon(), ec);
    return !ec;
  });
}

struct RawConnection::Transport : TcpTransport {
  using TcpTransport::TcpTransport;
};

RawConnection::RawConnection(std::uint16_t port)
    : transport_{std::make_unique<Transport>("127.0.0.1", port)} {
  std::error_code ec;
  transport_->connect(soon(), ec);
  REQUIRE_MESSAGE(!ec, ec.message());
}
RawConnection::~RawConnection() = default;

void RawConnection::send(std::string_view bytes) {
  std::error_code ec;
  while (!ec && !bytes.empty()) bytes.remove_prefix(transport_->write_some(bytes, soon(), ec));
  REQUIRE_MESSAGE(!ec, ec.message());
}

void RawConnection::expect(const std::string& expected) {
  std::string received(expected.size(), '\0');
  std::size_t size = 0;
  std::error_code ec;
  while (!ec && size < received.size()) {
    size += transport_->read_some(std::span{received}.subspan(size), soon(), ec);
  }
  received.resize(size);
  CHECK(received == expected);
  REQUIRE_MESSAGE(!ec, ec.message());
}

std::string RawConnection::read_until(std::string_view ending) {
  std::string received;
  std::array<char, 4096> buffer;
  std::error_code ec;
  while (!ec && !received.ends_with(ending)) {
    received.append(buffer.data(), transport_->read_some(buffer, soon(), ec));
  }
  REQUIRE_MESSAGE(!ec, ec.message());
  return received;
}

std::string RawConnection::read_to_end() {
  std::string received;
  std::array<char, 4096> buffer;
  std::error_code ec;
  while (!ec) received.append(buffer.data(), transport_->read_some(buffer, soon(), ec));
  // A peer that closes with bytes of ours unread resets the connection; both mean that it is gone.
  CHECK((ec == errc::end_of_stream || ec == std::errc::connection_reset));
  return received;
}

void RawConnection::close() {
  transport_->close();
}

}  // namespace statwire::test
