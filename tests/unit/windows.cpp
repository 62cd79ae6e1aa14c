#include "statwire/windows.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>

using namespace statwire;
using namespace std::chrono_literals;

namespace {

constexpr EventTime at(std::int64_t milliseconds) {
  return EventTime{std::chrono::milliseconds{milliseconds}};
}

using Counts = TumblingWindows<Count>;

constexpr auto count = [](Count& window) { window.add(); };

std::string refusal(const WindowOptions& options) {
  try {
    Counts{options};
  } catch (const ClientError& error) {
    CHECK(error.code() == errc::invalid_option);
    return error.what();
  }
  return "none";
}

/// `start:events` of each window.
std::string shown(const Counts& windows) {
  std::string text;
  for (const auto& window : windows.snapshot().windows) {
    if (!text.empty()) text += ' ';
    text +=
        std::to_string(window.start.time_since_epoch().count()) + ":" + std::to_string(window.state.value());
  }
  return text;
}

}  // namespace

TEST_CASE("windows: they begin at multiples of their length, before 1970 as well") {
  const Counts windows{{.length = 5min}};
  CHECK(windows.start_of(at(0)) == at(0));
  CHECK(windows.start_of(at(299'999)) == at(0));
  CHECK(windows.start_of(at(300'000)) == at(300'000));
  CHECK(windows.start_of(at(-1)) == at(-300'000));
  CHECK(windows.start_of(at(-300'000)) == at(-300'000));
  CHECK(windows.start_of(at(-300'001)) == at(-600'000));
  CHECK(Counts{{.length = 24h}}.start_of(at(1'542'931'199'999)) == at(1'542'844'800'000));
}

TEST_CASE("windows: an event counts in its own window, and a new window begins empty") {
  Counts windows{{.length = 10ms}};
  CHECK(windows.take(at(5), count));
  CHECK(windows.take(at(9), count));
  CHECK(windows.at(at(9)).value() == 2);
  CHECK(windows.take(at(10), count));
  CHECK(windows.at(at(10)).value() == 1);
  CHECK(windows.at(at(0)).value() == 2);  // the one before can still be read
  CHECK(windows.late() == 0);
}

TEST_CASE("windows: nothing comes, and the figures of now are zero") {
  Counts windows{{.length = 10ms}};
  CHECK(windows.at(at(0)).value() == 0);
  windows.take(at(5), count);
  CHECK(windows.at(at(9)).value() == 1);
  CHECK(windows.at(at(10)).value() == 0);
  CHECK(windows.at(at(-1)).value() == 0);
  CHECK(windows.at(at(5)).value() == 1);  // reading changes nothing
}

TEST_CASE("windows: a late event is dropped and counted unless something else is said") {
  Counts windows{{.length = 10ms}};
  windows.take(at(25), count);
  CHECK(windows.take(at(20), count));  // older, but of the same window
  bool is_called = false;
  CHECK_FALSE(windows.take(at(19), [&](Count&) { is_called = true; }));
  CHECK_FALSE(is_called);
  CHECK_FALSE(windows.take(at(-1000), count));
  CHECK(windows.late() == 2);
  CHECK(shown(windows) == "20:2");
}

TEST_CASE("windows: late events are allowed for a time after the end of their window") {
  Counts windows{{.length = 10ms, .late = Late::allowed_for(15ms), .kept = 0}};
  windows.take(at(0), count);
  windows.take(at(24), count);
  CHECK(windows.take(at(9), count));
  CHECK(windows.take(at(15), count));  // a window that nobody had begun
  CHECK(shown(windows) == "0:2 10:1 20:1");
  windows.take(at(25), count);  // 15 ms after the end of the first
  CHECK_FALSE(windows.take(at(9), count));
  CHECK(windows.take(at(19), count));
  CHECK(shown(windows) == "10:2 20:2");
  CHECK(windows.late() == 1);
}

TEST_CASE("windows: with resets_window any event of another window begins again") {
  Counts windows{{.length = 10ms, .late = Late::resets_window, .kept = 5}};
  windows.take(at(20), count);
  windows.take(at(21), count);
  CHECK(shown(windows) == "20:2");
  CHECK(windows.take(at(19), count));
  CHECK(shown(windows) == "10:1");
  CHECK(windows.take(at(22), count));
  CHECK(shown(windows) == "20:1");
  CHECK(windows.late() == 0);
}

TEST_CASE("windows: so many of those that have passed are kept as was asked for") {
  for (const std::size_t kept : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
    CAPTURE(kept);
    Counts windows{{.length = 10ms, .kept = kept}};
    for (int i = 0; i < 100; ++i) windows.take(at(10 * i), count);
    CHECK(windows.snapshot().windows.size() == kept + 1);
    CHECK(windows.at(at(995)).value() == 1);
    CHECK(windows.at(at(985)).value() == (kept == 0 ? 0 : 1));
  }
}

TEST_CASE("windows: a window that takes the memory of a passed one has nothing of it") {
  TumblingWindows<DistinctCount> windows{{.length = 10ms, .kept = 0}, DistinctCount{{.max_members = 2}}};
  const auto insert = [](std::string_view member) {
    return [member](DistinctCount& window) { window.insert(member); };
  };
  for (int i = 0; i < 5; ++i) {
    for (const char* const member : {"a", "b", "c", "a"}) windows.take(at(10 * i), insert(member));
    CHECK(windows.at(at(10 * i)).value() == 2);
    CHECK(windows.at(at(10 * i)).refused() == 1);
  }
  CHECK(windows.at(at(60)).value() == 0);
}

TEST_CASE("windows: parts of a stream, merged, are what the whole stream comes to") {
  using Windows = TumblingWindows<DistinctRatio>;
  const WindowOptions options{.length = 100ms, .late = Late::allowed_for(10s), .kept = 100};
  std::mt19937_64 random{7};
  std::map<std::int64_t, std::pair<std::set<std::string>, std::set<std::string>>> expected;
  Windows parts[3]{Windows{options}, Windows{options}, Windows{options}};
  for (int i = 0; i < 5000; ++i) {
    const auto time = static_cast<std::int64_t>(random() % 2000);
    const std::string member = "session" + std::to_string(random() % 200);
    const bool is_hit = random() % 4 == 0;
    auto& [all, hits] = expected[time / 100 * 100];
    all.insert(member);
    if (is_hit) hits.insert(member);
    REQUIRE(parts[random() % 3].take(at(time), [&](DistinctRatio& window) {
      is_hit ? window.insert_hit(member) : window.insert(member);
    }));
  }
  Windows whole{options};
  for (const Windows& part : parts) whole.merge(part);
  REQUIRE(whole.snapshot().windows.size() == expected.size());
  for (const auto& [start, sets] : expected) {
    CHECK(whole.at(at(start)).all().value() == sets.first.size());
    CHECK(whole.at(at(start)).hits().value() == sets.second.size());
  }
}

TEST_CASE("windows: merging keeps what one stream would keep, and adds what was late") {
  Counts left{{.length = 10ms}};
  Counts right{{.length = 10ms}};
  left.take(at(5), count);
  right.take(at(35), count);
  right.take(at(1), count);
  left.merge(right);
  CHECK(shown(left) == "0:1 30:1");
  CHECK(left.late() == 1);
  CHECK_FALSE(left.take(at(5), count));  // the newest event is that of the other part
  Counts empty{{.length = 10ms}};
  empty.merge(left);
  CHECK(shown(empty) == "0:1 30:1");
  empty.merge(Counts{{.length = 10ms}});
  CHECK(shown(empty) == "0:1 30:1");
}

TEST_CASE("windows: of two that reset, the newer stays") {
  const WindowOptions options{.length = 10ms, .late = Late::resets_window};
  Counts left{options};
  Counts right{options};
  left.take(at(25), count);
  right.take(at(15), count);
  Counts both = left;
  both.merge(right);
  CHECK(shown(both) == "20:1");
  both = right;
  both.merge(left);
  CHECK(shown(both) == "20:1");
  both.merge(left);
  CHECK(shown(both) == "20:2");
}

TEST_CASE("windows: they go on from a snapshot as if nothing had happened") {
  Counts first{{.length = 10ms, .late = Late::allowed_for(10ms)}};
  for (const int time : {5, 15, 25, 3, 12}) first.take(at(time), count);
  Counts second{{.length = 10ms, .late = Late::allowed_for(10ms)}};
  second.restore(first.snapshot());
  CHECK(shown(second) == shown(first));
  CHECK(second.late() == 1);
  for (const int time : {14, 36, 15, 26}) CHECK(first.take(at(time), count) == second.take(at(time), count));
  CHECK(shown(second) == shown(first));
  WindowsSnapshot<Count> odd;
  odd.windows.push_back({at(7), {}});
  CHECK_THROWS_WITH(second.restore(odd),
                    doctest::Contains("the start of a window is 7, must be a multiple of the length"));
  WindowsSnapshot<Count> twice;
  twice.windows = {{at(10), {}}, {at(20), {}}, {at(10), {}}};
  CHECK_THROWS_WITH(second.restore(twice),
                    doctest::Contains("the start of two windows is 10, must be that of one"));
  CHECK(shown(second) == shown(first));  // as it was
}

TEST_CASE("windows: the ends of time are times") {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto greatest = std::numeric_limits<std::int64_t>::max();
  for (const std::chrono::milliseconds length :
       {1ms, std::chrono::milliseconds{24h}, std::chrono::milliseconds{864'000'000'000}}) {
    Counts windows{{.length = length, .late = Late::allowed_for(length)}};
    CHECK(windows.take(at(least), count));
    CHECK(windows.at(at(least)).value() == 1);
    CHECK(windows.take(at(greatest), count));
    CHECK(windows.at(at(greatest)).value() == 1);
    CHECK_FALSE(windows.take(at(0), count));
  }
}

TEST_CASE("windows: options out of range are refused with the value and what is legal") {
  CHECK(refusal({.length = 0ms})
            .starts_with("TumblingWindows: length is 0, must be from 1 to 864000000000 ms"));
  CHECK(refusal({.length = -1ms}).starts_with("TumblingWindows: length is -1, must be"));
  CHECK(
      refusal({.length = 864'000'000'001ms}).starts_with("TumblingWindows: length is 864000000001, must be"));
  CHECK(
      refusal({.late = Late::allowed_for(-1ms)}).starts_with("TumblingWindows: late is -1, must be allowed"));
  CHECK(refusal({.length = 1ms, .late = Late::allowed_for(10'001ms)})
            .starts_with("TumblingWindows: late is 10001"));
  CHECK(refusal({.kept = 10'001}).starts_with("TumblingWindows: kept is 10001, must be from 0 to 10000"));
  CHECK(refusal({.length = 1ms, .late = Late::allowed_for(10'000ms), .kept = 10'000}) == "none");
  Counts minutes{{.length = 1min}};
  CHECK_THROWS_WITH(minutes.merge(Counts{{.length = 1h}}),
                    doctest::Contains("length is 3600000, must be the same in windows that are merged"));
}
