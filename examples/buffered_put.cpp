// Puts points without waiting for the server, which may come late, restart or be slow.
//
//   buffered_put                  starts a server of its own, on a free port
//   buffered_put 127.0.0.1 8888   uses a server that runs already, or will

#include <chrono>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <optional>
#include <statwire/buffered_metrics.hpp>
#include <statwire/server/metrics_server.hpp>
#include <string>

#include "address.hpp"

namespace {

using namespace std::chrono_literals;

/// Returns whether everything was stored.
bool put_a_wave(const std::string& host, std::uint16_t port) {
  statwire::BufferedMetricsClient client{host, port};
  constexpr std::int64_t start = 1642667940;
  for (int second = 0; second < 10'000; ++second) {
    client.put("wave", std::sin(second / 100.0), start + second);  // takes note and returns
  }

  client.flush(5s);  // a client that just ends does the same, for as long as its close_timeout says
  const statwire::BufferedMetricsStats stats = client.stats();
  std::cout << stats.accepted << " put, " << stats.stored << " stored, " << stats.dropped << " dropped, "
            << stats.pending << " pending\n";
  if (const std::error_code ec = client.last_error()) std::cerr << "buffered_put: " << ec.message() << '\n';
  return stats.stored == stats.accepted;
}

}  // namespace

int main(int argc, char** argv) {
  std::optional<example::Address> address;
  if (!example::parse_arguments(argc, argv, address)) return 2;
  try {
    if (address) return put_a_wave(address->host, address->port) ? 0 : 1;
    statwire::server::MetricsServer server;
    server.start();
    return put_a_wave("127.0.0.1", server.port()) ? 0 : 1;
  } catch (const statwire::ClientError& error) {
    std::cerr << "buffered_put: " << error.what() << '\n';
    return 1;
  }
}
