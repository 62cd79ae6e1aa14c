// The snippets of docs/guide.md, metrics.md and servers.md that are no example of their own: compiled and run
// here, compared by documents.cpp.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "statwire/buffered_metrics.hpp"
#include "statwire/graphite.hpp"
#include "statwire/metrics.hpp"
#include "statwire/prometheus.hpp"
#include "statwire/server/metrics_server.hpp"
#include "statwire/server/statsd_server.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "statwire/timer.hpp"
#include "statwire/windows.hpp"
#include "support/line_listener.hpp"
#include "support/memory_statsd.hpp"

namespace {

template <class Statsd>
void place_order(Statsd& statsd) {
  statsd.increment("orders", 1, {.tags = {{"shop", "web"}}});
}

int load_page() {
  return 200;
}

}  // namespace

TEST_CASE("snippet: count, measure, time") {
  using namespace std::chrono_literals;
  statwire::server::StatsdServer server;
  server.start();
  const std::uint16_t port = server.port();

  statwire::StatsdClient statsd{"127.0.0.1", port, {.prefix = "shop"}};

  statsd.increment("orders");  // shop.orders:1|c
  statsd.increment("bytes", 512,
                   {.tags = {{"route", "/a"}, {"zone", "eu"}}});  // shop.bytes:512|c|#route:/a,zone:eu
  statsd.decrement("seats");                                      // shop.seats:-1|c
  statsd.gauge("queue.depth", 42);                                // shop.queue.depth:42|g
  statsd.gauge_delta("queue.depth", -3);  // what is set in the same second is changed: shop.queue.depth:39|g
  statsd.timing("checkout", 12500us);     // shop.checkout:12.5|ms; any std::chrono::duration
  statsd.timing("query", 3ms, {.rate = 0.1});  // one call in ten: shop.query:3|ms|@0.1
  statsd.set("visitors", "alice");             // shop.visitors:alice|s

  {
    statwire::ScopedTimer timer{statsd, "request"};  // sent when the scope ends, also by an exception
    load_page();
  }
  int status = statwire::timed(statsd, "page", [] { return load_page(); });

  CHECK(status == 200);
  CHECK(statsd.stats().dropped() == 0);
}

TEST_CASE("snippet: handles and scopes") {
  using namespace std::chrono_literals;
  statwire::StatsdClient statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};

  statwire::Counter hits = statsd.counter("hits", {.tags = {{"route", "/a"}}});  // resolve once ...
  hits.increment();  // ... then a few instructions a call
  statwire::Timing latency = statsd.timing("latency");
  latency.record(12ms);
  auto misses = statsd.counter<"cache.misses">();  // an illegal name does not compile
  misses.increment(3);

  auto api =
      statsd.scope("api", {.tags = {{"zone", "eu"}}});  // a view: same client, longer prefix, more tags
  api.increment("calls");                               // api.calls:1|c|#zone:eu

  statsd.flush();
  CHECK(statsd.transport().lines() == std::vector<std::string>{"hits:1|c|#route:/a", "latency:12|ms",
                                                               "cache.misses:3|c", "api.calls:1|c|#zone:eu"});
}

TEST_CASE("snippet: put and get") {
  using namespace std::chrono_literals;
  statwire::server::MetricsServer server;  // or one of your own, somewhere else
  server.start();

  statwire::MetricsClient client{"127.0.0.1", server.port(), 15s};
  client.put("huginn.cpu", 0.5, 1642667947);  // key, value, Unix seconds
  client.put("muninn.memory", 42000000);      // now
  client.put(std::vector<statwire::Point>{{"huginn.cpu", 2.0, 1642667940}, {"huginn.load", 1.5}});

  statwire::Series all = client.get("*");
  for (auto [timestamp, value] : all["huginn.cpu"]) std::cout << timestamp << ' ' << value << '\n';
  client.get_each("*", [](std::string_view key, statwire::Sample sample) {  // holds none of them
    std::cout << key << ' ' << sample.value << '\n';
  });

  std::error_code ec;
  client.put("two words", 1, ec);  // every call also takes an error_code instead of throwing ClientError
  if (ec == statwire::errc::invalid_key) std::cout << ec.message() << '\n';

  CHECK(all["huginn.cpu"].size() == 2);
  CHECK(ec == statwire::errc::invalid_key);
}

TEST_CASE("snippet: put without waiting") {
  statwire::server::MetricsServer server;
  server.start();
  const std::uint16_t port = server.port();

  statwire::BufferedMetricsClient metrics{"127.0.0.1", port};
  metrics.put("huginn.cpu", 0.5);  // returns at once, from any thread, whatever the server does
  metrics.put("huginn.cpu", 0.75, 1642667947);

  CHECK(metrics.flush(std::chrono::seconds{20}));
  CHECK(metrics.stats().stored == 2);
}

TEST_CASE("snippet: test your own metrics") {
  statwire::StatsdClient statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};
  place_order(statsd);
  statsd.flush();

  statwire::testing::Captured captured{statsd.transport()};  // throws if a server would not understand it
  CHECK(captured.counter("orders", {{"shop", "web"}}) == 1);
  CHECK(captured.counter("errors") == statwire::testing::nothing);
  CHECK(statsd.transport().lines() == std::vector<std::string>{"orders:1|c|#shop:web"});
}

TEST_CASE("snippet: run a StatsD server") {
  using namespace std::chrono_literals;
  std::string flushed;
  const auto show = [&](const statwire::server::FlushedBatch& batch) {
    for (const statwire::server::FlushedLine line : batch) {
      statwire::server::append_flushed_line(flushed, line);
    }
  };
  statwire::server::StatsdServer daemon{{.flush = statwire::Flush::manual, .on_flush = show}};
  daemon.start();  // on a free port, unless {.port = 8125}; {.graphite = "127.0.0.1:2003"} sends flushes on

  statwire::StatsdClient client{"127.0.0.1", daemon.port()};
  client.increment("orders", 3);
  client.flush();
  daemon.wait_for_packets(1, 1s);

  double orders = daemon.snapshot().counters.at("orders");
  daemon.flush();  // show() gets stats.orders 0.3, stats_counts.orders 3 and so on, each with the time

  CHECK(orders == 3);
  CHECK(flushed.find("stats.orders 0.3 ") != std::string::npos);
  CHECK(flushed.find("stats_counts.orders 3 ") != std::string::npos);
}

TEST_CASE("snippet: send points to Graphite") {
  using namespace std::chrono_literals;
  statwire::test::LineListener listener;
  const std::string address = "127.0.0.1:" + std::to_string(listener.port());
  statwire::GraphiteClient graphite{address};  // "127.0.0.1:2003", or "pickle://127.0.0.1:2004"
  graphite.send("shop.orders.open", 42);       // now; returns at once
  graphite.send("shop.orders.open", 40, 1700000000);
  graphite.flush(5s);  // true when Graphite has read all of it

  CHECK(listener.text().find("shop.orders.open 40 1700000000\n") != std::string::npos);
}

TEST_CASE("snippet: windows over the time of events") {
  using namespace std::chrono_literals;
  struct {
    statwire::EventTime time{1'700'000'012'345ms};
    std::string session = "alice";
  } event;
  const statwire::EventTime now{1'700'000'099'999ms};

  statwire::TumblingWindows<statwire::DistinctCount> visitors{
      {.length = 5min, .late = statwire::Late::allowed_for(30s)}};
  visitors.take(event.time, [&](statwire::DistinctCount& window) { window.insert(event.session); });
  visitors.at(now).value();  // distinct sessions of the five minutes of `now`; 0 when none came

  CHECK(visitors.at(now).value() == 1);
}

TEST_CASE("snippet: pages for Prometheus") {
  std::string page = statwire::write_prometheus(std::vector<statwire::PrometheusFamily>{
      {.name = "orders",
       .type = statwire::PrometheusType::gauge,
       .help = "Orders of five minutes",
       .samples = {{.name = "orders", .labels = {{"shop", "north"}}, .value = 17}}}});
  auto families = statwire::parse_prometheus(page);
  double orders = statwire::find_sample(families, "orders")->value;

  CHECK(orders == 17);
  CHECK(page == "# HELP orders Orders of five minutes\n# TYPE orders gauge\norders{shop=\"north\"} 17\n");
}
