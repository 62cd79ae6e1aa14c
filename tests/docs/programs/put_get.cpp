#include <iostream>
#include <statwire/metrics.hpp>
#include <statwire/server/metrics_server.hpp>

int main() {
  statwire::server::MetricsServer server;  // in memory, on a free port; examples/metrics_server is one to run
  server.start();

  statwire::MetricsClient client{"127.0.0.1", server.port()};  // a call that fails throws ClientError
  client.put("huginn.cpu", 0.5, 1642667947);                   // key, value, Unix seconds
  client.put("huginn.cpu", 0.75, 1642667948);
  client.put("muninn.memory", 42000000);  // now

  statwire::Series all = client.get("*");
  for (auto [timestamp, value] : all["huginn.cpu"]) std::cout << timestamp << ' ' << value << '\n';
}
