#include "statwire/client/request_table.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <set>
#include <string>

using statwire::client::RequestKey;
using Table = statwire::client::RequestTable<int>;

TEST_CASE("request_table: what is added once is found, and made no second time") {
  Table table{10};
  int made = 0;
  const RequestKey key{"/desktop", "/desktop/save", "POST"};
  CHECK(table.find(key) == nullptr);
  const int* value = table.find_or_add(key, [&] { return ++made; });
  REQUIRE(value != nullptr);
  CHECK(*value == 1);
  CHECK(table.find_or_add(key, [&] { return ++made; }) == value);
  CHECK(table.find(key) == value);
  CHECK(made == 1);
}

TEST_CASE("request_table: keys that differ in one part, or are cut at another place, are different") {
  Table table{10};
  std::set<const int*> values;
  for (const RequestKey& key :
       {RequestKey{"/a", "/b", "GET"}, RequestKey{"/a", "/b", "PUT"}, RequestKey{"/a", "/c", "GET"},
        RequestKey{"/c", "/b", "GET"}, RequestKey{"/a/b", "", "GET"}, RequestKey{"", "/a/b", "GET"},
        RequestKey{"/a/bGET", "", ""}, RequestKey{}}) {
    values.insert(table.find_or_add(key, [] { return 0; }));
  }
  CHECK(values.size() == 8);
}

TEST_CASE("request_table: over the bound nothing is added, and what is there stays") {
  Table table{100};
  for (int i = 0; i < 100; ++i) {
    const std::string path = "/" + std::to_string(i);
    REQUIRE(table.find_or_add({.path = path}, [i] { return i; }) != nullptr);
  }
  CHECK(table.find_or_add({.path = "/one too many"}, [] { return 0; }) == nullptr);
  for (int i = 0; i < 100; ++i) {
    const std::string path = "/" + std::to_string(i);
    const int* value = table.find_or_add({.path = path}, [] { return -1; });
    REQUIRE(value != nullptr);
    CHECK(*value == i);
  }
}

TEST_CASE("request_table: keys are kept, not referred to") {
  Table table{1};
  {
    const std::string path(100, 'x');
    table.find_or_add({.path = path}, [] { return 7; });
  }
  const std::string same(100, 'x');
  REQUIRE(table.find({.path = same}) != nullptr);
  CHECK(*table.find({.path = same}) == 7);
}
