// Puts a few points on a metrics server and gets them back.
//
//   put_get                  starts a server of its own, on a free port
//   put_get 127.0.0.1 8888   uses a server that runs already

#include <cstdint>
#include <iomanip>
#include <iostream>
#include <limits>
#include <optional>
#include <statwire/metrics.hpp>
#include <statwire/server/metrics_server.hpp>
#include <string>
#include <vector>

#include "address.hpp"

namespace {

void put_and_get(const std::string& host, std::uint16_t port) {
  statwire::MetricsClient client{host, port};
  client.put("huginn.cpu", 0.5, 1642667947);
  client.put("huginn.cpu", 0.75, 1642667948);
  client.put(std::vector<statwire::Point>{{"muninn.memory", 42000000, 1642667947}, {"muninn.load", 1.5}});

  for (const auto& [key, samples] : client.get("*")) {
    for (const auto& [timestamp, value] : samples) {
      std::cout << key << ' ' << value << ' ' << timestamp << '\n';
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::optional<example::Address> address;
  if (!example::parse_arguments(argc, argv, address)) return 2;
  std::cout << std::setprecision(std::numeric_limits<double>::max_digits10);
  try {
    if (address) {
      put_and_get(address->host, address->port);
    } else {
      statwire::server::MetricsServer server;
      server.start();
      put_and_get("127.0.0.1", server.port());
    }
  } catch (const statwire::ClientError& error) {
    std::cerr << "put_get: " << error.what() << '\n';
    return 1;
  }
}
