#include "statwire/aggregate/member_set.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <set>
#include <string>

using statwire::aggregate::MemberSet;

TEST_CASE("member set: a member is there once, and all are there after it has grown") {
  MemberSet members;
  std::set<std::string> expected;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 1000; ++i) {
      const std::string member = "member" + std::to_string(i % 500);
      const auto wanted =
          expected.insert(member).second ? MemberSet::Insertion::added : MemberSet::Insertion::known;
      REQUIRE(members.insert(member, 1000) == wanted);
    }
    REQUIRE(members.size() == expected.size());
    for (std::size_t i = 0; i < members.size(); ++i) CHECK(expected.erase(std::string{members[i]}) == 1);
    CHECK(expected.empty());
    members.clear();
    CHECK(members.size() == 0);
  }
}

TEST_CASE("member set: a full set takes what it knows and refuses the rest") {
  MemberSet members;
  CHECK(members.insert("a", 1) == MemberSet::Insertion::added);
  CHECK(members.insert("a", 1) == MemberSet::Insertion::known);
  CHECK(members.insert("b", 1) == MemberSet::Insertion::full);
  members.clear();
  CHECK(members.insert("b", 1) == MemberSet::Insertion::added);
}
