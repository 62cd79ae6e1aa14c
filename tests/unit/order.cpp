// The order in which a buffered client's lines and sums leave: what was
// recorded later arrives later.

#include <ostream>

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/statsd.hpp"

using namespace statwire;

namespace {

/// Does something in the middle of a flush, once.
struct InterruptedTransport {
  std::vector<std::string>* sent;
  std::function<void()>* action;
  std::error_code send(std::string_view datagram) noexcept {
    sent->emplace_back(datagram);
    if (const auto now = std::exchange(*action, nullptr)) now();
    return {};
  }
};

}  // namespace

TEST_CASE(
    "order: a line and then a sum of one gauge, both made while a flush "
    "sends, arrive in that order") {
  std::vector<std::string> sent;
  std::function<void()> action;
  StatsdClient statsd{
      InterruptedTransport{&sent, &action},
      {.profile = profiles::dogstatsd, .delivery = Delivery::buffered, .flush = Flush::manual}};
  statsd.gauge("g", 1);
  action = [&] {
    statsd.gauge("g", 10);       // a line
    statsd.gauge_delta("g", 3);  // where signs mean nothing, a sum
  };
  statsd.flush();
  statsd.flush();
  CHECK(sent == std::vector<std::string>{"g:1|g", "g:10|g", "g:13|g"});
}

TEST_CASE("sums: one that goes beyond all numbers is dropped, and never sent as infinity") {
  std::vector<std::string> sent;
  std::function<void()> action;
  StatsdClient statsd{InterruptedTransport{&sent, &action}, {.flush = Flush::manual}};
  for (int i = 0; i < 2; ++i) {
    statsd.increment("counter", 1.7e308);
    statsd.gauge_delta("changed", 1.7e308);
  }
  statsd.gauge("set", 1.7e308);
  statsd.gauge_delta("set", 1.7e308);
  statsd.flush();
  CHECK(sent.empty());
  CHECK(statsd.stats().dropped_invalid == 6);
  CHECK(statsd.stats().pending == 0);
  statsd.increment("counter");
  statsd.gauge("set", 5);
  statsd.flush();
  CHECK(sent == std::vector<std::string>{"counter:1|c\nset:5|g"});
}
