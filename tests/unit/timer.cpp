#include "statwire/timer.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "statwire/testing/manual_clock.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"

namespace {

using namespace statwire;
using namespace std::chrono_literals;
using testing::ManualClock;
using MemoryStatsd = StatsdClient<testing::MemoryTransport>;
using Timer = ScopedTimer<MemoryStatsd, ManualClock>;
using Lines = std::vector<std::string>;

Lines sent_by(MemoryStatsd& statsd) {
  statsd.flush();
  return statsd.transport().lines();
}

}  // namespace

TEST_CASE("timer: the scope's duration is sent when it ends") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::buffered, .flush = Flush::manual}};
  {
    const Timer timer{statsd, "request"};
    ManualClock::advance(12500us);
    CHECK(sent_by(statsd).empty());
  }
  CHECK(sent_by(statsd) == Lines{"request:12.5|ms"});
}

TEST_CASE("timer: the duration is sent when an exception ends the scope") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::buffered, .flush = Flush::manual}};
  const auto failing = [&] {
    const Timer timer{statsd, "request"};
    ManualClock::advance(3ms);
    throw std::runtime_error{"out"};
  };
  CHECK_THROWS_AS(failing(), std::runtime_error);
  CHECK(sent_by(statsd) == Lines{"request:3|ms"});
}

TEST_CASE("timer: stop sends at once, returns the duration, and the scope's end sends nothing more") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::buffered, .flush = Flush::manual}};
  {
    Timer timer{statsd, "request"};
    ManualClock::advance(2ms);
    CHECK(timer.stop() == 2ms);
    ManualClock::advance(5ms);
    CHECK(timer.stop() == 0ms);
  }
  CHECK(sent_by(statsd) == Lines{"request:2|ms"});
}

TEST_CASE("timer: a cancelled timer sends nothing") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::buffered, .flush = Flush::manual}};
  {
    Timer timer{statsd, "request"};
    timer.cancel();
  }
  CHECK(sent_by(statsd).empty());
  CHECK(statsd.stats().accepted == 0);
}

TEST_CASE("timer: options reach the timing") {
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.flush = Flush::manual, .random = []() noexcept { return std::uint64_t{0}; }}};
  {
    const Timer timer{statsd, "request", {.rate = 0.5}};
    ManualClock::advance(1ms);
  }
  CHECK(sent_by(statsd) == Lines{"request:1|ms|@0.5"});
}

TEST_CASE("timer: a temporary string is refused as a name, a string that lives is not") {
  static_assert(!std::is_constructible_v<Timer, MemoryStatsd&, std::string>);
  static_assert(std::is_constructible_v<Timer, MemoryStatsd&, std::string&>);
  static_assert(std::is_constructible_v<Timer, MemoryStatsd&, const char*>);
  static_assert(!std::is_copy_constructible_v<Timer>);
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::buffered, .flush = Flush::manual}};
  std::string name = "request";
  { const Timer timer{statsd, name}; }
  CHECK(sent_by(statsd) == Lines{"request:0|ms"});
}

TEST_CASE("timed: the call's result is passed on, whatever it is") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::buffered, .flush = Flush::manual}};
  int counter = 0;
  CHECK(timed(statsd, "value", [] { return std::string{"answer"}; }) == "answer");
  timed(statsd, "void", [&] { ++counter; });
  int& reference = timed(statsd, "reference", [&]() -> int& { return counter; });
  CHECK(&reference == &counter);
  CHECK(counter == 1);
  CHECK_THROWS_AS(timed(statsd, "throws", [] { throw std::runtime_error{"out"}; }), std::runtime_error);
  const Lines lines = sent_by(statsd);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("value:"));
  CHECK(lines[1].starts_with("void:"));
  CHECK(lines[2].starts_with("reference:"));
  CHECK(lines[3].starts_with("throws:"));
}

TEST_CASE("timer: a handle, tags that are known late, the result, and a move") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.flush = Flush::manual}};
  const Timing latency = statsd.timing("latency");
  { const ScopedTimer timer{latency}; }
  CHECK(timed(latency, [] { return 42; }) == 42);
  const auto throwing = [&] {
    ScopedTimer timer{statsd, "request"};
    timer.tag("route", "/a").tag_result();
    throw 1;
  };
  CHECK_THROWS_AS(throwing(), int);
  {
    ScopedTimer timer{statsd, "moved"};
    timer.tag_result();
    const ScopedTimer heir{std::move(timer)};
  }
  ScopedTimer cancelled{latency};
  cancelled.cancel();
  const Lines lines = sent_by(statsd);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("latency:"));
  CHECK(lines[2].ends_with("|ms|#result:error,route:/a"));
  CHECK(lines[3].ends_with("|ms|#result:ok"));
}
