// tests/cases/000_m3.json: what M3's request and user metrics sent. A client of the profile `pystatsd` that
// sends at once, and TimingUnit::m3_microseconds, make the same bytes.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "statwire/requests.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/manual_clock.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/case_files.hpp"
#include "support/memory_statsd.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

using ManualRequestMetrics = BasicRequestMetrics<testing::ManualClock>;

StatsdOptions compatible(const std::string& prefix) {
  return {.prefix = prefix, .profile = profiles::pystatsd, .delivery = Delivery::immediate};
}

void handle(const M3Request& request) {
  testing::ManualClock::advance(
      std::chrono::nanoseconds{static_cast<std::int64_t>(request.elapsed_seconds * 1e9)});
  if (request.raised) throw std::invalid_argument{"ValueError"};
}

}  // namespace

TEST_CASE("m3: every request of the case file makes the same datagrams, byte for byte") {
  const std::vector<M3Request> requests = m3_requests();
  REQUIRE(!requests.empty());
  for (const M3Request& request : requests) {
    CAPTURE(request.prefix);
    CAPTURE(request.is_later);
    MemoryStatsd statsd{testing::MemoryTransport{}, compatible(request.prefix)};
    const ManualRequestMetrics metrics{
        statsd,
        {.collect_requests = request.is_enabled},
        {.names = request.is_later ? RequestNames::controller_url_method : RequestNames::controller,
         .unit = TimingUnit::m3_microseconds}};
    bool raised = false;
    try {
      const auto scope = metrics.scope(request.controller, {request.path, request.method});
      handle(request);
    } catch (const std::invalid_argument&) {
      raised = true;
    }
    CHECK(raised == request.raised);
    CHECK(statsd.transport().datagrams() == request.datagrams);
  }
}

TEST_CASE("m3: every event of its users makes the same datagrams, byte for byte") {
  const std::map<std::string, std::function<void(const UserMetrics&, const M3UserEvent&)>> calls{
      {"on_capture", [](auto& users, auto& event) { users.capture(event.users, event.sessions); }},
      {"on_second_capture", [](auto& users, auto& event) { users.capture(event.users, event.sessions); }},
      {"on_login", [](auto& users, auto&) { users.logged_in(); }},
      {"on_login_after_second_capture", [](auto& users, auto&) { users.logged_in(); }},
      {"on_logout", [](auto& users, auto&) { users.logged_out(); }},
      {"on_user_deleted", [](auto& users, auto&) { users.deleted(); }},
      {"on_user_saved_id_none", [](auto& users, auto&) { users.created(); }},
      {"on_user_saved_id_set", [](auto&, auto&) {}},  // a user that is there already: nothing to call
  };
  const std::vector<M3UserEvent> events = m3_user_events();
  REQUIRE(!events.empty());
  for (const M3UserEvent& event : events) {
    CAPTURE(event.event);
    MemoryStatsd statsd{testing::MemoryTransport{}, compatible(event.prefix)};
    const UserMetrics users{statsd};
    REQUIRE_MESSAGE(calls.contains(event.event), "an event that nothing here stands for: " << event.event);
    calls.at(event.event)(users, event);
    CHECK(statsd.transport().datagrams() == event.datagrams);
  }
}
