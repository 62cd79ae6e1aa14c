#include "online_store/history.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

using namespace online_store;
using namespace std::chrono_literals;
using statwire::EventTime;

namespace {

constexpr EventTime noon{std::chrono::milliseconds{1'542'888'000'000}};

/// The times, and the totals that were shown then.
std::vector<std::pair<EventTime, double>> rows(const History& history) {
  std::vector<std::pair<EventTime, double>> rows;
  for (const auto& [time, figures] : history.samples()) rows.emplace_back(time, figures.tov);
  return rows;
}

using Rows = decltype(rows({}));

}  // namespace

TEST_CASE("history: of each five minutes by the clock, what was shown last") {
  History history;
  CHECK(history.samples().empty());
  history.take(noon + 1min, {.tov = 1});
  CHECK(rows(history) == Rows{{noon + 1min, 1}});
  history.take(noon + 5min - 1ms, {.tov = 2});
  CHECK(rows(history) == Rows{{noon + 5min - 1ms, 2}});
  history.take(noon + 5min, {.tov = 3});
  history.take(noon + 5min, {.tov = 4});
  history.take(noon + 21min, {.tov = 5});  // nobody asked for a while
  CHECK(rows(history) == Rows{{noon + 5min - 1ms, 2}, {noon + 5min, 4}, {noon + 21min, 5}});
}

TEST_CASE("history: it goes back a day") {
  History history;
  for (int i = 0; i < 288; ++i) history.take(noon + i * 5min, {.tov = static_cast<double>(i)});
  REQUIRE(history.samples().size() == 288);
  CHECK(history.samples().front().time == noon);
  history.take(noon + 24h, {.tov = 288});
  REQUIRE(history.samples().size() == 288);
  CHECK(history.samples().front().time == noon + 5min);
  CHECK(history.samples().back().figures.tov == 288);
  history.take(noon + 24h + 4min, {.tov = 289});
  CHECK(history.samples().size() == 288);
}

TEST_CASE("history: a clock that is set back by more than a sample begins it anew") {
  History history;
  history.take(noon, {.tov = 1});
  history.take(noon + 10min, {.tov = 2});
  history.take(noon + 5min, {.tov = 3});  // set right by a little: the samples stay in order
  CHECK(rows(history) == Rows{{noon, 1}, {noon + 10min, 3}});
  history.take(noon + 5min - 1ms, {.tov = 4});
  CHECK(rows(history) == Rows{{noon + 5min - 1ms, 4}});
}
