#include "statwire/server/memory_store.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/random_bytes.hpp"
#include "support/stored.hpp"

namespace {

using statwire::server::Cursor;
using statwire::server::MemoryStore;
using statwire::test::Entries;
using statwire::test::put;
using statwire::test::read_on;
using statwire::test::stored;

}  // namespace

TEST_CASE("memory_store: a key that was never put, and an empty store, have no rows") {
  MemoryStore store;
  CHECK(stored(store, "*").empty());
  CHECK(stored(store, "a").empty());
  put(store, "a", 1, 1);
  CHECK(stored(store, "b").empty());
  CHECK(stored(store, "A").empty());
  CHECK(stored(store, "").empty());
}

TEST_CASE("memory_store: of one key and second the last value wins, in its place") {
  MemoryStore store;
  put(store, "a", 1, 10);
  put(store, "a", 2, 20);
  put(store, "a", 3, 30);
  put(store, "a", 4, 20);
  put(store, "a", 5, 30);
  put(store, "a", 6, 10);
  CHECK(stored(store, "a") == Entries{{"a", 6, 10}, {"a", 4, 20}, {"a", 5, 30}});
}

TEST_CASE("memory_store: the same second under another key is another sample") {
  MemoryStore store;
  put(store, "a", 1, 10);
  put(store, "b", 2, 10);
  CHECK(stored(store, "a") == Entries{{"a", 1, 10}});
  CHECK(stored(store, "b") == Entries{{"b", 2, 10}});
}

TEST_CASE("memory_store: samples that come late are put in the order of their timestamps") {
  constexpr std::int64_t first = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
  MemoryStore store;
  for (const std::int64_t timestamp :
       {std::int64_t{5}, last, std::int64_t{0}, std::int64_t{-7}, first, std::int64_t{3}}) {
    put(store, "a", 1, timestamp);
  }
  CHECK(stored(store, "a") ==
        Entries{{"a", 1, first}, {"a", 1, -7}, {"a", 1, 0}, {"a", 1, 3}, {"a", 1, 5}, {"a", 1, last}});
}

TEST_CASE("memory_store: the star gives every key in the order of its first put") {
  MemoryStore store;
  put(store, "zebra", 1, 1);
  put(store, "ant", 2, 2);
  put(store, "mule", 3, 3);
  put(store, "zebra", 4, 4);
  put(store, "ant", 5, 1);
  CHECK(stored(store, "*") ==
        Entries{{"zebra", 1, 1}, {"zebra", 4, 4}, {"ant", 5, 1}, {"ant", 2, 2}, {"mule", 3, 3}});
}

TEST_CASE("memory_store: a key that is the star itself is stored, and shown with all others") {
  MemoryStore store;
  put(store, "a", 1, 1);
  put(store, "*", 2, 2);
  CHECK(stored(store, "*") == Entries{{"a", 1, 1}, {"*", 2, 2}});
}

TEST_CASE("memory_store: values that are no number are kept") {
  MemoryStore store;
  put(store, "a", std::numeric_limits<double>::quiet_NaN(), 1);
  put(store, "a", -std::numeric_limits<double>::infinity(), 2);
  const Entries result = stored(store, "a");
  REQUIRE(result.size() == 2);
  CHECK(std::isnan(result[0].value));
  CHECK(result[1].value == -std::numeric_limits<double>::infinity());
}

TEST_CASE("memory_store: it keeps the key, not the text that it was given in") {
  MemoryStore store;
  std::string key = "short";
  put(store, key, 1, 1);
  key.assign(5, 'x');
  CHECK(stored(store, "short") == Entries{{"short", 1, 1}});
  CHECK(stored(store, "xxxxx").empty());
}

TEST_CASE("memory_store: with many keys and puts in any order it holds what plain maps would") {
  statwire::test::RandomBytes random{12};
  MemoryStore store;
  std::vector<std::string> order;
  std::map<std::string, std::map<std::int64_t, double>> model;
  for (int i = 0; i < 20000; ++i) {
    const std::size_t number = random.up_to(499);
    // Short keys live within their string, long ones outside.
    const std::string key =
        (number % 2 == 0 ? "k" : "key.that.is.longer.than.any.small.string.") + std::to_string(number);
    const auto timestamp = static_cast<std::int64_t>(random.up_to(60)) - 30;
    if (!model.contains(key)) order.push_back(key);
    model[key][timestamp] = i;
    put(store, key, i, timestamp);
  }
  Entries all;
  for (const std::string& key : order) {
    Entries expected;
    for (const auto& [timestamp, value] : model[key]) expected.push_back({key, value, timestamp});
    CAPTURE(key);
    CHECK(stored(store, key) == expected);
    all.insert(all.end(), expected.begin(), expected.end());
  }
  CHECK(stored(store, "*") == all);
  CHECK(stored(store, "*", 1) == all);
  CHECK(stored(store, "*", 7) == all);
  CHECK(store.series_count() == model.size());
  const MemoryStore moved = std::move(store);
  CHECK(stored(moved, "*") == all);
  for (const std::string& key : order) CHECK(moved.contains(key));
}

TEST_CASE("memory_store: a reading goes on where it paused, whatever was put meanwhile") {
  MemoryStore store;
  for (const int timestamp : {10, 20, 30}) put(store, "a", 1, timestamp);
  put(store, "b", 1, 5);
  Cursor cursor = store.find("*");
  Entries seen;
  read_on(store, cursor, 2, seen);
  put(store, "a", 2, 15);  // behind the reading
  put(store, "a", 2, 20);
  put(store, "a", 2, 25);  // ahead of it
  put(store, "a", 2, 30);
  put(store, "b", 2, 6);
  put(store, "c", 2, 1);  // a series that was not there when the reading began
  while (cursor.series != cursor.end) read_on(store, cursor, 2, seen);
  CHECK(seen == Entries{{"a", 1, 10}, {"a", 1, 20}, {"a", 2, 25}, {"a", 2, 30}, {"b", 1, 5}, {"b", 2, 6}});
}

TEST_CASE("memory_store: it says which series it has, and how many") {
  MemoryStore store;
  CHECK(store.series_count() == 0);
  CHECK_FALSE(store.contains("a"));
  put(store, "a", 1, 1);
  put(store, "a", 1, 2);
  put(store, "b", 1, 1);
  CHECK(store.series_count() == 2);
  CHECK(store.contains("a"));
  CHECK_FALSE(store.contains("*"));
}

TEST_CASE("memory_store: the past of a long series can be filled in, backwards and in turns") {
  // Enough for many merges; slow builds are why it is not more.
  constexpr std::int64_t count = 60'000;
  MemoryStore store;
  put(store, "backwards", 0, count);
  put(store, "turns", 0, count);
  for (std::int64_t i = count - 1; i >= 0; --i) put(store, "backwards", 1, i);
  for (std::int64_t i = 0; i < count / 2; ++i) {
    put(store, "turns", 1, i);
    put(store, "turns", 1, i + count / 2);
  }
  for (const char* key : {"backwards", "turns"}) {
    const Entries entries = stored(store, key);
    REQUIRE(entries.size() == count + 1);
    std::size_t wrong = 0;
    for (std::int64_t i = 0; i < count; ++i)
      wrong += entries[static_cast<std::size_t>(i)] != statwire::test::Entry{key, 1, i};
    CHECK(wrong == 0);
  }
}

TEST_CASE("memory_store: of late samples, too, the last value wins, and a reading may pause at any of them") {
  statwire::test::RandomBytes random{7};
  MemoryStore store;
  std::map<std::int64_t, double> model;
  for (int i = 0; i < 30'000; ++i) {
    const auto timestamp = static_cast<std::int64_t>(random.up_to(4999));
    model[timestamp] = i;
    put(store, "a", i, timestamp);
    if (i % 3000 != 0) continue;
    Entries expected;
    for (const auto& [time, value] : model) expected.push_back({"a", value, time});
    CHECK(stored(store, "a") == expected);
    CHECK(stored(store, "*", 1) == expected);
    CHECK(store.sample_count() == model.size());
  }
}

TEST_CASE(
    "memory_store: samples beyond the limit are refused, of any series and place; values are replaced") {
  MemoryStore store{{.max_samples = 3}};
  put(store, "a", 1, 10);
  put(store, "a", 1, 20);
  put(store, "b", 1, 10);
  const auto refused = [&](const char* key, std::int64_t timestamp) {
    std::error_code ec;
    store.put(key, 9, timestamp, ec);
    return ec == std::errc::no_space_on_device;
  };
  CHECK(refused("a", 30));
  CHECK(refused("a", 15));
  CHECK(refused("b", 11));
  CHECK(refused("c", 10));
  CHECK_FALSE(store.contains("c"));
  put(store, "a", 2, 10);
  put(store, "a", 2, 20);
  put(store, "b", 2, 10);
  CHECK(stored(store, "*") == Entries{{"a", 2, 10}, {"a", 2, 20}, {"b", 2, 10}});
  CHECK(store.sample_count() == 3);
}
