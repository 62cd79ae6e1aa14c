#include "online_store/shop_day.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace online_store {
namespace {

constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t day = 24 * hour;
constexpr std::size_t most_events = 1'000'000'000;
constexpr std::string_view shop = "https://shop.example/";

/// How many visitors come in an hour, beside the others: few at night, most in the evening.
constexpr std::array<std::uint64_t, 24> visitors{18, 11, 7,  5,  5,  8,  15, 26, 38, 49, 57, 61,
                                                 63, 62, 60, 60, 62, 66, 72, 78, 80, 71, 52, 33};

constexpr std::uint64_t all_visitors = [] {
  std::uint64_t sum = 0;
  for (const std::uint64_t of_hour : visitors) sum += of_hour;
  return sum;
}();

void append_base(std::string& out, std::uint64_t number, std::size_t base, std::size_t digits) {
  constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  for (std::size_t i = 0; i < digits; ++i) {
    out += alphabet[number % base];
    number /= base;
  }
}

/// A whole number with something between thousands.
std::string grouped(std::int64_t number, std::string_view separator) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, separator);
  }
  return digits;
}

struct Price {
  std::string text;
  std::int64_t digits = 0;
};

/// An amount as shops write it, and what its digits say: of kopecks a hundred times the amount.
Price spelled(std::int64_t roubles, std::int64_t kopecks, std::uint64_t spelling) {
  switch (spelling) {
    case 0:
      return {std::to_string(roubles), roubles};
    case 1:
      return {grouped(roubles, " ") + " руб.", roubles};
    case 2:
      return {grouped(roubles, "&nbsp;"), roubles};
    case 3:
      return {grouped(roubles, "\u00a0") + " ₽", roubles};
    case 4:
      return {"RUB " + grouped(roubles, "'"), roubles};
    default: {
      const std::string cents = std::to_string(100 + kopecks).substr(1);
      return {grouped(roubles, " ") + "," + cents, roubles * 100 + kopecks};
    }
  }
}

constexpr std::uint64_t spellings = 6;

}  // namespace

std::string datum_of(const ShopEvent& event, EventEncoder& encoder) {
  const std::array others{OtherText{"location", event.location}};
  EventTexts texts{.timestamp = event.timestamp,
                   .event_type = event.event_type,
                   .session_id = event.session_id,
                   .total_price = event.total_price,
                   .others = others};
  if (event.bad == BadEvent::missing_field) texts.session_id.reset();
  std::string datum = encoder.encode(texts);
  if (event.bad == BadEvent::not_avro) datum.resize(datum.size() / 2);
  return datum;
}

std::uint64_t ShopDay::Dice::bits() noexcept {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31);
}

std::uint64_t ShopDay::Dice::below(std::uint64_t n) noexcept {
  return ((bits() >> 32) * n) >> 32;
}

ShopDay::ShopDay(const ShopDayOptions& options) : options_{options} {
  if (options.day_start % day != 0) {
    throw std::invalid_argument{"the day starts at " + std::to_string(options.day_start) +
                                " ms, which is no midnight of UTC"};
  }
  if (options.events > most_events) throw std::invalid_argument{"a day has at most 1000000000 events"};
  if (options.late_by.count() < 0) throw std::invalid_argument{"events cannot be late by less than nothing"};
  if (planned_ < options_.events) waiting_ = make_visit();
}

std::optional<ShopEvent> ShopDay::next() {
  if (bad_next_) return std::exchange(bad_next_, std::nullopt);
  open_visits();
  if (open_.empty()) return std::nullopt;
  ShopEvent event = take_event();
  ++good_;
  if (options_.bad_one_in > 0 && good_ % options_.bad_one_in == 0) bad_next_ = spoil(event);
  return event;
}

bool ShopDay::comes_later(const Visit& left, const Visit& right) noexcept {
  return std::pair{left.comes_at, left.number} > std::pair{right.comes_at, right.number};
}

/// The day is as many places long as it has visitors times milliseconds of an hour, and an event takes an
/// equal part of it: where many visitors come, a millisecond has many places.
std::uint64_t ShopDay::place_in_day(std::size_t events_before) const noexcept {
  constexpr std::uint64_t places = all_visitors * static_cast<std::uint64_t>(hour);
  return events_before * places / options_.events;
}

std::int64_t ShopDay::time_at(std::uint64_t place) const noexcept {
  std::size_t of_day = 0;
  while (place >= visitors[of_day] * hour) place -= visitors[of_day++] * hour;
  return options_.day_start + static_cast<std::int64_t>(of_day * hour + place / visitors[of_day]);
}

/// A visit draws from dice of its own, so that it does not matter in which order the visits go on.
ShopDay::Visit ShopDay::make_visit() {
  constexpr std::size_t most_views = 12;
  Visit visit{.dice = Dice{Dice{options_.seed}.bits() + Dice{visits_}.bits()}};
  visit.number = visits_++;
  visit.views = 1;
  while (visit.views < most_views && visit.dice.below(100) < 70) ++visit.views;
  visit.steps = visit.views;
  if (visit.dice.below(1000) < 40) {
    const std::size_t orders = visit.dice.below(100) < 15 ? 2 : 1;
    visit.steps += 2 * orders - 1;  // a view between two orders
  }
  visit.steps = std::min(visit.steps, options_.events - planned_);
  const std::uint64_t from = place_in_day(planned_);
  planned_ += visit.steps;
  const std::uint64_t width = std::max<std::uint64_t>(place_in_day(planned_) - from, 1);
  visit.timestamp = time_at(from + visit.dice.bits() % width);
  visit.session_id = "0:";
  append_base(visit.session_id, static_cast<std::uint64_t>(visit.timestamp), 36, 8);
  visit.session_id += ':';
  append_base(visit.session_id, visit.dice.bits(), 64, 10);
  append_base(visit.session_id, visit.dice.bits(), 64, 10);
  schedule(visit);
  return visit;
}

/// Where this is before the event that the visit had last, the next one comes right after that.
void ShopDay::schedule(Visit& visit) const {
  const auto late_by = static_cast<std::uint64_t>(options_.late_by.count());
  Dice dice{visit.dice};  // a copy, so that what the visit does is the same without lateness
  const bool is_late = late_by > 0 && dice.below(10) == 0;
  const auto late = static_cast<std::int64_t>(is_late ? 1 + dice.bits() % late_by : 0);
  visit.comes_at = visit.timestamp + late;
}

void ShopDay::open_visits() {
  while (waiting_ && (open_.empty() || waiting_->timestamp <= open_.front().comes_at)) {
    open_.push_back(std::move(*waiting_));
    std::push_heap(open_.begin(), open_.end(), comes_later);
    waiting_.reset();
    if (planned_ < options_.events) waiting_ = make_visit();
  }
}

ShopEvent ShopDay::take_event() {
  std::pop_heap(open_.begin(), open_.end(), comes_later);
  Visit& visit = open_.back();
  Dice& dice = visit.dice;
  ShopEvent event{
      .timestamp = visit.timestamp, .session_id = visit.session_id, .location = std::string{shop}};
  const bool is_order = visit.step >= visit.views && (visit.step - visit.views) % 2 == 0;
  if (is_order) {
    // One draw a line: within one, compilers draw in orders of their own.
    const std::uint64_t kind = dice.below(3);
    const std::uint64_t things = dice.below(5);
    const auto roubles = static_cast<std::int64_t>(150 + dice.below(2500) * (1 + kind * things));
    const auto kopecks = static_cast<std::int64_t>(dice.below(100));
    Price price = spelled(roubles, kopecks, dice.below(spellings));
    event.event_type = "checkout_click";
    event.location += "cart/";
    event.total_price = std::move(price.text);
    event.price = price.digits;
  } else {
    event.event_type = "pageView";
    if (visit.step > 0) event.location += "catalog/item-" + std::to_string(dice.below(5000)) + "/";
  }
  ++visit.step;
  if (visit.step == visit.steps) {
    open_.pop_back();
    return event;
  }
  const auto pause = static_cast<std::int64_t>(1000 + dice.below(dice.below(10) == 0 ? 600'000 : 50'000));
  const std::int64_t left = options_.day_start + day - 1 - visit.timestamp;
  visit.timestamp += std::min(pause, left / static_cast<std::int64_t>(visit.steps - visit.step));
  schedule(visit);
  std::push_heap(open_.begin(), open_.end(), comes_later);
  return event;
}

ShopEvent ShopDay::spoil(ShopEvent event) {
  constexpr std::array reasons{BadEvent::not_avro, BadEvent::missing_field, BadEvent::bad_price,
                               BadEvent::ahead_of_clock};
  event.bad = reasons[bad_++ % reasons.size()];
  if (event.bad == BadEvent::bad_price) {
    event.event_type = "checkout_click";
    event.total_price = "бесплатно";
    event.price = 0;
  }
  if (event.bad == BadEvent::ahead_of_clock) event.timestamp += 365 * day;
  return event;
}

}  // namespace online_store
