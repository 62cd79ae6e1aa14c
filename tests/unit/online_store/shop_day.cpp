#include "online_store/shop_day.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "online_store/event_decoder.hpp"

using namespace online_store;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t start = 1'542'844'800'000;
constexpr std::int64_t day = 86'400'000;

std::vector<ShopEvent> all_of(const ShopDayOptions& options) {
  std::vector<ShopEvent> events;
  ShopDay shop{options};
  while (auto event = shop.next()) events.push_back(*event);
  CHECK(!shop.next());
  return events;
}

auto contents(const ShopEvent& event) {
  return std::tie(event.timestamp, event.event_type, event.session_id, event.location, event.total_price,
                  event.price, event.bad);
}

bool are_equal(const std::vector<ShopEvent>& left, const std::vector<ShopEvent>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const auto& a, const auto& b) { return contents(a) == contents(b); });
}

std::vector<ShopEvent> good_ones(std::vector<ShopEvent> events) {
  std::erase_if(events, [](const ShopEvent& event) { return event.bad.has_value(); });
  return events;
}

/// All digits of a text as one number.
std::int64_t digits_of(const std::string& text) {
  std::int64_t number = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

TEST_CASE("shop_day: the same options give the same events, another seed gives others") {
  const auto events = all_of({.seed = 7, .events = 2000, .bad_one_in = 10, .late_by = 1min});
  CHECK(are_equal(events, all_of({.seed = 7, .events = 2000, .bad_one_in = 10, .late_by = 1min})));
  const auto others = all_of({.seed = 8, .events = 2000, .bad_one_in = 10, .late_by = 1min});
  CHECK(!are_equal(events, others));
  std::set<std::string> sessions;
  for (const ShopEvent& event : events) sessions.insert(event.session_id);
  for (const ShopEvent& event : others) CHECK(!sessions.contains(event.session_id));
}

TEST_CASE("shop_day: a small day, on every machine") {
  const auto events = all_of({.events = 24});
  const std::string visitor = "0:grryhsoj:Xbr58Y-vsbLyKOKHXqAi";
  const std::vector<ShopEvent> wanted{
      {start + 40322572, "pageView", visitor, "https://shop.example/"},
      {start + 40362864, "pageView", visitor, "https://shop.example/catalog/item-2743/"},
      {start + 40693674, "pageView", visitor, "https://shop.example/catalog/item-89/"},
      {start + 40740027, "pageView", visitor, "https://shop.example/catalog/item-4774/"},
      {start + 41097723, "checkout_click", visitor, "https://shop.example/cart/", "15 711,71", 1571171},
      {start + 41129050, "pageView", visitor, "https://shop.example/catalog/item-4060/"},
      {start + 41141920, "checkout_click", visitor, "https://shop.example/cart/", "5 687 руб.", 5687}};
  REQUIRE(events.size() == 24);
  CHECK(are_equal({events.begin() + 4, events.begin() + 11}, wanted));
  std::int64_t turnover = 0;
  std::set<std::string> sessions;
  for (const ShopEvent& event : events) {
    turnover += event.price;
    sessions.insert(event.session_id);
  }
  CHECK(turnover == 1576858);
  CHECK(sessions.size() == 6);
}

TEST_CASE("shop_day: as many good events as asked for, and bad ones besides") {
  for (const std::size_t count : {0U, 1U, 2U, 3U, 100U, 4321U}) {
    CHECK(all_of({.events = count}).size() == count);
    const auto events = all_of({.events = count, .bad_one_in = 3});
    CHECK(events.size() == count + count / 3);
    CHECK(good_ones(events).size() == count);
  }
  CHECK(all_of({.events = 10, .bad_one_in = 1}).size() == 20);
}

TEST_CASE("shop_day: bad events change nothing of the good ones, late ones only the order") {
  const auto plain = all_of({.events = 3000});
  CHECK(are_equal(good_ones(all_of({.events = 3000, .bad_one_in = 5})), plain));
  auto late = all_of({.events = 3000, .late_by = 10min});
  CHECK(!are_equal(late, plain));
  auto sorted = plain;
  const auto by_contents = [](const auto& a, const auto& b) { return contents(a) < contents(b); };
  std::sort(late.begin(), late.end(), by_contents);
  std::sort(sorted.begin(), sorted.end(), by_contents);
  CHECK(are_equal(late, sorted));
}

TEST_CASE("shop_day: events come in the order of time, or late by no more than is allowed") {
  for (const auto late_by : {0ms, 1ms, 60'000ms}) {
    std::int64_t latest = 0;
    std::int64_t longest = 0;
    std::map<std::string, std::int64_t> of_session;
    std::size_t late = 0;
    for (const ShopEvent& event : all_of({.events = 20'000, .late_by = late_by})) {
      std::int64_t& before = of_session[event.session_id];
      CHECK(before <= event.timestamp);
      before = event.timestamp;
      longest = std::max(longest, latest - event.timestamp);
      late += latest > event.timestamp ? 1U : 0U;
      latest = std::max(latest, event.timestamp);
    }
    CHECK(longest <= late_by.count());
    if (late_by == 60'000ms) CHECK(longest > 30'000);
    if (late_by == 60'000ms) CHECK(late > 1000);
    if (late_by == 0ms) CHECK(late == 0);
  }
}

TEST_CASE("shop_day: nothing is out of the day, of any seed and day") {
  for (const std::int64_t day_start : {std::int64_t{0}, start, -day}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const auto events = all_of({.seed = seed, .day_start = day_start, .events = 2000, .late_by = 1min});
      const auto is_in_day = [day_start](const ShopEvent& event) {
        return event.timestamp >= day_start && event.timestamp < day_start + day;
      };
      CHECK(std::all_of(events.begin(), events.end(), is_in_day));
    }
  }
}

TEST_CASE("shop_day: visitors look at pages, 3 to 5 of a hundred order, some twice") {
  std::map<std::string, std::size_t> views;
  std::map<std::string, std::size_t> orders;
  for (const ShopEvent& event : all_of({.events = 100'000})) {
    const bool is_order = event.event_type == "checkout_click";
    CHECK((is_order || event.event_type == "pageView"));
    CHECK(event.total_price.has_value() == is_order);
    CHECK(event.location.starts_with("https://shop.example/"));
    ++(is_order ? orders : views)[event.session_id];
    if (is_order) CHECK(views[event.session_id] > 0);
  }
  const double ordering = static_cast<double>(orders.size()) / static_cast<double>(views.size());
  CHECK(ordering > 0.03);
  CHECK(ordering < 0.05);
  CHECK(views.size() > 20'000);
  CHECK(views.size() < 50'000);
  const auto again =
      std::count_if(orders.begin(), orders.end(), [](const auto& item) { return item.second == 2; });
  CHECK(again > 50);
}

TEST_CASE("shop_day: prices are spelled in many ways, and their digits are told") {
  std::set<std::string> spellings;
  for (const ShopEvent& event : all_of({.events = 100'000})) {
    if (!event.total_price) continue;
    CHECK(event.price == digits_of(*event.total_price));
    CHECK(event.price >= 150);
    std::string spelling = *event.total_price;
    std::erase_if(spelling, [](char c) { return c >= '0' && c <= '9'; });
    spellings.insert(spelling);
  }
  const std::set<std::string> wanted{"",           " руб.", "  руб.", "&nbsp;", " ₽",
                                     "\u00a0 ₽", "RUB ",  "RUB '",  ",",      " ,"};
  CHECK(spellings == wanted);
}

TEST_CASE("shop_day: the evening is busier than the night") {
  std::vector<std::size_t> of_hour(24);
  for (const ShopEvent& event : all_of({.events = 50'000})) {
    ++of_hour[static_cast<std::size_t>((event.timestamp - start) / 3'600'000)];
  }
  CHECK(std::max_element(of_hour.begin(), of_hour.end()) - of_hour.begin() == 20);
  CHECK(*std::min_element(of_hour.begin(), of_hour.end()) > 100);
  CHECK(of_hour[20] > 10 * of_hour[4]);
}

TEST_CASE("shop_day: messages are decoded to the event, or to what is wrong with it") {
  const AvroSchema schema{lab3_event_schema};
  EventEncoder encoder{schema};
  EventDecoder decoder{schema};
  std::map<BadEvent, std::size_t> bad;
  for (const ShopEvent& event : all_of({.events = 2000, .bad_one_in = 5})) {
    const auto decoded = decoder.decode(datum_of(event, encoder));
    if (event.bad) ++bad[*event.bad];
    if (event.bad == BadEvent::not_avro || event.bad == BadEvent::missing_field) {
      REQUIRE(std::holds_alternative<BadEvent>(decoded));
      CHECK(std::get<BadEvent>(decoded) == *event.bad);
      continue;
    }
    REQUIRE(std::holds_alternative<Event>(decoded));
    const Event& read = std::get<Event>(decoded);
    CHECK(read.timestamp == event.timestamp);
    CHECK(read.event_type == event.event_type);
    CHECK(read.session_id == event.session_id);
    CHECK(read.total_price == event.total_price);
    const bool is_ahead = event.timestamp >= start + 365 * day;
    CHECK(is_ahead == (event.bad == BadEvent::ahead_of_clock));
    const bool has_no_digits = read.total_price && digits_of(event.total_price.value_or("")) == 0;
    CHECK(has_no_digits == (event.bad == BadEvent::bad_price));
  }
  const std::map<BadEvent, std::size_t> wanted{{BadEvent::not_avro, 100},
                                               {BadEvent::missing_field, 100},
                                               {BadEvent::bad_price, 100},
                                               {BadEvent::ahead_of_clock, 100}};
  CHECK(bad == wanted);
}

TEST_CASE("shop_day: a message holds the location, too") {
  EventEncoder encoder{AvroSchema{lab3_event_schema}};
  const ShopEvent event{1, "pageView", "s", "https://x/"};
  CHECK(datum_of(event, encoder) == std::string("\x02\x02\x10pageView\x02\x14https://x/\x02\x02s\x00", 27));
}

TEST_CASE("shop_day: options that make no day are refused") {
  CHECK_THROWS_WITH_AS(ShopDay({.day_start = start + 1}),
                       "the day starts at 1542844800001 ms, which is no midnight of UTC",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(ShopDay({.events = 1'000'000'001}), "a day has at most 1000000000 events",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(ShopDay({.late_by = -1ms}), "events cannot be late by less than nothing",
                       std::invalid_argument);
}

TEST_CASE("shop_day: the largest day begins within the day") {
  ShopDay shop{{.events = 1'000'000'000}};
  std::int64_t before = start;
  for (int i = 0; i < 10'000; ++i) {
    const auto event = shop.next();
    REQUIRE(event.has_value());
    CHECK(event->timestamp >= before);
    before = event->timestamp;
  }
  CHECK(before < start + 60'000);
}
