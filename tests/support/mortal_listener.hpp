#pragma once

// What the tests of sending to real servers share: points are sent while the server is ended and started
// again, and at the end it holds every one of them.

#include <ostream>

#include <doctest/doctest.h>

#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <initializer_list>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "statwire/graphite.hpp"
#include "statwire/server/forwarding_store.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"
#include "support/points.hpp"

namespace statwire::test {

/// Many series of a point a second, and what was put of them.
class Feed {
 public:
  static constexpr int series_count = 40;
  static constexpr int seconds = 500;  // all of them of the last hour: stores forget, or refuse, what is old

  using Put = std::function<void(const std::string& name, double value, std::int64_t timestamp)>;

  explicit Feed(Put put) : put_{std::move(put)} {}

  /// Puts the points of one second.
  void put_second(int second) {
    for (int series = 0; series < series_count; ++series) {
      const std::string name = "feed.s" + std::to_string(series);
      const double value = second + series / 64.0;  // exact in the decimals that some stores keep
      put_(name, value, begin_ + second);
      points_[name][begin_ + second] = value;
    }
  }

  /// All that was put.
  const Points& points() const { return points_; }

 private:
  Put put_;
  std::int64_t begin_ = std::time(nullptr) - 2 * seconds;
  Points points_;
};

/// Puts points through the store into a server, and ends that in the middle: once so that it may put its
/// things in order, once not. The server has `start()`, `end(signal)`, which returns when it has gone, and
/// `Points points()`.
template <class Server>
void check_that_all_arrives(Server& server, server::ForwardingStore<>& store) {
  Feed feed{[&](const std::string& name, double value, std::int64_t timestamp) {
    std::error_code ec;
    store.put(name, value, timestamp, ec);
    CHECK(!ec);
  }};
  server.start();
  // A server that is killed while it makes the file of a series may leave one that it cannot read: that the
  // series are there is not what is tested.
  feed.put_second(0);
  wait_until("the first points", [&] { return server.points() == feed.points(); });

  std::atomic<bool> is_feeding = true;
  std::thread feeding{[&] {
    for (int second = 1; second < Feed::seconds; ++second) {
      feed.put_second(second);
      std::this_thread::sleep_for(std::chrono::milliseconds{2});  // so that there is a middle
    }
    is_feeding = false;
  }};
  constexpr std::uint64_t all = Feed::series_count * Feed::seconds;
  for (const auto& [signal, sent] : {std::pair{SIGTERM, all / 4}, std::pair{SIGKILL, all * 5 / 8}}) {
    wait_until("points to lose", [&, goal = sent] { return store.stats().sent >= goal; });
    server.end(signal);
    wait_until("points that wait", [&] { return store.stats().pending > 100 || !is_feeding; });
    server.start();
  }
  feeding.join();
  CHECK(store.flush(soon()));
  Points arrived;
  wait_until("every point", [&] { return count(arrived = server.points()) >= count(feed.points()); });
  CHECK(count(feed.points()) == all);
  CHECK(arrived == feed.points());
  const server::ForwardingStats stats = store.stats();
  CHECK(stats.sent == all);
  CHECK(stats.dropped == 0);
  MESSAGE(stats.sent << " points, " << stats.resent << " of them sent again");
}

/// Sends points through the client into a server, and ends that by each of the signals, while it has some of
/// them in the buffers of its system; then come more while it is away. What a server says that it has read
/// and has not stored when it is killed is lost, so it has stored all when it is stopped.
template <class Server>
void check_that_all_arrives(Server& server, std::uint16_t port, GraphiteClient<>& graphite,
                            std::initializer_list<int> signals) {
  Feed feed{[&](const std::string& name, double value, std::int64_t timestamp) {
    graphite.send(name, value, timestamp);
  }};
  int second = 0;
  const auto send_seconds = [&](int count) {
    for (const int end = second + count; second < end; ++second) feed.put_second(second);
  };
  server.start();
  for (const int signal : signals) {
    wait_for_listener(port);
    server.stop();
    const GraphiteStats before = graphite.stats();
    send_seconds(20);
    CHECK_FALSE(graphite.flush(std::chrono::milliseconds{100}));
    CHECK(graphite.stats().delivered == before.delivered);
    server.signal(signal);
    server.end(SIGCONT);
    send_seconds(20);
    wait_until("a failure", [&] { return graphite.stats().failures > before.failures; });
    server.start();
    CHECK(graphite.flush(std::chrono::milliseconds{patience}));
    wait_until("the points", [&] { return count(server.points()) >= count(feed.points()); });
  }
  send_seconds(Feed::seconds - second);
  CHECK(graphite.flush(std::chrono::milliseconds{patience}));
  Points arrived;
  wait_until("every point", [&] { return count(arrived = server.points()) >= count(feed.points()); });
  CHECK(arrived == feed.points());
  const GraphiteStats stats = graphite.stats();
  CHECK(stats.delivered == Feed::series_count * Feed::seconds);
  CHECK(stats.dropped == 0);
  MESSAGE(stats.delivered << " points in " << stats.batches << " batches, " << stats.failures
                          << " more that did not arrive");
}

}  // namespace statwire::test
