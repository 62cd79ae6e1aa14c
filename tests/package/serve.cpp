// What a user of statwire::http writes: a server of cpp-httplib whose routes are counted; here it is asked
// once.

#include <iostream>
#include <thread>

#include "statwire/instrumented_server.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "statwire/testing/memory_transport.hpp"

int main() {
  statwire::StatsdClient statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};
  statwire::RequestMetrics requests{statsd, statwire::Settings{.collect_requests = true}};
  statwire::InstrumentedServer server{requests};
  server.Get("/hello", [](const httplib::Request& /*request*/, httplib::Response& response) {
    response.set_content("hello", "text/plain");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  if (port <= 0) {
    std::cerr << "no free port on the loopback address\n";
    return 1;
  }
  std::thread listener{[&server] { server.listen_after_bind(); }};
  while (!server.is_running()) std::this_thread::yield();
  const auto answer = httplib::Client{"127.0.0.1", port}.Get("/hello");
  server.stop();
  listener.join();
  statsd.flush();

  const statwire::testing::Captured captured{statsd.transport()};
  if (answer && answer->body == "hello" && captured.counter("requests.total") == 1) return 0;
  for (const auto& line : statsd.transport().lines()) std::cerr << line << '\n';
  return 1;
}
