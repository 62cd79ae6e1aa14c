// The snippet of docs/servers.md that needs SQLite.

#include <ostream>

#include <doctest/doctest.h>

#include "statwire/metrics.hpp"
#include "statwire/server/metrics_server.hpp"
#include "statwire/server/sqlite_store.hpp"
#include "support/scratch_directory.hpp"

TEST_CASE("snippet: keep time series") {
  const statwire::test::ScratchDirectory scratch;
  const std::string path = scratch.path() / "metrics.db";

  statwire::server::MetricsServer server{{.max_connections = 500, .max_series = 100'000},
                                         statwire::server::SqliteStore{{.path = path}}};
  server.start();

  statwire::MetricsClient client{"127.0.0.1", server.port()};
  client.put("k", 1, 5);
  CHECK(client.get("k").at("k").size() == 1);
}
