#include <chrono>
#include <string>

#include "served.hpp"

namespace statwire::test {

double count_twice(std::uint16_t udp_port, std::uint16_t tcp_port, const server::StatsdServer& server) {
  {
    StatsdClient udp{"127.0.0.1", udp_port};
    udp.increment("hits", 2);
    StatsdClient tcp{"tcp://127.0.0.1:" + std::to_string(tcp_port)};
    tcp.increment("hits", 3);
  }
  if (!server.wait_for_packets(2, std::chrono::seconds{20})) return 0;
  return server.snapshot().counters.at("hits");
}

std::size_t put_twice(std::uint16_t port) {
  MetricsClient client{"127.0.0.1", port, std::chrono::seconds{20}};
  client.put("disk", 1, 1700000000);
  BufferedMetricsClient buffered{"127.0.0.1", port};
  buffered.put("disk", 2, 1700000001);
  if (!buffered.flush(std::chrono::seconds{20})) return 0;
  return client.get("disk")["disk"].size();
}

}  // namespace statwire::test
