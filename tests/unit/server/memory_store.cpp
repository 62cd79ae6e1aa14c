#include "statwire/server/memory_store.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/random_bytes.hpp"

namespace {

using statwire::server::MemoryStore;

struct Entry {
  std::string key;
  double value;
  std::int64_t timestamp;
  bool operator==(const Entry&) const = default;
};

using Entries = std::vector<Entry>;

Entries entries(const MemoryStore& store, std::string_view key) {
  Entries result;
  store.for_each(key, [&](const statwire::protocol::Row& row) {
    result.push_back({std::string{row.key}, row.value, row.timestamp});
  });
  return result;
}

}  // namespace

TEST_CASE("memory_store: a key that was never put, and an empty store, have no rows") {
  MemoryStore store;
  CHECK(entries(store, "*").empty());
  CHECK(entries(store, "a").empty());
  store.put("a", 1, 1);
  CHECK(entries(store, "b").empty());
  CHECK(entries(store, "A").empty());
  CHECK(entries(store, "").empty());
}

TEST_CASE("memory_store: of one key and second the last value wins, in its place") {
  MemoryStore store;
  store.put("a", 1, 10);
  store.put("a", 2, 20);
  store.put("a", 3, 30);
  store.put("a", 4, 20);
  store.put("a", 5, 30);
  store.put("a", 6, 10);
  CHECK(entries(store, "a") == Entries{{"a", 6, 10}, {"a", 4, 20}, {"a", 5, 30}});
}

TEST_CASE("memory_store: the same second under another key is another sample") {
  MemoryStore store;
  store.put("a", 1, 10);
  store.put("b", 2, 10);
  CHECK(entries(store, "a") == Entries{{"a", 1, 10}});
  CHECK(entries(store, "b") == Entries{{"b", 2, 10}});
}

TEST_CASE("memory_store: samples that come late are put in the order of their timestamps") {
  constexpr std::int64_t first = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
  MemoryStore store;
  for (const std::int64_t timestamp :
       {std::int64_t{5}, last, std::int64_t{0}, std::int64_t{-7}, first, std::int64_t{3}}) {
    store.put("a", 1, timestamp);
  }
  CHECK(entries(store, "a") ==
        Entries{{"a", 1, first}, {"a", 1, -7}, {"a", 1, 0}, {"a", 1, 3}, {"a", 1, 5}, {"a", 1, last}});
}

TEST_CASE("memory_store: the star gives every key in the order of its first put") {
  MemoryStore store;
  store.put("zebra", 1, 1);
  store.put("ant", 2, 2);
  store.put("mule", 3, 3);
  store.put("zebra", 4, 4);
  store.put("ant", 5, 1);
  CHECK(entries(store, "*") ==
        Entries{{"zebra", 1, 1}, {"zebra", 4, 4}, {"ant", 5, 1}, {"ant", 2, 2}, {"mule", 3, 3}});
}

TEST_CASE("memory_store: a key that is the star itself is stored, and shown with all others") {
  MemoryStore store;
  store.put("a", 1, 1);
  store.put("*", 2, 2);
  CHECK(entries(store, "*") == Entries{{"a", 1, 1}, {"*", 2, 2}});
}

TEST_CASE("memory_store: values that are no number are kept") {
  MemoryStore store;
  store.put("a", std::numeric_limits<double>::quiet_NaN(), 1);
  store.put("a", -std::numeric_limits<double>::infinity(), 2);
  const Entries result = entries(store, "a");
  REQUIRE(result.size() == 2);
  CHECK(std::isnan(result[0].value));
  CHECK(result[1].value == -std::numeric_limits<double>::infinity());
}

TEST_CASE("memory_store: it keeps the key, not the text that it was given in") {
  MemoryStore store;
  std::string key = "short";
  store.put(key, 1, 1);
  key.assign(5, 'x');
  CHECK(entries(store, "short") == Entries{{"short", 1, 1}});
  CHECK(entries(store, "xxxxx").empty());
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
    store.put(key, i, timestamp);
  }
  Entries all;
  for (const std::string& key : order) {
    Entries expected;
    for (const auto& [timestamp, value] : model[key]) expected.push_back({key, value, timestamp});
    CAPTURE(key);
    CHECK(entries(store, key) == expected);
    all.insert(all.end(), expected.begin(), expected.end());
  }
  CHECK(entries(store, "*") == all);
}
