#include "statwire/server/prometheus_layout.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace statwire::server;

namespace {

using Kind = PrometheusKind;
using Names = std::vector<std::string>;

/// `name: index{labels} index{labels}` for each family.
Names families(const std::vector<std::pair<Kind, std::string>>& series, const std::string& reserved = "own") {
  PrometheusLayout layout;
  layout.reserve(reserved);
  std::uint32_t index = 0;
  for (const auto& one : series) layout.add(one.first, one.second, index++);
  Names names;
  layout.visit([&](const PrometheusLayout::Family& family) {
    std::string& line = names.emplace_back(std::string{family.name} + ":");
    for (const auto& member : family.members) {
      line += " " + std::to_string(member.index);
      if (!member.labels.empty()) line += "{" + std::string{member.labels} + "}";
    }
  });
  return names;
}

}  // namespace

TEST_CASE("prometheus layout: series of one name are one family, sorted, the same ones side by side") {
  CHECK(families({{Kind::gauge, "b"},
                  {Kind::gauge, "a.b;z=1"},
                  {Kind::gauge, "a"},
                  {Kind::gauge, "a/b"},
                  {Kind::gauge, "a_b;z=1"}}) == Names{"a: 2", "a_b: 3 1{z=\"1\"} 4{z=\"1\"}", "b: 0"});
}

TEST_CASE("prometheus layout: counters end in _total, once") {
  CHECK(families({{Kind::counter, "hits"}, {Kind::counter, "hits_total"}, {Kind::counter, "misses.total"}}) ==
        Names{"hits_total: 0 1", "misses_total: 2"});
  CHECK(families({{Kind::counter, ".total"}}) == Names{"_total_total: 0"});
  CHECK(families({{Kind::fallen_counter, ".total"}}) == Names{"_total: 0"});
}

TEST_CASE("prometheus layout: a name goes to one kind, in whatever order they come") {
  CHECK(families({{Kind::gauge, "a"}, {Kind::set, "a"}, {Kind::timer, "a"}, {Kind::counter, "a"}}) ==
        Names{"a: 2", "a_value: 0", "a_members: 1", "a_total: 3"});
  CHECK(families({{Kind::gauge, "a_total"}, {Kind::counter, "a"}}) ==
        Names{"a_total: 1", "a_total_value: 0"});
}

TEST_CASE("prometheus layout: the parts of a summary are taken, too") {
  CHECK(families({{Kind::gauge, "a.count"}, {Kind::set, "a.sum"}, {Kind::timer, "a"}}) ==
        Names{"a: 2", "a_count_value: 0", "a_sum_members: 1"});
  CHECK(families({{Kind::timer, "a"}, {Kind::timer, "a.sum"}}) == Names{"a: 0", "a_sum_timer: 1"});
  // The summary that comes later in the order of names gives way, whichever part is in its way.
  CHECK(families({{Kind::timer, "own"}}, "own_count") == Names{"own_timer: 0"});
}

TEST_CASE("prometheus layout: names that are reserved or made already are not given") {
  CHECK(families({{Kind::counter, "own"}}, "own_total") == Names{"own_counts_total: 0"});
  CHECK(families({{Kind::timer, "a"}, {Kind::timer, "a_value"}, {Kind::gauge, "a"}}) ==
        Names{"a: 0", "a_value_2: 2", "a_value: 1"});
}

TEST_CASE("prometheus layout: a counter that has gone down is a family of its own") {
  CHECK(families({{Kind::fallen_counter, "a"}}) == Names{"a: 0"});
  CHECK(families({{Kind::counter, "a"}, {Kind::fallen_counter, "a;b=1"}, {Kind::counter, "a;c=1"}}) ==
        Names{"a_total: 0 2{c=\"1\"}", "a: 1{b=\"1\"}"});
  // The sum of both would fall.
  CHECK(families({{Kind::counter, "a.b"}, {Kind::fallen_counter, "a_b"}}) == Names{"a_b: 0 1"});
  CHECK(families({{Kind::fallen_counter, "a"}, {Kind::gauge, "a"}}) == Names{"a_value: 1", "a: 0"});
  CHECK(families({{Kind::fallen_counter, "a"}, {Kind::timer, "a"}}) == Names{"a: 1", "a_net: 0"});
}
