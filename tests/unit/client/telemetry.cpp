#include "statwire/client/telemetry.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"

using namespace statwire;
using namespace std::chrono_literals;

TEST_CASE("telemetry: tells what has changed, ten seconds apart") {
  client::Telemetry telemetry{profiles::dogstatsd, "udp"};
  std::vector<std::string> lines;
  const auto write = [&](client::Telemetry::TimePoint now, const DeliveryStats& stats) {
    lines.clear();
    telemetry.write(now, stats, [&](std::string_view line) { lines.emplace_back(line); });
  };
  const std::string tags =
      "|c|#client:cpp,client_version:" STATWIRE_DETAIL_VERSION_TEXT ",client_transport:udp";
  const client::Telemetry::TimePoint start{1h};
  write(start, {.accepted = 5, .datagrams = 2, .bytes = 70});
  CHECK(lines == std::vector{"datadog.dogstatsd.client.metrics:5" + tags,
                             "datadog.dogstatsd.client.packets_sent:2" + tags,
                             "datadog.dogstatsd.client.bytes_sent:70" + tags});
  write(start + 9999ms, {.accepted = 7, .datagrams = 2, .bytes = 70});
  CHECK(lines.empty());
  write(start + 10s, {.accepted = 8,
                      .dropped_queue_full = 1,
                      .datagrams = 2,
                      .bytes = 70,
                      .dropped_datagrams = 3,
                      .dropped_bytes = 90});
  CHECK(lines == std::vector{"datadog.dogstatsd.client.metrics:3" + tags,
                             "datadog.dogstatsd.client.packets_dropped:3" + tags,
                             "datadog.dogstatsd.client.packets_dropped_writer:3" + tags,
                             "datadog.dogstatsd.client.bytes_dropped:90" + tags,
                             "datadog.dogstatsd.client.bytes_dropped_writer:90" + tags,
                             "datadog.dogstatsd.client.metric_dropped_on_receive:1" + tags});
}

TEST_CASE("telemetry: a client sends it beside its own samples, which it is not counted among") {
  for (const Delivery delivery : {Delivery::buffered, Delivery::aggregated}) {
    StatsdClient statsd{testing::MemoryTransport{},
                        {.prefix = "app",
                         .tags = {{"zone", "eu"}},
                         .profile = profiles::dogstatsd,
                         .delivery = delivery,
                         .flush = Flush::manual,
                         .telemetry = true}};
    statsd.flush();
    CHECK(statsd.transport().datagrams().empty());  // who has nothing to say is silent
    statsd.increment("hits", 3);
    statsd.flush();
    const testing::Captured captured{statsd.transport(), profiles::dogstatsd};
    CHECK(captured.counter("app.hits", {{"zone", "eu"}}) == 3);
    CHECK(captured.counter("datadog.dogstatsd.client.metrics",
                           {{"client", "cpp"},
                            {"client_version", STATWIRE_DETAIL_VERSION_TEXT},
                            {"client_transport", "custom"}}) == 1);
    CHECK(statsd.stats().accepted == 1);
    CHECK(statsd.stats().sent == 1);
    CHECK(statsd.stats().pending == 0);
  }
}
