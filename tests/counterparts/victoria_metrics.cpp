// VictoriaMetrics holds every point that was put while it was ended and started again, read back over HTTP;
// it listens for both protocols.

#include "support/victoria_metrics.hpp"

#include <filesystem>

#include "support/counterpart.hpp"
#include "support/mortal_listener.hpp"

using namespace statwire;
using namespace statwire::test;

TEST_CASE("victoria metrics: it is ended and killed while points come as Graphite's, and stores every one") {
  const std::filesystem::path program = find_daemon("victoria-metrics");
  if (is_missing("victoria-metrics", program)) return;
  VictoriaMetrics server{program};
  server::ForwardingStore<> store{{.port = server.graphite_port(), .resend_window = patience}};
  check_that_all_arrives(server, store);
  server.end(SIGTERM);
}

TEST_CASE("victoria metrics: and as OpenTSDB's, with their tag") {
  const std::filesystem::path program = find_daemon("victoria-metrics");
  if (is_missing("victoria-metrics", program)) return;
  VictoriaMetrics server{program};
  server::ForwardingStore<> store{{.port = server.opentsdb_port(),
                                   .format = server::ForwardingFormat::opentsdb,
                                   .tag = "host=web-1",
                                   .resend_window = patience}};
  check_that_all_arrives(server, store);
  CHECK(server.labels()["host"] == "web-1");
  server.end(SIGTERM);
}

TEST_CASE("victoria metrics: it is killed and ended while a client sends to it, and stores every point") {
  const std::filesystem::path program = find_daemon("victoria-metrics");
  if (is_missing("victoria-metrics", program)) return;
  VictoriaMetrics server{program};
  GraphiteClient graphite{"127.0.0.1", server.graphite_port(), {.timeout = patience}};
  // It is killed only while it has nothing in memory: it stores what it has every five seconds.
  check_that_all_arrives(server, server.graphite_port(), graphite, {SIGKILL, SIGTERM});
  server.end(SIGTERM);
}
