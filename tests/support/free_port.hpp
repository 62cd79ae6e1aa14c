#pragma once

// For programs and clients that have to be told a port.

#include <cstdint>

namespace statwire::test {

/// A port of loopback that nobody listens on at this moment, below those that the system gives out: none is
/// taken by chance while a server starts, or between its end and its next start.
std::uint16_t free_tcp_port();
std::uint16_t free_udp_port();

}  // namespace statwire::test
