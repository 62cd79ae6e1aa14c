#include "statwire/server/statsd_tally.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/random_bytes.hpp"

namespace {

using statwire::server::StatsdTally;
using statwire::server::StatsdTotals;
using statwire::server::TimingTotals;

constexpr std::size_t plenty = 1000;

StatsdTotals totals_of(const std::vector<std::string_view>& datagrams, std::size_t max_entries = plenty) {
  StatsdTally tally{max_entries};
  for (const std::string_view datagram : datagrams) tally.add(datagram);
  return tally.totals();
}

}  // namespace

TEST_CASE("statsd_tally: it begins with nothing") {
  const StatsdTotals totals = totals_of({});
  CHECK(totals.counters.empty());
  CHECK(totals.gauges.empty());
  CHECK(totals.timings.empty());
  CHECK(totals.sets.empty());
  CHECK(totals.datagrams == 0);
  CHECK(totals.samples == 0);
  CHECK(totals.bad_values == 0);
  CHECK(totals.dropped_samples == 0);
}

TEST_CASE("statsd_tally: counters sum by name, each value divided by its rate") {
  const StatsdTotals totals = totals_of({"a:1|c\nb:5|c\na:-3|c", "a:2|c|@0.5", "b:1|c|@2", "c:7|unknown"});
  CHECK(totals.counters.size() == 3);
  CHECK(totals.counters.at("a") == 2);
  CHECK(totals.counters.at("b") == 5.5);
  CHECK(totals.counters.at("c") == 7);
  CHECK(totals.datagrams == 4);
  CHECK(totals.samples == 6);
}

TEST_CASE("statsd_tally: a gauge is set by a plain number and changed by a signed one") {
  struct Case {
    std::string_view datagram;
    double value;
  };
  const std::vector<Case> cases{
      {"g:42|g", 42},
      {"g:42|g\ng:7|g", 7},
      {"g:42|g\ng:+3|g", 45},
      {"g:42|g\ng:-3|g", 39},
      {"g:42|g\ng:-50|g\ng:-1|g", -9},
      {"g:42|g\ng:0|g\ng:-5|g", -5},
      {"g:+3|g", 3},
      {"g:-3|g", -3},
      {"g:42|g|@0.5\ng:+1|g|@0.5", 43},
      {"g:42|g:+1|g", 43},
  };
  for (const Case& c : cases) {
    CAPTURE(c.datagram);
    CHECK(totals_of({c.datagram}).gauges.at("g") == c.value);
  }
}

TEST_CASE("statsd_tally: timings have count, sum, least and greatest, and only the count is scaled") {
  const StatsdTotals totals = totals_of({"t:20|ms\nt:5|ms|@0.1\nt:0.5|ms", "u:3|ms"});
  const TimingTotals& t = totals.timings.at("t");
  CHECK(t.count == 12);
  CHECK(t.sum == 25.5);
  CHECK(t.min == 0.5);
  CHECK(t.max == 20);
  const TimingTotals& u = totals.timings.at("u");
  CHECK(u.count == 1);
  CHECK(u.sum == 3);
  CHECK(u.min == 3);
  CHECK(u.max == 3);
}

TEST_CASE("statsd_tally: a set holds each member once, whatever it looks like") {
  const StatsdTotals totals =
      totals_of({"s:alice|s\ns:bob|s\ns:alice|s", "s:42|s\ns:042|s\nr:alice|s\ns:|s"});
  using Members = std::set<std::string, std::less<>>;
  CHECK(totals.sets.at("s") == Members{"", "042", "42", "alice", "bob"});
  CHECK(totals.sets.at("r") == Members{"alice"});
  CHECK(totals.samples == 7);
}

TEST_CASE("statsd_tally: the types of one name are series of their own") {
  const StatsdTotals totals = totals_of({"x:1|c\nx:2|g\nx:3|ms\nx:4|s"});
  CHECK(totals.counters.at("x") == 1);
  CHECK(totals.gauges.at("x") == 2);
  CHECK(totals.timings.at("x").sum == 3);
  CHECK(totals.sets.at("x").contains("4"));
}

TEST_CASE("statsd_tally: bad values are counted, and the rest of their line and datagram counts") {
  const StatsdTotals totals = totals_of({"a:x|c:2|c\nnothing\n\na:1|c|@0\na:1|c", ""});
  CHECK(totals.bad_values == 3);
  CHECK(totals.counters.at("a") == 3);
  CHECK(totals.samples == 2);
  CHECK(totals.datagrams == 2);
}

TEST_CASE("statsd_tally: a bad value does not make its name known") {
  const StatsdTotals totals = totals_of({"a:x|c\nb:x|g\nc:-1|ms\nd"}, 0);
  CHECK(totals.bad_values == 4);
  CHECK(totals.dropped_samples == 0);
  CHECK(totals.counters.empty());
}

TEST_CASE("statsd_tally: past the bound new names are dropped and counted, known ones go on") {
  const StatsdTotals totals =
      totals_of({"a:1|c\nb:1|g\nc:1|ms", "d:1|c\nd:1|c\na:1|g\nb:1|ms\ne:x|s", "a:1|c\nb:+1|g\nc:1|ms"}, 3);
  CHECK(totals.counters.size() == 1);
  CHECK(totals.counters.at("a") == 2);
  CHECK(totals.gauges.size() == 1);
  CHECK(totals.gauges.at("b") == 2);
  CHECK(totals.timings.size() == 1);
  CHECK(totals.timings.at("c").count == 2);
  CHECK(totals.sets.empty());
  CHECK(totals.dropped_samples == 5);
  CHECK(totals.samples == 11);
}

TEST_CASE("statsd_tally: the bound counts set members as well as names") {
  const StatsdTotals totals = totals_of({"s:a|s\ns:b|s\ns:c|s\ns:a|s\ns:d|s\nt:a|s\nx:1|c"}, 3);
  CHECK(totals.sets.size() == 1);
  CHECK(totals.sets.at("s").size() == 2);
  CHECK(totals.sets.at("s").contains("a"));
  CHECK(totals.sets.at("s").contains("b"));
  CHECK(totals.counters.empty());
  CHECK(totals.dropped_samples == 4);
  CHECK(totals.samples == 7);
}

TEST_CASE("statsd_tally: names and members outlive the datagram") {
  StatsdTally tally{plenty};
  std::string datagram = "name.longer.than.a.small.string:1|c\ns:member.longer.than.a.small.string|s";
  tally.add(datagram);
  datagram.assign(datagram.size(), 'x');
  CHECK(tally.totals().counters.at("name.longer.than.a.small.string") == 1);
  CHECK(tally.totals().sets.at("s").contains("member.longer.than.a.small.string"));
}

TEST_CASE("statsd_tally: random datagrams never hold more than the bound") {
  statwire::test::RandomBytes random{14};
  StatsdTally tally{50};
  for (int i = 0; i < 20000; ++i) {
    tally.add(random.string(6) + ":" + std::to_string(random.up_to(9)) + "|" +
              std::vector<std::string>{"c", "g", "ms", "s"}[random.up_to(3)] + random.string(4));
  }
  const StatsdTotals& totals = tally.totals();
  std::size_t entries =
      totals.counters.size() + totals.gauges.size() + totals.timings.size() + totals.sets.size();
  for (const auto& [name, members] : totals.sets) entries += members.size();
  CHECK(entries == 50);
  CHECK(totals.datagrams == 20000);
  CHECK(totals.dropped_samples > 0);
  CHECK(totals.dropped_samples < totals.samples);
}
