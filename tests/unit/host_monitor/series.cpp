#include "host_monitor/series.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

using namespace host_monitor;
using std::chrono::seconds;
using Slices = std::vector<std::optional<double>>;

namespace {

/// A time on the border of slices of any length that occurs here.
constexpr History::Time zero{seconds{3600}};

}  // namespace

TEST_CASE("history: without values there is nothing to draw") {
  CHECK(History{}.slices(zero, 3) == Slices{std::nullopt, std::nullopt, std::nullopt});
  CHECK(History{}.slices(zero, 0).empty());
}

TEST_CASE("history: a slice is the mean of its values, or what was last known") {
  History history;
  history.add(zero, 1);
  history.add(zero + seconds{19}, 4);
  history.add(zero + seconds{20}, 10);
  CHECK(history.slices(zero + seconds{45}, 3) == Slices{2.5, 10, 10});
  CHECK(history.slices(zero + seconds{45}, 6) == Slices{std::nullopt, 1, 4, 10, 10, 10});
}

TEST_CASE("history: a slice stands still while time goes on within it") {
  History history;
  for (int i = 0; i != 60; ++i) history.add(zero + seconds{i}, i);
  const Slices expected{9.5, 29.5, 49.5};
  CHECK(history.slices(zero + seconds{59}, 3) == expected);
  CHECK(history.slices(zero + seconds{40}, 3) == expected);
  CHECK(history.slices(zero + seconds{60}, 3) == Slices{29.5, 49.5, 59});
}

TEST_CASE("history: what is older than a minute is forgotten, but for the last value before") {
  History history;
  history.add(zero, 1);
  history.add(zero + seconds{5}, 2);
  history.add(zero + seconds{120}, 3);
  CHECK(history.slices(zero + seconds{120}, 3) == Slices{2, 2, 3});
}

TEST_CASE("series_record: the last acknowledged value of each second must come back") {
  SeriesRecord record{.key = "host.cpu"};
  record.stored(100, 1);
  record.stored(100, 2);
  record.stored(101, 3);
  CHECK(record.puts == 3);
  CHECK(record.drops == 0);
  CHECK(record.expected == std::map<std::int64_t, double>{{100, 2}, {101, 3}});
}

TEST_CASE("series_record: of a second with a lost put nothing is known, until one is stored again") {
  SeriesRecord record{.key = "host.cpu"};
  record.stored(100, 1);
  record.lost(100);
  record.lost(101);
  CHECK(record.puts == 1);
  CHECK(record.drops == 2);
  CHECK(record.expected.empty());
  record.stored(101, 5);
  CHECK(record.expected == std::map<std::int64_t, double>{{101, 5}});
}

TEST_CASE("series_record: a measured value is the last one whether or not it was stored") {
  SeriesRecord record{.key = "host.cpu"};
  record.measured(zero, 7);
  CHECK(record.last_value == 7);
  CHECK(record.history.slices(zero, 1) == Slices{7});
  CHECK(record.puts == 0);
}

TEST_CASE("compare: count, smallest, mean and largest of our own points") {
  SeriesRecord record{.key = "host.cpu"};
  record.stored(100, 4);
  record.stored(101, -2);
  record.stored(102, 7);
  const std::vector<statwire::Sample> stored{{99, 1000}, {100, 4}, {101, -2}, {102, 7}, {103, -1000}};
  const ReadBack result = compare(record, stored);
  CHECK(result.count == 3);
  CHECK(result.same == 3);
  CHECK(result.min == -2);
  CHECK(result.mean == 3);
  CHECK(result.max == 7);
}

TEST_CASE("compare: a point that came back changed counts, but is not the same") {
  SeriesRecord record{.key = "host.cpu"};
  record.stored(100, 4);
  record.stored(101, 5);
  const ReadBack result = compare(record, std::vector<statwire::Sample>{{100, 4.5}, {101, 5}});
  CHECK(result.count == 2);
  CHECK(result.same == 1);
}

TEST_CASE("compare: of a second that came back twice, the later value is the valid one") {
  SeriesRecord record{.key = "host.cpu"};
  record.stored(100, 4);
  const ReadBack result = compare(record, std::vector<statwire::Sample>{{100, 3}, {100, 4}});
  CHECK(result.count == 1);
  CHECK(result.same == 1);
  CHECK(result.mean == 4);
}

TEST_CASE("compare: when nothing came back, everything is 0") {
  SeriesRecord record{.key = "host.cpu"};
  record.stored(100, 4);
  for (const std::vector<statwire::Sample>& stored : {std::vector<statwire::Sample>{}, {{99, 4}}}) {
    const ReadBack result = compare(record, stored);
    CHECK(result.count == 0);
    CHECK(result.same == 0);
    CHECK(result.max == 0);
  }
}
