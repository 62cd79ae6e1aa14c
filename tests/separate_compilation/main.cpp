// Built twice: header-only, and with STATWIRE_SEPARATE_COMPILATION and the object of src/statwire.cpp.

#include <cstdio>
#include <string>
#include <string_view>

#include "served.hpp"

namespace {

int failures = 0;

void expect(bool is_true, std::string_view what) {
  if (is_true) return;
  std::fprintf(stderr, "not so: %.*s\n", static_cast<int>(what.size()), what.data());
  ++failures;
}

}  // namespace

int main() {
  using namespace statwire;

  server::StatsdServer statsd_server{{.flush = Flush::manual, .tcp_port = 0}};
  statsd_server.start();
  const double hits = test::count_twice(statsd_server.port(), statsd_server.tcp_port(), statsd_server);
  expect(hits == 5, "both counters came");

  server::MetricsServer metrics_server;
  metrics_server.start();
  expect(test::put_twice(metrics_server.port()) == 2, "both points came");
  MetricsClient client{"127.0.0.1", metrics_server.port()};
  expect(client.get("disk")["disk"].size() == 2, "another file's points can be read");

  UdpTransport transport{"127.0.0.1", statsd_server.port()};
  expect(!transport.send("hits:1|c"), "a datagram goes");
  std::error_code ec;
  TcpTransport closed{"127.0.0.1", 0};
  closed.connect(deadline_after(std::chrono::seconds{20}), ec);
  expect(ec == errc::invalid_option, "port 0 is refused");

  PrometheusError error;
  const auto families = parse_prometheus("up 1\n", PrometheusFormat::text, error);
  expect(families && write_prometheus(*families).find("up 1\n") != std::string::npos,
         "a page is read and written");
  return failures == 0 ? 0 : 1;
}
