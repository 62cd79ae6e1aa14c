#pragma once

// What two source files of one program do with the same headers: whatever both of them compile must be the
// same thing to the linker, header-only and with STATWIRE_SEPARATE_COMPILATION.

#include <cstdint>
#include <string>

#include "statwire/buffered_metrics.hpp"
#include "statwire/graphite.hpp"
#include "statwire/metrics.hpp"
#include "statwire/prometheus.hpp"
#include "statwire/server/metrics_server.hpp"
#include "statwire/server/statsd_server.hpp"
#include "statwire/statsd.hpp"
#include "statwire/transport/endpoint.hpp"
#include "statwire/transport/tcp.hpp"
#include "statwire/transport/tcp_lines.hpp"
#include "statwire/transport/udp.hpp"
#include "statwire/transport/unix.hpp"

#if defined(STATWIRE_SEPARATE_COMPILATION) && defined(ASIO_DETAIL_CONFIG_HPP)
#error "a header includes Asio, which only src/statwire.cpp is to compile"
#endif

namespace statwire::test {

/// Sends a counter over UDP and over TCP, and returns what the server has of it after both.
double count_twice(std::uint16_t udp_port, std::uint16_t tcp_port, const server::StatsdServer& server);

/// Puts two points, one through each client, and returns how many the server gives back.
std::size_t put_twice(std::uint16_t port);

}  // namespace statwire::test
