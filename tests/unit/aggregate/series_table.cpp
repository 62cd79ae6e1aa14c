#include "statwire/aggregate/series_table.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

using namespace statwire::aggregate;
using namespace std::chrono_literals;

namespace {

constexpr SeriesTable::TimePoint start{1h};

/// A table, and what the cells of a number are said to hold.
struct Fixture {
  explicit Fixture(std::size_t max_series, std::chrono::seconds max_idle = 300s)
      : table{max_series, max_idle} {}

  std::uint32_t add(const std::string& head, SeriesUse use = SeriesUse::name) {
    return table.find_or_add({.type = SeriesType::counter,
                              .one_in = 1,
                              .head = head,
                              .type_text = "|c",
                              .tags_text = "",
                              .tail = "|c"},
                             use, [&](std::uint32_t) {
                               return std::pair{cells, cells + 1};
                             });
  }

  /// As many flushes as a number needs that was given up, each a little later.
  void flush_through_grace(SeriesTable::TimePoint now) {
    for (int i = 0; i <= SeriesTable::grace_flushes; ++i) table.evict(now + SeriesTable::grace + i * 1s);
  }

  SeriesTable table;
  std::uint64_t cells = 0;
};

}  // namespace

TEST_CASE("series table: the same text is the same series, in the order of their coming") {
  Fixture f{10};
  CHECK(f.add("a:") == 0);
  CHECK(f.add("b:") == 1);
  CHECK(f.add("a:") == 0);
  CHECK(f.table.size() == 2);
  CHECK(f.table[1].head == "b:");
}

TEST_CASE("series table: past the budget there is none, but a tenth more for overflows, sixteen at least") {
  Fixture f{20};
  for (int i = 0; i < 20; ++i) CHECK(f.add(std::to_string(i)) != SeriesTable::none);
  CHECK(f.add("20") == SeriesTable::none);
  CHECK(f.add("20", SeriesUse::handle) == SeriesTable::none);
  CHECK(f.add("3") == 3);
  for (int i = 0; i < 16; ++i)
    CHECK(f.add("o" + std::to_string(i), SeriesUse::overflow) != SeriesTable::none);
  CHECK(f.add("o16", SeriesUse::overflow) == SeriesTable::none);
  CHECK(f.table.size() == SeriesTable::capacity(20));
  CHECK(SeriesTable::capacity(20) == 36);
  CHECK(SeriesTable::capacity(1000) == 1100);
}

TEST_CASE("series table: nothing is given up while there is room, however idle it is") {
  Fixture f{4};
  f.add("a");
  f.add("b");
  f.table.evict(start + 24h);
  CHECK(f.table.generation() == 0);
  CHECK(f.add("a") == 0);
}

TEST_CASE("series table: an idle series makes room, but not before the last call on it must have ended") {
  Fixture f{4};
  f.table.evict(start);
  for (const char* head : {"busy", "idle", "pinned", "other"}) f.add(head);
  f.add("pinned", SeriesUse::handle);
  f.table[0].last_use = f.table[3].last_use = start + 299s;
  f.table.evict(start + 300s);
  CHECK(f.table.generation() == 1);
  CHECK(f.table[1].head == "idle");  // still collected under its own name
  CHECK(f.add("new") == SeriesTable::none);
  f.table[0].last_use = f.table[3].last_use = start + 1h;
  for (int i = 0; i < SeriesTable::grace_flushes; ++i) f.table.evict(start + 359s);
  f.table.evict(start + 359s);
  CHECK(f.add("new") == SeriesTable::none);  // enough flushes, too soon
  f.table.evict(start + 360s);
  f.cells = 17;
  CHECK(f.add("new") == 1);
  CHECK(f.table[1].head == "new");
  CHECK(f.table[1].seen_total == 17);
  CHECK(f.table[1].seen_count == 18);
  CHECK(f.add("busy") == 0);
  CHECK(f.add("pinned") == 2);
  CHECK(f.add("idle") == SeriesTable::none);
}

TEST_CASE(
    "series table: a long time is not enough without flushes in between: the process may have been stopped") {
  Fixture f{1};
  f.table.evict(start);
  f.add("a");
  f.table.evict(start + 1h);
  for (int i = 0; i < SeriesTable::grace_flushes; ++i) {
    CHECK(f.add("b") == SeriesTable::none);
    f.table.evict(start + 10h);
  }
  CHECK(f.add("b") == SeriesTable::none);
  f.table.evict(start + 10h);
  CHECK(f.add("b") == 0);
}

TEST_CASE("series table: one that is wanted again before its number is free gets another") {
  Fixture f{4};
  f.table.evict(start);
  for (const char* head : {"a", "b", "c"}) f.add(head);
  f.table.evict(start + 1h);
  CHECK(f.add("a") == 3);
  CHECK(f.table[0].head == "a");
  CHECK(f.table[0].key.empty());
  f.flush_through_grace(start + 1h);
  CHECK(f.add("a") == 3);
  CHECK(f.add("d") != 3);
}
