#include "statwire/testing/manual_clock.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <concepts>

namespace {

using namespace std::chrono_literals;
using statwire::testing::ManualClock;

static_assert(std::same_as<ManualClock::duration, std::chrono::nanoseconds>);
static_assert(
    std::same_as<ManualClock::duration, std::chrono::duration<ManualClock::rep, ManualClock::period>>);
static_assert(std::same_as<ManualClock::time_point::clock, ManualClock>);
static_assert(std::same_as<ManualClock::time_point::duration, ManualClock::duration>);
static_assert(std::same_as<decltype(ManualClock::now()), ManualClock::time_point>);
static_assert(!ManualClock::is_steady&& noexcept(ManualClock::now()));

}  // namespace

TEST_CASE("manual_clock: it shows the time that it was set to, and stands still") {
  ManualClock::set(1642667947s);
  CHECK(ManualClock::now().time_since_epoch() == 1642667947s);
  CHECK(ManualClock::now() == ManualClock::now());
  ManualClock::set(0s);
  CHECK(ManualClock::now() == ManualClock::time_point{});
  ManualClock::set(-5ns);
  CHECK(ManualClock::now().time_since_epoch() == -5ns);
}

TEST_CASE("manual_clock: it moves by just what it is told, backwards too") {
  ManualClock::set(10ms);
  const ManualClock::time_point start = ManualClock::now();
  ManualClock::advance(5ms);
  CHECK(ManualClock::now() - start == 5ms);
  ManualClock::advance(1ns);
  ManualClock::advance(0ns);
  CHECK(ManualClock::now() - start == 5000001ns);
  ManualClock::advance(-6ms);
  CHECK(ManualClock::now() - start == -999999ns);
}
