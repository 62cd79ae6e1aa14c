#include "statwire/requests.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "statwire/statsd.hpp"
#include "statwire/testing/manual_clock.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;
using statwire::testing::ManualClock;

namespace {

using Metrics = BasicRequestMetrics<ManualClock>;

const Settings enabled{.collect_requests = true};
const std::string desktop = "controller_e1fc414efb00462ad25041a21e45e696.";
const std::string actions = "controller_a6e58883765b9321f1e330f6f005eeea.";

MemoryStatsd make_statsd() {
  return MemoryStatsd{testing::MemoryTransport{}, {.delivery = Delivery::immediate}};
}

/// What was sent since the last time.
Lines taken(MemoryStatsd& statsd) {
  Lines lines = statsd.transport().lines();
  statsd.transport().clear();
  return lines;
}

}  // namespace

TEST_CASE("requests: nothing is sent before the scope ends; then count, total and milliseconds") {
  MemoryStatsd statsd = make_statsd();
  const Metrics requests{statsd, enabled};
  {
    const auto scope = requests.scope("/desktop");
    ManualClock::advance(12345678ns);
    CHECK(taken(statsd).empty());
  }
  CHECK(taken(statsd) == Lines{desktop + "requests.count:1|c", "requests.total:1|c",
                               desktop + "requests.timing:12.345678|ms"});
}

TEST_CASE("requests: m3_microseconds are whole microseconds under the type ms") {
  MemoryStatsd statsd = make_statsd();
  const Metrics requests{statsd, enabled, {.unit = TimingUnit::m3_microseconds}};
  {
    const auto scope = requests.scope("/desktop");
    ManualClock::advance(12345999ns);
  }
  CHECK(taken(statsd).back() == desktop + "requests.timing:12345|ms");
}

TEST_CASE("requests: switched off, nothing is sent and no series is made") {
  MemoryStatsd statsd = make_statsd();
  const Metrics requests{statsd, Settings{}};
  CHECK_FALSE(requests.is_enabled());
  { const auto scope = requests.scope("/desktop", {"/desktop/save", "GET"}); }
  { const auto scope = requests.controller("/desktop").scope(); }
  const auto fail = [](int) -> RequestTarget { throw std::logic_error{"asked for the target of nothing"}; };
  CHECK(requests.wrap(
            "/desktop", [](int number) { return number; }, fail)(3) == 3);
  CHECK(taken(statsd).empty());
  CHECK(statsd.stats().accepted == 0);
}

TEST_CASE("requests: the prefix of the client is joined with one dot, whether or not it ends in one") {
  for (const std::string prefix : {"v1.shop", "v1.shop."}) {
    MemoryStatsd statsd{testing::MemoryTransport{}, {.prefix = prefix, .delivery = Delivery::immediate}};
    const Metrics requests{statsd, enabled};
    { const auto scope = requests.scope("/desktop"); }
    CHECK(taken(statsd).at(1) == "v1.shop.requests.total:1|c");
  }
}

TEST_CASE("requests: an exception passes through, and is an error where errors are counted") {
  MemoryStatsd statsd = make_statsd();
  const Metrics requests{statsd, enabled, {.count_errors = true}};
  CHECK_THROWS_WITH(requests.wrap("/desktop", [] { throw std::runtime_error{"broken"}; })(), "broken");
  CHECK(taken(statsd) == Lines{desktop + "requests.count:1|c", "requests.total:1|c",
                               desktop + "requests.timing:0|ms", desktop + "requests.errors:1|c"});
  {
    auto scope = requests.scope("/desktop");
    scope.fail();
  }
  CHECK(taken(statsd).back() == desktop + "requests.errors:1|c");
  { const auto scope = requests.scope("/desktop"); }
  CHECK(taken(statsd).size() == 3);
}

TEST_CASE("requests: a request in a destructor that an exception runs is no error of its own") {
  MemoryStatsd statsd = make_statsd();
  const Metrics requests{statsd, enabled, {.count_errors = true}};
  struct Farewell {
    const Metrics& requests;
    ~Farewell() { const auto scope = requests.scope("/desktop"); }
  };
  try {
    const Farewell farewell{requests};
    throw std::runtime_error{""};
  } catch (const std::runtime_error&) {
  }
  CHECK(taken(statsd).size() == 3);
}

TEST_CASE("requests: a scope that was moved from sends nothing, the other once") {
  MemoryStatsd statsd = make_statsd();
  const Metrics requests{statsd, enabled};
  {
    auto scope = std::make_optional(requests.scope("/desktop"));
    const auto moved = std::move(*scope);
    scope.reset();
    CHECK(taken(statsd).empty());
    ManualClock::advance(1ms);
  }
  CHECK(taken(statsd).at(2) == desktop + "requests.timing:1|ms");
}

TEST_CASE("requests: the later names hold the hash of the path and the method in lower case") {
  MemoryStatsd statsd = make_statsd();
  const Metrics requests{statsd, enabled, {.names = RequestNames::controller_url_method}};
  const std::string save = desktop + "url_62ce4042be0628fb7dcf2b1a03f36295.method_post.";
  { const auto scope = requests.scope("/desktop", {"/desktop/save", "POST"}); }
  CHECK(taken(statsd).front() == save + "requests.count:1|c");
  { const auto scope = requests.controller("/desktop").scope({"/desktop/save", "POST"}); }
  CHECK(taken(statsd).front() == save + "requests.count:1|c");
  { const auto scope = requests.scope("/desktop"); }  // of which no more is known
  CHECK(taken(statsd).front() == desktop + "requests.count:1|c");
}

TEST_CASE("requests: paths beyond max_names count for their controller, controllers beyond it in the total") {
  MemoryStatsd statsd = make_statsd();
  const Metrics requests{statsd, enabled, {.names = RequestNames::controller_url_method, .max_names = 1}};
  { const auto scope = requests.scope("/desktop", {"/desktop/save", "POST"}); }
  CHECK(taken(statsd).front().starts_with(desktop + "url_"));
  { const auto scope = requests.scope("/desktop", {"/desktop/rows", "POST"}); }
  CHECK(taken(statsd).front() == desktop + "requests.count:1|c");
  { const auto scope = requests.scope("/actions", {"/actions/x", "POST"}); }
  CHECK(taken(statsd) == Lines{"requests.total:1|c"});
}

TEST_CASE("requests: max_names out of range is refused by name and value") {
  MemoryStatsd statsd = make_statsd();
  for (const std::size_t names : {std::size_t{0}, std::size_t{1'000'001}}) {
    CHECK_THROWS_AS(Metrics(statsd, enabled, {.max_names = names}), ClientError);
  }
  CHECK_THROWS_WITH(Metrics(statsd, enabled, {.max_names = 0}),
                    doctest::Contains("max_names is 0; it must be 1 to 1000000"));
}

TEST_CASE("requests: a wrapped handler takes, returns and keeps what the handler does") {
  MemoryStatsd statsd = make_statsd();
  const Metrics requests{statsd, enabled};
  int last = 0;
  auto handler = requests.wrap("/desktop", [&last](std::unique_ptr<int> number, int& out) -> int& {
    out = last = *number;
    return last;
  });
  int out = 0;
  int& result = handler(std::make_unique<int>(5), out);
  CHECK(&result == &last);
  CHECK(out == 5);
  CHECK(taken(statsd).size() == 3);
  static_assert(!std::is_invocable_v<decltype(handler), std::string>);
}

TEST_CASE("requests: a wrapped handler knows path and method when it is told how to find them") {
  struct Request {
    std::string path;
    std::string method;
  };
  MemoryStatsd statsd = make_statsd();
  const Metrics requests{statsd, enabled, {.names = RequestNames::controller_url_method}};
  const auto handler = requests.wrap(
      "/actions", [](const Request&) {},
      [](const Request& request) {
        return RequestTarget{request.path, request.method};
      });
  handler(Request{"/actions/x", "GET"});
  CHECK(taken(statsd).front() ==
        actions + "url_a02382bfee0810dcc240b70124eb22bd.method_get.requests.count:1|c");
}

TEST_CASE("requests: a handler may outlive the metrics that it was wrapped by") {
  MemoryStatsd statsd = make_statsd();
  auto requests = std::make_optional<Metrics>(statsd, enabled);
  const auto handler = requests->wrap("/desktop", [] {});
  requests.reset();
  handler();
  CHECK(taken(statsd).size() == 3);
}

TEST_CASE("users: gauges of the numbers and counters of the changes, as often as one likes") {
  MemoryStatsd statsd = make_statsd();
  const UserMetrics users{statsd};
  users.capture(42, 7u);
  users.capture(42.5, 0);
  users.created();
  users.logged_out();
  CHECK(taken(statsd) == Lines{"users.count:42|g", "users.active:7|g", "users.count:42.5|g",
                               "users.active:0|g", "users.count:1|c", "users.active:-1|c"});
}

TEST_CASE("users: an aggregating client keeps the gauge and the counter of one name apart") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  const UserMetrics users{statsd};
  users.capture(42, 7);
  users.logged_in();
  users.logged_in();
  users.deleted();
  CHECK(flushed(statsd) ==
        Lines{"users.count:42|g", "users.active:7|g", "users.count:-1|c", "users.active:2|c"});
}
