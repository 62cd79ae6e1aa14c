#include "statwire/aggregate/context.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>

using namespace statwire;
using namespace statwire::aggregate;

TEST_CASE("context: scopes that differ in anything are written differently, equal ones alike") {
  const Context outer{"app", {{"zone", "eu"}}};
  std::multiset<std::string> texts;
  const auto note = [&](std::string_view text) {
    texts.emplace(text);
    return 7u;
  };
  CHECK(outer.inner("a", {}, note).id() == 7);
  outer.inner("a", {{"k", "v"}}, note);
  outer.inner("a", {{"k", "v"}, {"l", ""}}, note);
  outer.inner("a", {{"k", "v l"}}, note);
  outer.inner("a", {{"k v", "l"}}, note);
  outer.inner("a", {{"zone", "us"}}, note);
  outer.inner("b", {}, note);
  CHECK(std::set<std::string>{texts.begin(), texts.end()}.size() == 7);
  outer.inner("a", {{"k", "v"}}, note);
  CHECK(std::set<std::string>{texts.begin(), texts.end()}.size() == 7);
  CHECK(texts.size() == 8);
}

TEST_CASE("context: one that gets no number has one of its own") {
  const Context outer{"", {}};
  const auto none = [](std::string_view) { return 0u; };
  const Context a = outer.inner("a", {}, none);
  CHECK(a.id() != outer.id());
  CHECK(a.id() != outer.inner("a", {}, none).id());
  CHECK(a.prefix() == "a.");
}
