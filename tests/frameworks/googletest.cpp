// Captured in GoogleTest: the comparisons compile within its macros, and what a failed check prints is the
// answer.

#include <gtest/gtest.h>

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

TEST(Captured, WhatWasSentComparesWithWhatIsExpected) {
  statwire::StatsdClient statsd{MemoryTransport{}, {.flush = statwire::Flush::manual}};
  statsd.increment("hits", 3, {.tags = {{"route", "/a"}}});
  statsd.gauge("depth", -2.5);
  statsd.timing("latency", 12ms);
  statsd.set("users", "alice");
  statsd.flush();

  const Captured captured{statsd.transport()};
  EXPECT_EQ(captured.counter("hits", {{"route", "/a"}}), 3);
  EXPECT_EQ(3, captured.counter("hits", {{"route", "/a"}}));
  EXPECT_NE(captured.counter("hits", {{"route", "/a"}}), 4);
  EXPECT_GT(captured.counter("hits", {{"route", "/a"}}), 2);
  EXPECT_EQ(captured.counter("hits"), nothing);
  EXPECT_EQ(captured.gauge("depth"), -2.5);
  EXPECT_EQ(captured.timing("latency"), 12ms);
  EXPECT_EQ(captured.set("users"), std::set<std::string>{"alice"});
  EXPECT_EQ(captured.other_than({"hits", "depth", "latency", "users"}), nothing);
  EXPECT_FALSE(captured == nothing);
}

TEST(Captured, AFailedCheckPrintsWhatWasSentAndItsNearMisses) {
  const std::string sent = "hits:3|c|#route:/b";
  const Captured captured{std::span{&sent, 1}};
  EXPECT_EQ(testing::PrintToString(captured.counter("hits")),
            "nothing sent for counter hits; sent were: counter hits{route=/b} = 3");
  EXPECT_EQ(testing::PrintToString(captured.counter("hits", {{"route", "/b"}})),
            "counter hits{route=/b} = 3");
  EXPECT_EQ(testing::PrintToString(captured), "counter hits{route=/b} = 3");
  EXPECT_EQ(testing::PrintToString(nothing), "nothing sent");
}
