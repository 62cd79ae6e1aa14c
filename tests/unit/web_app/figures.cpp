#include "web_app/figures.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

using namespace web_app;

namespace {

const std::string desktop = "e1fc414efb00462ad25041a21e45e696";  // MD5 of /desktop
const std::string actions = "a6e58883765b9321f1e330f6f005eeea";  // MD5 of /actions

std::string name(const std::string& hash, const std::string& rest) {
  return "v1.a.controller_" + hash + ".requests." + rest;
}

}  // namespace

TEST_CASE("web_app figures: percentiles are within 1 % from a microsecond to 1000 s") {
  for (const double step : {0.001, 0.37, 1.0, 9'000.0}) {
    CAPTURE(step);
    Distribution distribution;
    for (int i = 100; i >= 1; --i) distribution.add(i * step, 1);
    CHECK(distribution.count() == 100);
    for (const int percent : {1, 50, 90, 99, 100}) {
      CAPTURE(percent);
      const double expected = percent * step;
      CHECK(distribution.percentile(percent / 100.0) >= expected * 0.99);
      CHECK(distribution.percentile(percent / 100.0) <= expected * 1.01);
    }
  }
}

TEST_CASE("web_app figures: the ends of a distribution are exact, whatever their size") {
  Distribution distribution;
  CHECK(distribution.percentile(0.5) == 0);
  distribution.add(12.34, 1);
  CHECK(distribution.percentile(0.5) == 12.34);
  CHECK(distribution.percentile(0.99) == 12.34);

  Distribution extremes;
  extremes.add(0, 1);
  extremes.add(5e9, 1);
  CHECK(extremes.percentile(0.5) == 0);
  CHECK(extremes.percentile(0.99) >= 1e6 * 0.98);  // the last class
}

TEST_CASE("web_app figures: a timing with a rate stands for 1 / rate") {
  Figures figures{"v1.a"};
  figures.take(name(desktop, "timing:1|ms|@0.1\n") + name(desktop, "timing:5|ms\n") +
               name(desktop, "timing:7|ms"));
  const Distribution& timings = figures.controllers().at(desktop).timings;
  CHECK(timings.count() == doctest::Approx(12));
  CHECK(timings.percentile(0.8) == doctest::Approx(1).epsilon(0.01));  // 10 of 12
  CHECK(timings.percentile(0.9) == doctest::Approx(5).epsilon(0.01));
  CHECK(timings.percentile(0.99) == doctest::Approx(7).epsilon(0.01));
}

TEST_CASE("web_app figures: requests, errors and timings by hash, with rates and several values in a line") {
  for (const std::string prefix : {"v1.a", "v1.a."}) {
    CAPTURE(prefix);
    Figures figures{prefix};
    figures.take(name(desktop, "count:3|c\n") + name(desktop, "count:2|c|@0.5\n") +
                 name(desktop, "errors:1|c\n") + name(actions, "timing:5|ms:9|ms\nv1.a.requests.total:8|c"));
    REQUIRE(figures.controllers().size() == 2);
    CHECK(figures.controllers().at(desktop).requests == 7);
    CHECK(figures.controllers().at(desktop).errors == 1);
    CHECK(figures.controllers().at(desktop).timings.count() == 0);
    CHECK(figures.controllers().at(actions).requests == 0);
    CHECK(figures.controllers().at(actions).timings.count() == 2);
    CHECK(figures.total_requests() == 8);
    CHECK(figures.bad_values() == 0);
  }
}

TEST_CASE("web_app figures: gauges and counters of users are kept apart") {
  Figures figures{"v1.a"};
  CHECK_FALSE(figures.user_count());
  CHECK_FALSE(figures.active_users());
  figures.take("v1.a.users.count:5|g\nv1.a.users.active:2|g");
  figures.take("v1.a.users.count:6|g\nv1.a.users.active:1|c\nv1.a.users.active:-3|c\nv1.a.users.count:1|c");
  CHECK(figures.user_count() == 6);
  CHECK(figures.active_users() == 2);
  CHECK(figures.logins() == -2);
  CHECK(figures.created_users() == 1);
  figures.take("v1.a.users.active:+4|g");  // a change
  CHECK(figures.active_users() == 6);
}

TEST_CASE("web_app figures: names of others, and names that are nearly ours, are no controllers") {
  Figures figures{"v1.a"};
  for (const std::string& line : std::vector<std::string>{
           "v2.a.controller_" + desktop + ".requests.count:1|c",
           "v1.a.controller_" + desktop + ".requests.x:1|c",
           "v1.a.controller_" + desktop.substr(1) + ".requests.count:1|c",
           "v1.a.controller_" + desktop + "0.requests.count:1|c",
           "v1.a.controller_E" + desktop.substr(1) + ".requests.count:1|c",
           "v1.a.controllers" + desktop + ".requests.count:1|c", "v1.axrequests.total:1|c",
           "v1.a.controller_" + desktop + ".requests.count:1|g", "v1.a.requests.total:1|g",
           "v1.a.controller_" + desktop + ".requests.timing:1|c", "requests.total:1|c"}) {
    CAPTURE(line);
    figures.take(line);
    CHECK(figures.controllers().empty());
    CHECK(figures.total_requests() == 0);
  }
}

TEST_CASE("web_app figures: what cannot be read is counted, and costs nothing else") {
  Figures figures{"v1.a"};
  figures.take(name(desktop, "count:x|c\n") + std::string(3, '\0') + "\n" + name(desktop, "timing:-1|ms\n") +
               name(desktop, "count:1|c"));
  CHECK(figures.bad_values() == 3);
  CHECK(figures.controllers().at(desktop).requests == 1);
}

TEST_CASE("web_app figures: controllers beyond the limit are counted, not kept") {
  Figures figures{"v1.a"};
  for (std::size_t i = 0; i < Figures::max_controllers + 2; ++i) {
    std::string hash = std::to_string(i);
    hash.insert(0, 32 - hash.size(), '0');
    figures.take(name(hash, "count:1|c"));
  }
  CHECK(figures.controllers().size() == Figures::max_controllers);
  CHECK(figures.dropped_values() == 2);
  figures.take(name(std::string(32, '0'), "count:1|c"));  // one that is known
  CHECK(figures.controllers().at(std::string(32, '0')).requests == 2);
  CHECK(figures.dropped_values() == 2);
}
