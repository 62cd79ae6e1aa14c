#include "statwire/window_states.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>

using namespace statwire;

TEST_CASE("window states: counts, sums and means") {
  Count events;
  events.add();
  events.add(4);
  CHECK(events.value() == 5);
  Mean mean;
  CHECK(mean.value() == 0);
  for (const double price : {10, 10, 11}) mean.add(price);
  CHECK(mean.value() == 31.0 / 3);
  CHECK(mean.sum().value() == 31);
  CHECK(mean.sum().count() == 3);
  Sum sum;
  sum.add(0.5);
  sum.add(31, 3);
  CHECK(sum.value() == 31.5);
  CHECK(sum.mean() == 31.5 / 4);
}

TEST_CASE("window states: whole numbers are summed exactly up to 2^53") {
  Sum sum;
  sum.add(9007199254740990);
  sum.add(1);
  sum.add(1);
  CHECK(sum.value() == 9007199254740992);
}

TEST_CASE("window states: a member counts once, whatever its bytes") {
  DistinctCount members;
  for (const std::string& member : {std::string{"a"}, std::string{""}, std::string{"a\0b", 3},
                                    std::string{"a"}, std::string{"\xff"}, std::string{""}}) {
    CHECK(members.insert(member));
  }
  CHECK(members.value() == 4);
  CHECK(members[1].empty());
}

TEST_CASE("window states: new members beyond a bound are refused and counted, known ones are not") {
  DistinctCount members{{.max_members = 2}};
  CHECK(members.insert("a"));
  CHECK(members.insert("b"));
  CHECK_FALSE(members.insert("c"));
  CHECK_FALSE(members.insert("c"));
  CHECK(members.insert("a"));
  CHECK(members.value() == 2);
  CHECK(members.refused() == 2);
  DistinctCount bytes{{.max_text_bytes = 5}};
  CHECK(bytes.insert("abc"));
  CHECK_FALSE(bytes.insert("def"));
  CHECK(bytes.insert("de"));
  CHECK(bytes.insert(""));
  CHECK(bytes.insert("abc"));
  CHECK_FALSE(bytes.insert(std::string(100, 'x')));
  CHECK(bytes.value() == 3);
  bytes.clear();
  CHECK(bytes.value() == 0);
  CHECK(bytes.refused() == 0);
  CHECK(bytes.insert("def"));
}

TEST_CASE("window states: a hit is one of all, also when it is the first that is seen of a member") {
  DistinctRatio ratio;
  CHECK(ratio.value() == 0);
  ratio.insert("a");
  ratio.insert("b");
  ratio.insert_hit("c");
  CHECK(ratio.value() == 1.0 / 3);
  ratio.insert_hit("c");
  ratio.insert_hit("a");
  CHECK(ratio.value() == 2.0 / 3);
}

TEST_CASE("window states: a hit for which there is no room is in neither count") {
  DistinctRatio ratio{{.max_members = 1}};
  CHECK(ratio.insert("a"));
  CHECK_FALSE(ratio.insert_hit("b"));
  CHECK(ratio.insert_hit("a"));
  CHECK(ratio.value() == 1);
  CHECK(ratio.all().refused() == 1);
}

TEST_CASE("window states: hits that find no room when ratios are merged are in neither count") {
  DistinctRatio left{{.max_members = 2}};
  left.insert("a");
  left.insert("b");
  DistinctRatio right;
  right.insert_hit("c");
  right.insert_hit("b");
  left.merge(right);
  CHECK(left.all().value() == 2);
  CHECK(left.hits().value() == 1);
  CHECK(left.value() == 0.5);
}

TEST_CASE("window states: merged, what both have counts once") {
  DistinctRatio left;
  left.insert("a");
  left.insert_hit("b");
  DistinctRatio right;
  right.insert("b");
  right.insert("c");
  right.insert_hit("a");
  left.merge(right);
  CHECK(left.all().value() == 3);
  CHECK(left.hits().value() == 2);
  DistinctCount small{{.max_members = 2}};
  small.insert("x");
  small.merge(left.all());
  CHECK(small.value() == 2);
  CHECK(small.refused() == 2);
  Mean one;
  one.add(2);
  Mean other;
  other.add(4);
  other.add(6);
  one.merge(other);
  CHECK(one.value() == 4);
}
