#include "statwire/testing/captured.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "statwire/statsd.hpp"

namespace {

using namespace statwire;
using namespace std::chrono_literals;
using testing::Captured;
using testing::including;
using testing::MemoryTransport;
using testing::nothing;
using Texts = std::vector<std::string>;

template <class Printable>
std::string text_of(const Printable& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

Captured capture(const Texts& datagrams, const Profile& profile = profiles::etsy) {
  return Captured{datagrams, profile};
}

}  // namespace

TEST_CASE("captured: what a client sent is found under its name, tags and type") {
  StatsdClient statsd{MemoryTransport{},
                      {.prefix = "shop", .profile = profiles::dogstatsd, .flush = Flush::manual}};
  statsd.increment("hits", 2, {.tags = {{"route", "/a"}}});
  statsd.increment("hits", 1, {.tags = {{"route", "/a"}}});
  statsd.increment("hits", 5);
  statsd.gauge("depth", 42);
  statsd.gauge_delta("depth", -3);
  statsd.timing("latency", 12500us);
  statsd.timing("latency", 3ms);
  statsd.histogram("size", 3.5);
  statsd.distribution("spread", 7);
  statsd.set("users", "alice");
  statsd.set("users", "bob");
  statsd.set("users", "alice");
  statsd.event({.title = "deploy", .text = "v2"});
  statsd.service_check({.name = "db", .status = CheckStatus::warning});
  statsd.flush();

  const Captured captured{statsd.transport(), profiles::dogstatsd};
  CHECK(captured.counter("shop.hits", {{"route", "/a"}}) == 3);
  CHECK(captured.counter("shop.hits") == 5);
  CHECK(captured.gauge("shop.depth") == 39);
  CHECK(captured.timing("shop.latency") == std::vector<std::chrono::microseconds>{12500us, 3ms});
  CHECK(captured.histogram("shop.size") == 3.5);
  CHECK(captured.distribution("shop.spread") == 7);
  CHECK(captured.set("shop.users") == Texts{"bob", "alice"});
  REQUIRE(captured.events().size() == 1);
  CHECK(captured.events()[0].title == "deploy");
  REQUIRE(captured.service_checks().size() == 1);
  CHECK(captured.service_checks()[0].status == CheckStatus::warning);
}

TEST_CASE("captured: a counter is the sum of what the server counts, rates multiplied back") {
  // One in 93 is printed as the double below 1/93, so that a server which cuts off counts 93.
  const Captured captured =
      capture({"a:2|c\na:0.5|c|@0.1", "a:-1|c", "b:3|c|@0.01075268817204301", "c:1|c|@0.3"});
  CHECK(captured.counter("a") == 6);
  CHECK(captured.counter("b") == 279);
  CHECK(captured.counter("c").value() == doctest::Approx(3.3333333));
}

TEST_CASE("captured: a gauge is its last value with later changes applied, from zero when it was never set") {
  const Captured captured =
      capture({"a:5|g\na:+3|g", "a:-1|g", "b:+2|g\nb:-5|g", "c:0|g\nc:-5|g", "d:9|g\nd:2|g"});
  CHECK(captured.gauge("a") == 7);
  CHECK(captured.gauge("b") == -3);
  CHECK(captured.gauge("c") == -5);
  CHECK(captured.gauge("d") == 2);
  CHECK(text_of(captured.gauge("a")) ==
        "gauge a = 7; sent as well: gauge b = -3 (a change), gauge c = -5, gauge d = 2");
  CHECK(capture({"c:-5|g"}, profiles::dogstatsd).gauge("c") == -5);
}

TEST_CASE("captured: values keep their order; their number counts what sampling left out") {
  const Captured captured = capture({"t:12.5:3|ms", "t:7|ms|@0.5", "h:-1:4|h"}, profiles::dogstatsd);
  const auto latency = captured.timing("t");
  CHECK(latency.values() == std::vector<double>{12.5, 3, 7});
  CHECK(latency.count() == 4);
  CHECK(latency.min() == 3);
  CHECK(latency.max() == 12.5);
  CHECK(latency.sum() == 22.5);
  CHECK(text_of(latency) == "timing t = [12.5, 3, 7] ms of 4; sent as well: histogram h = [-1, 4]");
  CHECK(captured.histogram("h") == std::vector<double>{-1, 4});
  CHECK_FALSE(captured.histogram("h") == std::vector<double>{4, -1});
  CHECK_FALSE(captured.histogram("h") == -1);
}

TEST_CASE("captured: a timing equals a duration of any unit, to the nanosecond") {
  CHECK(capture({"t:12.5|ms"}).timing("t") == 12500us);
  CHECK(capture({"t:2000|ms"}).timing("t") == 2s);
  CHECK(capture({"t:0.000123|ms"}).timing("t") == 123ns);
  CHECK_FALSE(capture({"t:2000|ms"}).timing("t") == 2ms);
  CHECK_FALSE(capture({"t:1|ms\nt:1|ms"}).timing("t") == 1ms);
  CHECK(capture({"t:1|ms\nt:2|ms"}).timing("t") == std::vector{1ms, 2ms});
}

TEST_CASE("captured: histograms and distributions are found as what the profile sends for them") {
  CHECK(capture({"a:1|ms"}).histogram("a") == 1);
  CHECK(capture({"a:1|ms"}).distribution("a") == 1);
  CHECK(capture({"a:1|h"}, profiles::telegraf).distribution("a") == 1);
  CHECK(capture({"a:1|d"}, profiles::vector).distribution("a") == 1);
  CHECK(capture({"a:1|d"}, profiles::vector).histogram("a") == nothing);
}

TEST_CASE("captured: a set has its distinct members") {
  const Captured captured = capture({"u:alice|s\nu:bob|s", "u:alice|s"});
  const auto users = captured.set("u");
  CHECK(users.size() == 2);
  CHECK(users.contains("bob"));
  CHECK_FALSE(users.contains("eve"));
  CHECK(users == std::set<std::string>{"alice", "bob"});
  CHECK_FALSE(users == Texts{"alice"});
  CHECK(text_of(users) == "set u = {alice, bob}");
}

TEST_CASE("captured: tags mean the series that has these and no others, in any order") {
  const Captured captured = capture({"a:1|c|#x:1,y:2\na:2|c|#x:1\na:4|c"});
  CHECK(captured.counter("a") == 4);
  CHECK(captured.counter("a", {{"x", "1"}}) == 2);
  CHECK(captured.counter("a", {{"y", "2"}, {"x", "1"}}) == 1);
  CHECK(captured.counter("a", {{"y", "2"}}) == nothing);
  CHECK(capture({"a:1|c|#canary"}, profiles::vector).counter("a", {{"canary", ""}}) == 1);
}

TEST_CASE("captured: including() adds up all series that have some tags") {
  const Captured captured = capture({"a:1|c|#x:1,y:2\na:2|c|#x:1,y:3\na:4|c|#x:2"});
  CHECK(captured.counter("a", including({{"x", "1"}})) == 3);
  CHECK(captured.counter("a", including({})) == 7);
  CHECK(captured.counter("a", including({{"z", "1"}})) == nothing);
  CHECK(text_of(captured.counter("a", including({{"x", "1"}}))) ==
        "counter a{x=1, ...} = 3; sent as well: counter a{x=2} = 4");
}

TEST_CASE("captured: when nothing was sent, no comparison with a value holds") {
  const auto sent = capture({"b:1|g"}).counter("a");
  CHECK_FALSE(sent == 0);
  CHECK_FALSE(sent != 0);
  CHECK_FALSE(0 == sent);
  CHECK_FALSE(0 != sent);
  CHECK_FALSE(sent < 1);
  CHECK_FALSE(sent > -1);
  CHECK_FALSE(sent.was_sent());
  CHECK(std::isnan(sent.value()));
  CHECK(sent == nothing);
  CHECK(nothing == sent);
  CHECK_FALSE(sent != nothing);
  const Captured none = capture({});
  CHECK_FALSE(none.timing("t") == std::vector<std::chrono::milliseconds>{});
  CHECK_FALSE(none.histogram("h") == std::vector<double>{});
  CHECK_FALSE(none.set("s") == Texts{});
  CHECK(std::isnan(none.timing("t").min()));
  CHECK(none.timing("t").sum() == 0);
}

TEST_CASE("captured: a number compares with numbers of every type, on both sides") {
  const auto sent = capture({"a:3|c"}).counter("a");
  CHECK(sent == 3);
  CHECK(sent == 3U);
  CHECK(sent == std::uint64_t{3});
  CHECK(sent == std::int8_t{3});
  CHECK(sent == 3.0F);
  CHECK(3.0 == sent);
  CHECK(sent != 4);
  CHECK(4 != sent);
  CHECK(sent > 2);
  CHECK(sent <= 3.5);
  CHECK(2 < sent);
  CHECK_FALSE(sent != 3);
  CHECK_FALSE(sent == nothing);
}

TEST_CASE("captured: what was not sent prints its near misses, the nearest first") {
  const Captured captured = capture({"hit:1|c\nshop.hits:7|c\nhits:9|ms\nhits:2|c|#route:/b\nerrors:1|c"});
  CHECK(
      text_of(captured.counter("hits", {{"route", "/a"}})) ==
      "nothing sent for counter hits{route=/a}; sent were: counter hits{route=/b} = 2, timing hits = [9] ms, "
      "counter shop.hits = 7, counter hit = 1");
  CHECK(text_of(captured.set("latency")) == "nothing sent for set latency, nor anything like it");
  CHECK(text_of(captured.counter("shop.errors")) ==
        "nothing sent for counter shop.errors; sent were: counter errors = 1");
  CHECK(text_of(capture({}).counter("a")) ==
        "nothing sent for counter a, nor anything else: is there a flush() before the capture?");
  CHECK(
      text_of(
          capture({"a:1|c|#n:1\na:1|c|#n:2\na:1|c|#n:3\na:1|c|#n:4\na:1|c|#n:5\na:1|c|#n:6"}).counter("a")) ==
      "nothing sent for counter a; sent were: counter a{n=1} = 1, counter a{n=2} = 1, counter a{n=3} = 1, "
      "counter a{n=4} = 1, counter a{n=5} = 1, and 1 more");
}

TEST_CASE("captured: a check that fails prints the answer") {
  CHECK(doctest::toString(capture({"a:2|c"}).counter("a")) == "counter a = 2");
  CHECK(doctest::toString(nothing) == "nothing sent");
  CHECK(doctest::toString(capture({"a:\xff|s"}).set("a")) == "set a = {\\xff}");
}

TEST_CASE("captured: all that was sent, and what else was sent") {
  CHECK(capture({}).is_empty());
  CHECK(capture({}) == nothing);
  CHECK(text_of(capture({})) == "nothing sent");
  const Captured captured = capture({"a:1|c\na:2|c\nb:3|g\n_e{2,0}:up|\n_sc|db|0"}, profiles::dogstatsd);
  CHECK_FALSE(captured.is_empty());
  CHECK_FALSE(captured == nothing);
  CHECK(text_of(captured) == "counter a = 3, gauge b = 3, event up, service check db");
  CHECK(captured.samples().size() == 3);
  CHECK(captured.other_than({"a", "b", "up", "db"}) == nothing);
  CHECK(text_of(captured.other_than({"a", "b", "up", "db"})) == "nothing else sent");
  CHECK_FALSE(captured.other_than({"a", "up"}) == nothing);
  CHECK(text_of(captured.other_than({"a", "up"})) == "sent as well: gauge b = 3, service check db");
}

TEST_CASE("captured: an answer outlives what it was asked of") {
  const auto sent = capture({"a:2|c"}).counter("a");
  CHECK(sent == 2);
  CHECK(text_of(sent) == "counter a = 2");
}

TEST_CASE("captured: what the server would not understand is an error that names datagram, line and byte") {
  const std::string expected =
      "statwire: a server of the profile 'etsy' would not understand 'b\\x00:x|c' (datagram 2, line 2, at "
      "byte 1: "
      "expected a byte of a name, or ':' and a value): ";
  try {
    capture({"a:1|c", std::string{"a:1|c\nb\0:x|c", 12}});
    FAIL("no exception");
  } catch (const std::runtime_error& error) {
    CHECK(std::string{error.what()}.starts_with(expected));
  }
  CHECK_THROWS_AS(capture({"a:1|h"}), ClientError);
  CHECK_NOTHROW(capture({"a:1|h"}, profiles::telegraf));
}
