#include "statwire/server/series_index.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/random_bytes.hpp"

using statwire::server::Cursor;
using statwire::server::SeriesIndex;

TEST_CASE("series_index: keys are numbered in the order in which they came") {
  SeriesIndex index;
  CHECK(index.size() == 0);
  CHECK_FALSE(index.number_of("a"));
  CHECK(index.add("b") == 0);
  CHECK(index.add("a") == 1);
  CHECK(index.size() == 2);
  CHECK(index.number_of("a") == 1);
  CHECK(index.key(0) == "b");
  CHECK_FALSE(index.number_of("c"));
  CHECK_FALSE(index.number_of(""));
}

TEST_CASE("series_index: a cursor is of one series, of all, or of nothing") {
  SeriesIndex index;
  for (const char* key : {"a", "b", "c"}) index.add(key);
  const auto check = [&](const char* key, std::size_t begin, std::size_t end) {
    const Cursor cursor = index.cursor(key);
    CHECK(cursor.series == begin);
    CHECK(cursor.end == end);
    CHECK_FALSE(cursor.after);
  };
  check("a", 0, 1);
  check("c", 2, 3);
  check("*", 0, 3);
  check("d", 0, 0);
}

TEST_CASE("series_index: any number of keys, some of them forgotten, holds what a map would") {
  statwire::test::RandomBytes random{41};
  SeriesIndex index;
  std::vector<std::string> keys;
  for (int round = 0; round < 60; ++round) {
    for (std::size_t i = random.up_to(400); i > 0; --i) {
      // Forgotten keys come again, under another number.
      const std::string key = std::to_string(random.up_to(20'000));
      if (const auto number = index.number_of(key)) {
        REQUIRE(keys[*number] == key);
      } else {
        REQUIRE(index.add(key) == keys.size());
        keys.push_back(key);
      }
    }
    keys.resize(keys.size() - random.up_to(keys.size() / 2));
    index.truncate(keys.size());
    REQUIRE(index.size() == keys.size());
    std::map<std::string, std::size_t> model;
    for (std::size_t i = 0; i < keys.size(); ++i) model.emplace(keys[i], i);
    for (int i = 0; i < 20'000; i += 7) {
      const auto found = model.find(std::to_string(i));
      const auto number = index.number_of(std::to_string(i));
      REQUIRE(number.has_value() == (found != model.end()));
      if (number) REQUIRE(*number == found->second);
    }
  }
  const SeriesIndex moved = std::move(index);
  for (std::size_t i = 0; i < keys.size(); ++i) REQUIRE(moved.number_of(keys[i]) == i);
}
