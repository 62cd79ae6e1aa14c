#include "statwire/aggregate/name_cache.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

using namespace statwire;
using namespace statwire::aggregate;

TEST_CASE("name cache: names that differ in anything are different, even when their hashes are the same") {
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
  constexpr std::uint64_t same_hash = 42;
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    CHECK(cache.find(names[i], same_hash) == NameCache::unknown);
    cache.insert(names[i], same_hash, i);
  }
  for (std::uint32_t i = 0; i < names.size(); ++i) CHECK(cache.find(names[i], same_hash) == i);
}

TEST_CASE("name cache: it grows, and forgets everything rather than grow beyond its bound") {
  NameCache cache{1000};
  const auto name_of = [](std::uint32_t i) { return "name" + std::to_string(i); };
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const std::string name = name_of(i);
    cache.insert({.name = name}, SeriesName{.name = name}.hash(), i);
  }
  const auto find = [&](std::uint32_t i) {
    const std::string name = name_of(i);
    return cache.find({.name = name}, SeriesName{.name = name}.hash());
  };
  for (std::uint32_t i = 0; i < 1000; ++i) REQUIRE(find(i) == i);
  const std::string more = name_of(1000);
  cache.insert({.name = more}, SeriesName{.name = more}.hash(), 1000);
  CHECK(find(1000) == 1000);
  CHECK(find(0) == NameCache::unknown);
}
