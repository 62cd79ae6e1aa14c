#pragma once

// What the tests of forwarding to real servers share: points are put while the server is ended and started
// again, twice, and at the end it holds every one of them.

#include <ostream>

#include <doctest/doctest.h>

#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <system_error>
#include <thread>

#include "statwire/server/forwarding_store.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"

namespace statwire::test {

/// Values by time, by name of the series.
using Points = std::map<std::string, std::map<std::int64_t, double>>;

inline std::size_t count(const Points& points) {
  std::size_t count = 0;
  for (const auto& [name, values] : points) count += values.size();
  return count;
}

class Feed {
 public:
  static constexpr int series_count = 40;
  static constexpr int seconds = 500;  // all of them of the last hour: stores forget, or refuse, what is old

  explicit Feed(server::ForwardingStore<>& store) : store_{store} {}

  /// Puts the points of one second.
  void put_second(int second) {
    for (int series = 0; series < series_count; ++series) {
      const std::string name = "feed.s" + std::to_string(series);
      const double value = second + series / 64.0;  // exact in the decimals that some stores keep
      std::error_code ec;
      store_.put(name, value, begin_ + second, ec);
      CHECK(!ec);
      points_[name][begin_ + second] = value;
    }
  }

  /// All that was put.
  const Points& points() const { return points_; }

 private:
  server::ForwardingStore<>& store_;
  std::int64_t begin_ = std::time(nullptr) - 2 * seconds;
  Points points_;
};

/// Puts points through the store into a server, and ends that in the middle: once so that it may put its
/// things in order, once not. The server has `start()`, `end(signal)`, which returns when it has gone, and
/// `Points points()`.
template <class Server>
void check_that_all_arrives(Server& server, server::ForwardingStore<>& store) {
  Feed feed{store};
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

}  // namespace statwire::test
