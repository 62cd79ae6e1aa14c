// StatsdServer flushes to real stores of Graphite's protocol, as lines and as pickles, straight and through
// carbon's own relay, and what they have stored is what it flushed: each point with its time and its value.

#include "statwire/server/statsd_server.hpp"

#include <signal.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/statsd.hpp"
#include "support/carbon.hpp"
#include "support/counterpart.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"
#include "support/points.hpp"
#include "support/victoria_metrics.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;
using server::FlushedBatch;
using server::FlushedLine;
using server::StatsdServer;

/// A server that flushes to Graphite, and what it has flushed.
class Flushing {
 public:
  explicit Flushing(const std::string& graphite)
      : server_{{.flush = Flush::manual,
                 .graphite = graphite,
                 .aggregation = {.percentiles = {50, 99.9}, .delete_idle = true},
                 .on_flush = [this](const FlushedBatch& batch) {
                   for (const FlushedLine line : batch) {
                     flushed_[std::string{line.path}][line.timestamp] = line.value;
                     last_ = line.timestamp;
                   }
                 }}} {
    server_.start();
  }

  /// Sends some of everything, and flushes it; later flushes get other seconds.
  void feed_and_flush(int round) {
    const StatsdOptions options{.prefix = "app", .delivery = Delivery::buffered, .flush = Flush::manual};
    StatsdClient statsd{"127.0.0.1", server_.port(), options};
    const std::uint64_t before = server_.stats().lines;
    for (int i = 0; i < 300; ++i) {
      const std::string number = std::to_string(i);
      statsd.increment("hits." + number, i + round);
      statsd.gauge("load." + number, i / 7.0 + round);
      statsd.timing("latency." + std::to_string(i % 10), std::chrono::microseconds{i * 37 + round});
      statsd.set("users." + std::to_string(i % 10), number);
    }
    statsd.increment("huge", 1e300);
    statsd.increment("tiny", 1e-300);
    statsd.flush();
    const std::uint64_t lines = statsd.stats().sent;
    wait_until("all lines", [&] { return server_.stats().lines == before + lines; });
    wait_until("the next second", [&] {  // half a second rounds up
      const auto now = std::chrono::system_clock::now() + 500ms;
      return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count() > last_;
    });
    server_.flush();
  }

  /// Waits until Graphite has taken everything; returns what that is.
  const Points& delivered() {
    wait_until("all deliveries", [&] { return server_.stats().graphite.pending == 0; });
    const GraphiteStats stats = server_.stats().graphite;
    CHECK(stats.delivered == count(flushed_));
    CHECK(stats.dropped == 0);
    CHECK(stats.refused == 0);
    return flushed_;
  }

 private:
  Points flushed_;
  std::int64_t last_ = 0;
  StatsdServer server_;
};

/// Three flushes reach a store that has `Points points()`. `is_same(stored, flushed)` compares values.
template <class Store, class IsSame>
void check_that_flushes_are_stored(Store& store, const std::string& graphite, IsSame&& is_same) {
  Flushing server{graphite};
  for (int round = 0; round < 3; ++round) server.feed_and_flush(round);
  const Points& flushed = server.delivered();
  CHECK(count(flushed) > 3000);
  Points stored;
  wait_until("every point", [&] { return count(stored = store.points()) >= count(flushed); });
  CHECK(count(stored) == count(flushed));
  for (const auto& series : flushed) {
    CAPTURE(series.first);
    for (const auto& point : series.second) {
      const auto found = stored[series.first].find(point.first);
      REQUIRE(found != stored[series.first].end());
      CHECK(is_same(found->second, point.second));
    }
  }
}

}  // namespace

TEST_CASE("statsd server: carbon stores each point of its flushes, from lines and from pickles") {
  const std::filesystem::path program = find_daemon("carbon-cache");
  if (is_missing("carbon-cache", program)) return;
  for (const bool pickles : {false, true}) {
    CAPTURE(pickles);
    Carbon carbon{program};
    carbon.start();
    wait_for_listener(carbon.port());
    const std::string place = "127.0.0.1:" + std::to_string(pickles ? carbon.pickle_port() : carbon.port());
    check_that_flushes_are_stored(carbon, pickles ? "pickle://" + place : place, std::equal_to<>{});
    carbon.end(SIGTERM);
  }
}

TEST_CASE("statsd server: carbon's relay passes each point of its flushes on, of lines and of pickles") {
  const std::filesystem::path program = find_daemon("carbon-cache");
  const std::filesystem::path relay_program = find_daemon("carbon-relay");
  if (is_missing("carbon-cache", program) || is_missing("carbon-relay", relay_program)) return;
  for (const bool pickles : {false, true}) {
    CAPTURE(pickles);
    Carbon carbon{program};
    carbon.start();
    wait_for_listener(carbon.pickle_port());
    const ScratchDirectory scratch;
    const std::uint16_t line_port = free_tcp_port();
    const std::uint16_t pickle_port = free_tcp_port();
    std::string text = "[relay]\n";
    for (const char* use : {"STORAGE_DIR", "CONF_DIR", "LOG_DIR", "PID_DIR"}) {
      text += std::string{use} + " = " + scratch.path().string() + "/\n";
    }
    text +=
        "LINE_RECEIVER_INTERFACE = 127.0.0.1\nLINE_RECEIVER_PORT = " + std::to_string(line_port) +
        "\nPICKLE_RECEIVER_INTERFACE = 127.0.0.1\nPICKLE_RECEIVER_PORT = " + std::to_string(pickle_port) +
        "\nUSER =\nRELAY_METHOD = consistent-hashing\nREPLICATION_FACTOR = 1\nCARBON_METRIC_INTERVAL = 0\n"
        "LOG_LISTENER_CONN_SUCCESS = False\nMAX_QUEUE_SIZE = 100000\nUSE_FLOW_CONTROL = True\n"
        "DESTINATIONS = 127.0.0.1:" +
        std::to_string(carbon.pickle_port()) + ":a\n";
    scratch.write("storage-schemas.conf", "[all]\npattern = .*\nretentions = 1s:1h\n");  // it insists on one
    const std::string pid = scratch.path() / "pid";
    ChildProcess relay{{relay_program, "--config=" + scratch.write("carbon.conf", text), "--pidfile=" + pid,
                        "--nodaemon", "start"}};
    wait_for_listener(line_port);
    const std::string place = "127.0.0.1:" + std::to_string(pickles ? pickle_port : line_port);
    check_that_flushes_are_stored(carbon, pickles ? "pickle://" + place : place, std::equal_to<>{});
    relay.signal(SIGTERM);
    relay.wait();
    carbon.end(SIGTERM);
  }
}

TEST_CASE("statsd server: VictoriaMetrics answers with each point of its flushes") {
  const std::filesystem::path program = find_daemon("victoria-metrics");
  if (is_missing("victoria-metrics", program)) return;
  VictoriaMetrics store{program};
  store.start();
  wait_for_listener(store.graphite_port());
  check_that_flushes_are_stored(store, "127.0.0.1:" + std::to_string(store.graphite_port()),
                                [](double stored, double flushed) {
                                  // It keeps decimals: about 15 digits of them, and none of what is next to
                                  // nothing.
                                  return std::fabs(stored - flushed) <= 1e-9 * std::fabs(flushed) + 1e-290;
                                });
  store.end(SIGTERM);
}
