#include "support/free_port.hpp"

#include "statwire/detail/asio.hpp"

namespace statwire::test {

namespace {

template <class Protocol>
std::uint16_t free_port() {
  asio::io_context io;
  typename Protocol::socket socket{io, typename Protocol::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
  return socket.local_endpoint().port();
}

}  // namespace

std::uint16_t free_tcp_port() {
  return free_port<asio::ip::tcp>();
}

std::uint16_t free_udp_port() {
  return free_port<asio::ip::udp>();
}

}  // namespace statwire::test
