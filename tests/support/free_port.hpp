#pragma once

// For programs and clients that have to be told a port.

#include <cstdint>

#include "statwire/detail/asio.hpp"

namespace statwire::test {

/// A port of loopback that nobody listens on at this moment, for a program that has to be told one.
template <class Protocol>
std::uint16_t free_port() {
  asio::io_context io;
  typename Protocol::socket socket{io, typename Protocol::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
  return socket.local_endpoint().port();
}

}  // namespace statwire::test
