#include "statwire/aggregate/name_cache.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

using namespace statwire;
using namespace statwire::aggregate;

TEST_CASE("name cache: names that differ in anything are different") {
  const std::array<Tag, 1> tag{{{"a", "b"}}};
  const std::array<Tag, 1> other_split{{{"ab", ""}}};
  const std::array<Tag, 2> two{{{"a", "b"}, {"a", "b"}}};
  const std::vector<SeriesName> names{
      {.name = "n"},
      {.name = "m"},
      {.name = ""},
      {.context = 1, .name = "n"},
      {.type = SeriesType::gauge, .name = "n"},
      {.one_in = 10, .name = "n"},
      {.name = "n", .tags = tag},
      {.name = "n", .tags = other_split},
      {.name = "n", .tags = two},
      {.name = "na", .tags = tag},
  };
  NameCache cache{100};
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    CHECK(cache.find(names[i]) == NameCache::unknown);
    cache.insert(i);
  }
  for (std::uint32_t i = 0; i < names.size(); ++i) CHECK(cache.find(names[i]) == i);
}

TEST_CASE("name cache: every byte of a text matters, at any length") {
  NameCache cache{100'000};
  std::uint32_t series = 0;
  for (std::size_t size = 0; size <= 40; ++size) {
    std::string name(size, 'n');
    CHECK(cache.find({.name = name}) == NameCache::unknown);
    cache.insert(++series);
    for (std::size_t i = 0; i < size; ++i) {
      name[i] = 'm';
      CHECK(cache.find({.name = name}) == NameCache::unknown);
      name[i] = 'n';
    }
    CHECK(cache.find({.name = name}) == series);
  }
}

TEST_CASE("name cache: a name that is longer than any line is not looked for") {
  NameCache cache{10};
  const std::string long_text(8191, 'l');
  const std::array<Tag, 2> tags{{{"a", long_text}, {"b", long_text}}};
  CHECK(cache.find({.name = long_text}) == NameCache::unknown);
  CHECK(cache.find({.name = long_text + "1"}) == NameCache::too_long);
  CHECK(cache.find({.name = "n", .tags = tags}) == NameCache::too_long);
}

TEST_CASE("name cache: it grows, and forgets everything rather than grow beyond its bound") {
  NameCache cache{1000};
  const auto name_of = [](std::uint32_t i) { return "name" + std::to_string(i); };
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const std::string name = name_of(i);
    CHECK(cache.find({.name = name}) == NameCache::unknown);
    cache.insert(i);
  }
  const auto find = [&](std::uint32_t i) {
    const std::string name = name_of(i);
    return cache.find({.name = name});
  };
  for (std::uint32_t i = 0; i < 1000; ++i) REQUIRE(find(i) == i);
  const std::string more = name_of(1000);
  CHECK(cache.find({.name = more}) == NameCache::unknown);
  cache.insert(1000);
  CHECK(find(1000) == 1000);
  CHECK(find(0) == NameCache::unknown);
}
