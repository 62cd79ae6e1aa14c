#include "online_store/store_windows.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

#include "online_store/price.hpp"

namespace online_store {
namespace {

using namespace std::chrono_literals;
using statwire::EventTime;

constexpr std::string_view order_event = "checkout_click";  // of any other type an event is a visit

statwire::WindowOptions windows_of(std::chrono::milliseconds length, const StoreOptions& options) {
  const bool is_compatible = options.behaviour == Behaviour::compatible;
  return {.length = length,
          .late = is_compatible ? statwire::Late::resets_window
                                : statwire::Late::allowed_for(options.allowed_lateness),
          .kept = options.kept_windows};
}

Figures figures_of(Behaviour behaviour, const Visits& visits, const Conversion& conversion,
                   const Baskets& baskets) {
  const bool is_compatible = behaviour == Behaviour::compatible;
  return {.users_count = static_cast<double>(visits.sessions.value()),
          .orders_count = static_cast<double>(visits.orders.value()),
          .conversion = rounded(is_compatible ? conversion.at_last_order : conversion.percent()),
          .aov = rounded(is_compatible ? baskets.running_mean : baskets.values.mean()),
          .tov = baskets.values.value()};
}

}  // namespace

double rounded(double value) {
  char text[512];  // the largest double has 309 digits before the point
  const auto written = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 2);
  std::from_chars(text, written.ptr, value);
  return value;
}

void Visits::merge(const Visits& other) {
  sessions.merge(other.sessions);
  orders.merge(other.orders);
}

void Visits::clear() noexcept {
  sessions.clear();
  orders.clear();
}

// Not 100 times the ratio: the original multiplies first, and rounds otherwise.
double Conversion::percent() const noexcept {
  if (sessions.all().value() == 0) return 0;
  return 100 * static_cast<double>(sessions.hits().value()) / static_cast<double>(sessions.all().value());
}

void Conversion::merge(const Conversion& other) {
  if (other.sessions.all().value() == 0) return;
  const bool was_empty = sessions.all().value() == 0;
  sessions.merge(other.sessions);
  at_last_order = was_empty ? other.at_last_order : percent();
}

void Conversion::clear() noexcept {
  sessions.clear();
  at_last_order = 0;
}

void Baskets::merge(const Baskets& other) noexcept {
  if (other.values.count() == 0) return;
  const bool was_empty = values.count() == 0;
  values.merge(other.values);
  running_mean = was_empty ? other.running_mean : values.mean();
}

void Baskets::clear() noexcept {
  values.clear();
  running_mean = 0;
}

StoreWindows::StoreWindows(const StoreOptions& options)
    : behaviour_{options.behaviour},
      visits_{windows_of(5min, options), Visits{.sessions = statwire::DistinctCount{options.sessions}}},
      conversion_{windows_of(1h, options), Conversion{.sessions = statwire::DistinctRatio{options.sessions}}},
      baskets_{windows_of(24h, options)} {}

std::optional<BadEvent> StoreWindows::take(const Event& event) {
  std::optional<double> price;
  const bool is_order = event.event_type == order_event;
  if (is_order) {
    if (event.total_price) price = parse_price(*event.total_price);
    if (!price) return BadEvent::bad_price;
  }
  const EventTime time{std::chrono::milliseconds{event.timestamp}};
  last_message_time_ = event.timestamp;
  visits_.take(time, [&](Visits& window) {
    window.sessions.insert(event.session_id);
    if (is_order) window.orders.add();
  });
  conversion_.take(time, [&](Conversion& window) {
    if (!is_order) {
      window.sessions.insert(event.session_id);
      return;
    }
    window.sessions.insert_hit(event.session_id);
    window.at_last_order = window.percent();
  });
  baskets_.take(time, [&](Baskets& window) {
    if (!is_order) return;
    const auto orders = static_cast<double>(window.values.count());
    window.running_mean = (window.running_mean * orders + *price) / (orders + 1);
    window.values.add(*price);
  });
  return std::nullopt;
}

void StoreWindows::add_to(Slice& slice, EventTime time) const {
  slice.visits.merge(visits_.at(time));
  slice.conversion.merge(conversion_.at(time));
  slice.baskets.merge(baskets_.at(time));
}

Figures StoreWindows::at(EventTime time) const {
  return figures_of(behaviour_, visits_.at(time), conversion_.at(time), baskets_.at(time));
}

Figures StoreWindows::Slice::figures(Behaviour behaviour) const {
  return figures_of(behaviour, visits, conversion, baskets);
}

void StoreWindows::merge(const StoreWindows& other) {
  visits_.merge(other.visits_);
  conversion_.merge(other.conversion_);
  baskets_.merge(other.baskets_);
  last_message_time_ = std::max(last_message_time_, other.last_message_time_);
}

std::uint64_t StoreWindows::refused_sessions() const noexcept {
  std::uint64_t refused = 0;
  for (const auto& window : visits_.snapshot().windows) refused += window.state.sessions.refused();
  for (const auto& window : conversion_.snapshot().windows) {
    refused += window.state.sessions.all().refused() + window.state.sessions.hits().refused();
  }
  return refused;
}

StoreWindows::State StoreWindows::state() const {
  return {visits_.snapshot(), conversion_.snapshot(), baskets_.snapshot(), last_message_time_};
}

void StoreWindows::restore(State state) {
  visits_.restore(std::move(state.visits));
  conversion_.restore(std::move(state.conversion));
  baskets_.restore(std::move(state.baskets));
  last_message_time_ = state.last_message_time;
}

}  // namespace online_store
