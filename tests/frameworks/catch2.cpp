// Captured in Catch2: the comparisons compile within its macros, and what a failed check prints is the
// answer. doctest and Catch2 have macros of the same names, so they never meet in one file.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif

#include <chrono>
#include <set>
#include <span>
#include <string>

#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"

using namespace std::chrono_literals;
using statwire::testing::Captured;
using statwire::testing::MemoryTransport;
using statwire::testing::nothing;

TEST_CASE("Catch2: what was sent compares with what is expected") {
  statwire::StatsdClient statsd{MemoryTransport{}, {.flush = statwire::Flush::manual}};
  statsd.increment("hits", 3, {.tags = {{"route", "/a"}}});
  statsd.gauge("depth", -2.5);
  statsd.timing("latency", 12ms);
  statsd.set("users", "alice");
  statsd.flush();

  const Captured captured{statsd.transport()};
  CHECK(captured.counter("hits", {{"route", "/a"}}) == 3);
  CHECK(captured.counter("hits", {{"route", "/a"}}) != 4);
  CHECK(captured.counter("hits", {{"route", "/a"}}) > 2);
  CHECK(captured.counter("hits") == nothing);
  CHECK(captured.gauge("depth") == -2.5);
  CHECK(captured.timing("latency") == 12ms);
  CHECK(captured.set("users") == std::set<std::string>{"alice"});
  CHECK(captured.other_than({"hits", "depth", "latency", "users"}) == nothing);
  CHECK_FALSE(captured == nothing);
}

TEST_CASE("Catch2: a failed check prints what was sent, and its near misses") {
  const std::string sent = "hits:3|c|#route:/b";
  const Captured captured{std::span{&sent, 1}};
  CHECK(Catch::Detail::stringify(captured.counter("hits")) ==
        "nothing sent for counter hits; sent were: counter hits{route=/b} = 3");
  CHECK(Catch::Detail::stringify(captured.counter("hits", {{"route", "/b"}})) ==
        "counter hits{route=/b} = 3");
  CHECK(Catch::Detail::stringify(captured) == "counter hits{route=/b} = 3");
  CHECK(Catch::Detail::stringify(nothing) == "nothing sent");
}
