// The reference daemon, statsd for Node.js, reports exactly what the client sent. Its Graphite output goes to
// a listener of this test: the first flush says that it is up, a later one holds the figures.

#include "support/npm_statsd.hpp"

#include <string>

#include "support/child_process.hpp"
#include "support/counterpart.hpp"
#include "support/scratch_directory.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;

std::string configuration(std::uint16_t port, std::uint16_t graphite_port) {
  return "{ servers: [{ server: './servers/udp', address: '127.0.0.1', port: " + std::to_string(port) +
         " }], mgmt_address: '127.0.0.1', mgmt_port: " + std::to_string(free_tcp_port()) +
         ", flushInterval: 500, automaticConfigReload: false, deleteIdleStats: true, deleteGauges: false"
         ", backends: ['./backends/graphite'], graphiteHost: '127.0.0.1', graphitePort: " +
         std::to_string(graphite_port) + ", graphite: { legacyNamespace: false } }\n";
}

}  // namespace

TEST_CASE("npm statsd: it reports exactly what the client sent") {
  if (is_missing("npm statsd", NpmStatsd::program())) return;
  GraphiteListener graphite;
  const ScratchDirectory scratch;
  const std::uint16_t port = free_udp_port();
  ChildProcess statsd{
      {"node", NpmStatsd::program(), scratch.write("config.js", configuration(port, graphite.port()))}};
  graphite.next_flush();
  const std::uint64_t tagged = send_tagged(port, profiles::etsy, "app.hash");
  const std::uint64_t named = send_tagged(port, profiles::graphite, "app.name");
  const SentLines sent = send_everything(port);

  Flushed seen;
  while (!seen.contains("stats.gauges.app.end")) seen = graphite.next_flush();
  CAPTURE(statsd.output());
  CHECK(seen.at("stats.counters.app.hits.count") == 2);
  CHECK(seen.at("stats.counters.app.down.count") == -7);
  CHECK(seen.at("stats.counters.app.fractions.count") == 2.25);
  CHECK(seen.at("stats.counters.app.large.count") == 123'456'789'012);
  CHECK(seen.at("stats.counters.app.halves.count") == 2 * sent.halves);
  CHECK(seen.at("stats.counters.app.tenths.count") == 30 * sent.tenths);
  CHECK(seen.at("stats.gauges.app.depth") == 40);
  CHECK(seen.at("stats.gauges.app.below") == -5.5);
  CHECK(seen.at("stats.gauges.app.sunk") == -7);
  CHECK(seen.at("stats.timers.app.latency.count") == 2);
  CHECK(seen.at("stats.timers.app.latency.lower") == 250);
  CHECK(seen.at("stats.timers.app.latency.upper") == 12'000);
  CHECK(seen.at("stats.timers.app.brief.lower") == 0.25);
  CHECK(seen.at("stats.timers.app.sampled.count") == 2 * sent.timings);
  CHECK(seen.at("stats.timers.app.sampled.upper") == 40);
  CHECK(seen.at("stats.sets.app.users.count") == 3);
  CHECK(seen.at("stats.counters.app.na_me-with_every_thing_forged_1_c.count") == 1);
  // Tags behind `|#` and tags in the name become those of Graphite alike, cleaned as names are.
  for (const std::string client : {"app.hash", "app.name"}) {
    CAPTURE(client);
    CHECK(seen.at("stats.counters." + client + ".hits.count;code=200;route=-a") == 7);
    CHECK(seen.at("stats.counters." + client + ".hits.count;route=-b") == 17);  // of 6 at 0.5, too
    CHECK(seen.at("stats.counters." + client + ".hits.count") == 2);
    CHECK(seen.at("stats.gauges." + client + ".depth;route=-a") == 42);
    CHECK(seen.at("stats.gauges." + client + ".depth;route=-b") == -5);
    CHECK(seen.at("stats.timers." + client + ".latency.count;route=-a") == 2);
    CHECK(seen.at("stats.timers." + client + ".latency.lower;route=-a") == 250);
    CHECK(seen.at("stats.sets." + client + ".users.count;route=-a") == 2);
    CHECK(seen.at("stats.counters." + client + ".label.count;canary=true") == 1);
    CHECK(seen.at("stats.counters." + client + ".forgery.count;k_c_forged_1_c=v_x_y_z_1__0.1") == 1);
  }
  // The daemon's own count: every line was good, and there were no others.
  CHECK(seen.at("stats.counters.statsd.bad_lines_seen.count") == 0);
  CHECK(seen.at("stats.counters.statsd.metrics_received.count") == sent.all + tagged + named);
}
