#include "support/free_port.hpp"

#include <random>
#include <system_error>

#include "statwire/detail/asio.hpp"

namespace statwire::test {

namespace {

template <class Protocol>
std::uint16_t free_port() {
  std::random_device random;
  std::uniform_int_distribution<std::uint16_t> any{20'000, 31'000};
  asio::io_context io;
  for (;;) {
    const std::uint16_t port = any(random);
    typename Protocol::socket socket{io, Protocol::v4()};
    std::error_code taken;
    socket.bind({asio::ip::make_address("127.0.0.1"), port}, taken);
    if (!taken) return port;
  }
}

}  // namespace

std::uint16_t free_tcp_port() {
  return free_port<asio::ip::tcp>();
}

std::uint16_t free_udp_port() {
  return free_port<asio::ip::udp>();
}

}  // namespace statwire::test
