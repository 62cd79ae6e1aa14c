#include "statwire/server/statsd_server.hpp"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "statwire/statsd.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

TEST_CASE("statsd server: it sums what a client sends") {
  EventCount datagrams;
  server::StatsdServer server{{.on_datagram = [&](std::string_view) { datagrams.add(); }}};
  server.start();
  {
    StatsdClient statsd{"127.0.0.1", server.port(), {.prefix = "app"}};
    statsd.increment("hits", 3);
    statsd.decrement("hits");
    statsd.gauge("depth", 10);
    statsd.gauge_delta("depth", -3);
    statsd.gauge("below", -5);
    statsd.timing("latency", 250us);
    statsd.timing("latency", 750us);
    statsd.set("users", "alice");
    statsd.set("users", "bob");
    statsd.set("users", "alice");
  }
  datagrams.wait_for(1);
  const server::StatsdTotals totals = server.totals();
  CHECK(totals.counters.at("app.hits") == 2);
  CHECK(totals.gauges.at("app.depth") == 7);
  CHECK(totals.gauges.at("app.below") == -5);
  CHECK(totals.timings.at("app.latency").count == 2);
  CHECK(totals.timings.at("app.latency").sum == 1);
  CHECK(totals.timings.at("app.latency").min == 0.25);
  CHECK(totals.timings.at("app.latency").max == 0.75);
  CHECK(totals.sets.at("app.users").size() == 2);
  CHECK(totals.bad_values == 0);
  CHECK(totals.datagrams == 1);
}

TEST_CASE("statsd server: eight threads emit at once, and nothing is lost or counted twice") {
  // Every datagram is acknowledged before the next burst, so the kernel's buffer cannot overflow.
  EventCount datagrams;
  server::StatsdServer server{{.on_datagram = [&](std::string_view) { datagrams.add(); }}};
  server.start();
  constexpr int threads = 8;
  constexpr int calls = 2000;
  DeliveryStats stats;
  {
    StatsdClient statsd{"127.0.0.1", server.port(), {.flush_interval = 1ms}};
    std::vector<std::thread> emitters;
    for (int i = 0; i < threads; ++i) {
      emitters.emplace_back([&statsd] {
        for (int k = 0; k < calls; ++k) {
          statsd.increment("hits");
          if (k % 100 == 0) statsd.flush();
        }
      });
    }
    for (std::thread& emitter : emitters) emitter.join();
    statsd.flush();
    stats = statsd.stats();
    CHECK(stats.pending == 0);
    CHECK(stats.accepted == threads * calls);
    CHECK(stats.sent == threads * calls);
    datagrams.wait_for(stats.datagrams);
  }
  server.stop();
  CHECK(server.totals().counters.at("hits") == threads * calls);
  CHECK(server.totals().datagrams == stats.datagrams);
}

TEST_CASE("statsd server: garbage is counted and leaves the rest alone") {
  EventCount datagrams;
  server::StatsdServer server{{.on_datagram = [&](std::string_view) { datagrams.add(); }}};
  server.start();
  UdpTransport transport{"127.0.0.1", server.port()};
  CHECK(!transport.send(std::string(60'000, '\xff')));
  CHECK(!transport.send(std::string_view{"\0\0:\0|\0", 6}));
  CHECK(!transport.send("good:1|c\nbad\ngood:1|c"));
  CHECK(!transport.send(""));
  datagrams.wait_for(4);
  server.stop();
  CHECK(server.totals().counters.at("good") == 2);
  CHECK(server.totals().bad_values == 3);
}

TEST_CASE("statsd server: waiting for datagrams ends when they came, or at the timeout") {
  server::StatsdServer server;
  server.start();
  UdpTransport transport{"127.0.0.1", server.port()};
  CHECK(server.wait_for_datagrams(0, 0ms));
  CHECK(!server.wait_for_datagrams(1, 1ms));
  CHECK(!transport.send("a:1|c"));
  CHECK(server.wait_for_datagrams(1, patience));
  CHECK(server.totals().counters.at("a") == 1);
}

TEST_CASE("statsd server: it stops and starts again") {
  EventCount datagrams;
  server::StatsdServer server{{.on_datagram = [&](std::string_view) { datagrams.add(); }}};
  for (std::size_t round = 1; round <= 3; ++round) {
    server.start();
    UdpTransport transport{"127.0.0.1", server.port()};
    CHECK(!transport.send("rounds:1|c"));
    datagrams.wait_for(round);
    CHECK(server.totals().counters.at("rounds") == static_cast<double>(round));
    server.stop();
  }
}

TEST_CASE("statsd server: it may be stopped by what it receives") {
  EventCount datagrams;
  server::StatsdServer* running = nullptr;
  server::StatsdServer server{{.on_datagram = [&](std::string_view) {
    running->stop();
    datagrams.add();
  }}};
  running = &server;
  for (std::size_t round = 1; round <= 3; ++round) {
    // The loop of the round before may still be closing its socket.
    std::error_code ec = std::make_error_code(std::errc::operation_in_progress);
    while (ec == std::errc::operation_in_progress) server.start(ec);
    REQUIRE(!ec);
    UdpTransport transport{"127.0.0.1", server.port()};
    CHECK(!transport.send("rounds:1|c"));
    datagrams.wait_for(round);
  }
  server.stop();
  CHECK(server.totals().counters.at("rounds") == 3);
}
