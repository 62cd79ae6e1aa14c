#include "statwire/server/statsd_server.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/statsd.hpp"
#include "support/child_process.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;
using server::StatsdServer;
using server::StatsdServerOptions;

namespace {

/// A server that flushes by hand alone, and so shows everything since its start.
StatsdServerOptions by_hand() {
  return {.flush = Flush::manual};
}

/// The flushes of a server, as text, in the order in which they come.
class Flushes {
 public:
  std::function<void(const server::FlushedBatch&)> taker() {
    return [this](const server::FlushedBatch& batch) {
      std::string text;
      for (const server::FlushedLine line : batch) server::append_flushed_line(text, line);
      const std::lock_guard lock{mutex_};
      texts_.push_back(std::move(text));
      changed_.notify_all();
    };
  }

  /// The flush with this number, once it has come.
  std::string at(std::size_t index) {
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, patience, [&] { return texts_.size() > index; }));
    return texts_[index];
  }

  /// Waits for a flush that holds a text.
  std::string with(const std::string& part) {
    std::size_t seen = 0;
    std::string found;
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, patience, [&] {
      for (; seen < texts_.size() && found.empty(); ++seen) {
        if (texts_[seen].find(part) != std::string::npos) found = texts_[seen];
      }
      return !found.empty();
    }));
    return found;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> texts_;
};

}  // namespace

TEST_CASE("statsd server: it sums what a client sends") {
  StatsdServer server{by_hand()};
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
  REQUIRE(server.wait_for_packets(1, patience));
  const server::SeriesSnapshot seen = server.snapshot();
  CHECK(seen.counters.at("app.hits") == 2);
  CHECK(seen.gauges.at("app.depth") == 7);
  CHECK(seen.gauges.at("app.below") == -5);
  CHECK(seen.timers.at("app.latency").count == 2);
  CHECK(seen.timers.at("app.latency").values == std::vector<double>{0.25, 0.75});
  CHECK(seen.sets.at("app.users") == std::set<std::string, std::less<>>{"alice", "bob"});
  CHECK(server.stats().bad_values == 0);
  CHECK(server.stats().packets == 1);
}

TEST_CASE("statsd server: eight threads emit at once, and nothing is lost or counted twice") {
  // Every datagram is acknowledged before the next burst, so the kernel's buffer cannot overflow.
  EventCount datagrams;
  StatsdServer server{{.flush = Flush::manual, .on_datagram = [&](std::string_view) { datagrams.add(); }}};
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
  CHECK(server.snapshot().counters.at("hits") == threads * calls);
  CHECK(server.stats().packets == stats.datagrams);
}

TEST_CASE("statsd server: garbage is counted and leaves the rest alone") {
  StatsdServer server{by_hand()};
  server.start();
  UdpTransport transport{"127.0.0.1", server.port()};
  CHECK(!transport.send(std::string(60'000, '\xff')));
  CHECK(!transport.send(std::string_view{"\0\0:\0|\0", 6}));
  CHECK(!transport.send("good:1|c\nbad\ngood:1|c"));
  CHECK(!transport.send(""));
  REQUIRE(server.wait_for_packets(4, patience));
  server.stop();
  CHECK(server.snapshot().counters.at("good") == 2);
  CHECK(server.stats().bad_values == 3);
}

TEST_CASE("statsd server: waiting for packets ends when they came, or at the timeout") {
  StatsdServer server{by_hand()};
  server.start();
  UdpTransport transport{"127.0.0.1", server.port()};
  CHECK(server.wait_for_packets(0, 0ms));
  CHECK(!server.wait_for_packets(1, 1ms));
  CHECK(!transport.send("a:1|c"));
  CHECK(server.wait_for_packets(1, patience));
  CHECK(server.snapshot().counters.at("a") == 1);
}

TEST_CASE("statsd server: it stops and starts again") {
  StatsdServer server{by_hand()};
  for (std::size_t round = 1; round <= 3; ++round) {
    server.start();
    UdpTransport transport{"127.0.0.1", server.port()};
    CHECK(!transport.send("rounds:1|c"));
    REQUIRE(server.wait_for_packets(round, patience));
    CHECK(server.snapshot().counters.at("rounds") == static_cast<double>(round));
    server.stop();
  }
}

TEST_CASE("statsd server: it may be stopped by what it receives") {
  EventCount datagrams;
  StatsdServer* running = nullptr;
  StatsdServer server{{.flush = Flush::manual, .on_datagram = [&](std::string_view) {
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
  CHECK(server.snapshot().counters.at("rounds") == 3);
}

TEST_CASE("statsd server: it flushes by itself, and once more when it stops") {
  Flushes flushes;
  StatsdServer server{{.flush_interval = 50ms, .on_flush = flushes.taker()}};
  server.start();
  UdpTransport transport{"127.0.0.1", server.port()};
  CHECK(!transport.send("hits:3|c"));
  REQUIRE(server.wait_for_packets(1, patience));
  CHECK(flushes.with("stats_counts.hits 3 ").find("stats.hits 60 ") != std::string::npos);
  CHECK(!transport.send("last:1|c"));
  REQUIRE(server.wait_for_packets(2, patience));
  server.stop();
  flushes.with("stats_counts.last 1 ");
}

TEST_CASE("statsd server: what waits in the socket when it stops is in the last flush") {
  Flushes flushes;
  EventCount first;
  std::mutex gate;
  StatsdServer server{
      {.flush_interval = 1h, .on_flush = flushes.taker(), .on_datagram = [&](std::string_view) {
         first.add();
         const std::lock_guard wait{gate};
       }}};
  server.start();
  UdpTransport transport{"127.0.0.1", server.port()};
  {
    const std::lock_guard held{gate};
    CHECK(!transport.send("a:1|c"));
    first.wait_for(1);
    for (int i = 0; i < 100; ++i) CHECK(!transport.send("a:1|c"));
  }
  server.stop();
  flushes.with("stats_counts.a 101 ");
}

TEST_CASE("statsd server: the flush at the end does not take the place of the one before") {
  Flushes flushes;
  StatsdServer server{{.flush_interval = 1h, .on_flush = flushes.taker()}};
  const auto time_of = [](const std::string& text) {
    const std::string line = text.substr(text.find("statsd.numStats"));
    return std::stoll(line.substr(line.find(' ', line.find(' ') + 1)));
  };
  server.start();
  server.flush();
  server.stop();
  CHECK(time_of(flushes.at(1)) == time_of(flushes.at(0)) + 3600);
}

TEST_CASE("statsd server: packets that come during a flush are summed after it") {
  constexpr std::uint64_t packets = 2000;
  StatsdServer server{by_hand()};
  server.start();
  UdpTransport transport{"127.0.0.1", server.port()};
  std::optional<Repeating> flushing{[&] { server.flush(); }};
  for (std::uint64_t i = 1; i <= packets; ++i) {
    CHECK(!transport.send("names." + std::to_string(i) + ":1|g"));
    // No more at a time than any buffer of the system holds.
    if (i % 100 == 0) REQUIRE(server.wait_for_packets(i, patience));
  }
  flushing.reset();
  CHECK(server.snapshot().gauges.size() == packets + 1);  // and statsd.timestamp_lag
}

TEST_CASE("statsd server: new options hold from the next flush on, and lose nothing") {
  Flushes flushes;
  StatsdServerOptions options{.flush = Flush::manual, .on_flush = flushes.taker()};
  StatsdServer server{options};
  server.start();
  UdpTransport transport{"127.0.0.1", server.port()};
  CHECK(!transport.send("depth:7|g\nhits:1|c\nlatency:5|ms"));
  REQUIRE(server.wait_for_packets(1, patience));
  options.aggregation.percentiles = {50};
  options.aggregation.graphite = {.legacy = false, .global_prefix = "now"};
  server.reconfigure(options);
  CHECK(!transport.send("hits:1|c"));
  REQUIRE(server.wait_for_packets(2, patience));
  server.flush();
  CHECK(flushes.at(0).find("stats_counts.hits 2 ") != std::string::npos);
  CHECK(!transport.send("latency:5|ms"));
  REQUIRE(server.wait_for_packets(3, patience));
  server.flush();
  CHECK(flushes.at(1).find("now.gauges.depth 7 ") != std::string::npos);
  CHECK(flushes.at(1).find("now.timers.latency.upper_50 5 ") != std::string::npos);
  CHECK(flushes.at(1).find("now.counters.hits.count 0 ") != std::string::npos);
}

TEST_CASE("statsd server: options that are wrong, or change where it listens, are refused and named") {
  const auto refusal_of = [](auto&& action) {
    try {
      action();
    } catch (const ClientError& error) {
      CHECK(error.code() == errc::invalid_option);
      return std::string{error.what()};
    }
    return std::string{"not refused"};
  };
  StatsdServer server{by_hand()};
  StatsdServerOptions moved = by_hand();
  moved.port = 1;
  CHECK(refusal_of([&] { server.reconfigure(moved); }).find("port cannot change") != std::string::npos);
  const std::string refusal = refusal_of([] {
    StatsdServer wrong{{.flush_interval = 0ms,
                        .aggregation = {.percentiles = {90, 101}},
                        .unix_path = "relative",
                        .udp_sockets = 0,
                        .repeat_to = {"ftp://x"}}};
  });
  for (const char* part : {"flush_interval is 0 ms", "a percentile is 101", "unix_path is 'relative'",
                           "one of repeat_to is 'ftp://x'", "udp_sockets is 0, must be from 1 to 256"}) {
    CAPTURE(refusal);
    CHECK(refusal.find(part) != std::string::npos);
  }
  CHECK(refusal_of([] { StatsdServer wrong{{.graphite = "host:0"}}; }).find("host:0") != std::string::npos);
}

TEST_CASE("statsd server: it may be stopped by what waits in its socket when it ends") {
  constexpr int packets = 50;
  EventCount first;
  std::mutex gate;
  StatsdServer* running = nullptr;
  StatsdServer server{{.flush = Flush::manual, .on_datagram = [&](std::string_view) {
                         first.add();
                         const std::lock_guard wait{gate};
                         running->stop();
                       }}};
  running = &server;
  server.start();
  UdpTransport transport{"127.0.0.1", server.port()};
  {
    const std::lock_guard held{gate};
    CHECK(!transport.send("a:1|c"));
    first.wait_for(1);
    for (int i = 1; i < packets; ++i) CHECK(!transport.send("a:1|c"));
  }
  server.stop();
  CHECK(server.snapshot().counters.at("a") == packets);
}

TEST_CASE("statsd server: lines over TCP that have come when it stops are summed") {
  EventCount first;
  std::mutex gate;
  StatsdServer* running = nullptr;
  // It stops at the first line, so the loop itself reads no more.
  StatsdServer server{{.flush = Flush::manual, .tcp_port = 0, .on_datagram = [&](std::string_view) {
                         first.add();
                         const std::lock_guard wait{gate};
                         running->stop();
                       }}};
  running = &server;
  server.start();
  RawConnection busy{server.tcp_port()};
  {
    const std::lock_guard held{gate};
    busy.send("a:1|c\n");
    first.wait_for(1);
    busy.send("a:1|c\nhalf");
  }
  server.stop();
  CHECK(server.snapshot().counters.at("a") == 2);
}

TEST_CASE("statsd server: what waits for Graphite outlives new options") {
  StatsdServerOptions options{.flush = Flush::manual,
                              .graphite = "127.0.0.1:" + std::to_string(free_tcp_port()),
                              .close_timeout = 1ms};
  StatsdServer server{options};
  server.flush();
  const std::uint64_t accepted = server.stats().graphite.accepted;
  CHECK(accepted > 0);
  options.aggregation.percentiles = {50};
  server.reconfigure(options);
  server.flush();  // from here on
  server.flush();
  CHECK(server.stats().graphite.accepted > 2 * accepted);
  CHECK(server.stats().graphite.pending == server.stats().graphite.accepted);
}
