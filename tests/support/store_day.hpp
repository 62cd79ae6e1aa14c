#pragma once

// What a day of the replayed shop comes to, counted in the plainest way: every event in a map. Beside it, the
// same of the windows that the program has kept.

#include <ostream>

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "online_store/shop_day.hpp"
#include "online_store/state_file.hpp"

namespace statwire::test {

/// Of one window.
struct WindowCounts {
  std::size_t visitors = 0;
  std::size_t orderers = 0;
  std::uint64_t orders = 0;
  double total = 0;

  bool operator==(const WindowCounts&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const WindowCounts& counts) {
  return out << counts.visitors << " visitors, " << counts.orderers << " orderers, " << counts.orders
             << " orders, " << counts.total;
}

/// By the beginning of each window, in milliseconds.
using DayCounts = std::map<std::int64_t, WindowCounts>;

struct StoreDay {
  DayCounts five_minutes;  ///< Visitors and orders.
  DayCounts hours;         ///< Visitors and orderers.
  DayCounts days;          ///< Orders and total.
  std::uint64_t good = 0;
  std::uint64_t bad = 0;
};

inline StoreDay count_day(const online_store::ShopDayOptions& options) {
  struct Sets {
    std::set<std::string> visitors;
    std::set<std::string> orderers;
  };
  constexpr std::int64_t five_minutes = 300'000;
  constexpr std::int64_t hour = 3'600'000;
  constexpr std::int64_t day = 86'400'000;
  std::map<std::int64_t, Sets> visits;
  std::map<std::int64_t, Sets> hours;
  StoreDay counts;
  online_store::ShopDay shop{options};
  while (const auto event = shop.next()) {
    if (event->bad) {
      ++counts.bad;
      continue;
    }
    ++counts.good;
    const auto start = [&](std::int64_t length) { return event->timestamp / length * length; };
    visits[start(five_minutes)].visitors.insert(event->session_id);
    hours[start(hour)].visitors.insert(event->session_id);
    counts.days[start(day)];
    if (event->event_type != "checkout_click") continue;
    ++counts.five_minutes[start(five_minutes)].orders;
    hours[start(hour)].orderers.insert(event->session_id);
    ++counts.days[start(day)].orders;
    counts.days[start(day)].total += static_cast<double>(event->price);
  }
  for (const auto& [start, sets] : visits) counts.five_minutes[start].visitors = sets.visitors.size();
  for (const auto& [start, sets] : hours) {
    counts.hours[start] = {.visitors = sets.visitors.size(), .orderers = sets.orderers.size()};
  }
  return counts;
}

/// All partitions together, as they stand in a state directory.
inline online_store::PartitionState join_states(const std::filesystem::path& directory,
                                                std::int32_t partitions) {
  const online_store::StoreOptions options{.kept_windows = 1000};
  online_store::PartitionState joined{.windows = online_store::StoreWindows{options}};
  for (std::int32_t i = 0; i < partitions; ++i) {
    const auto state =
        online_store::load_state(online_store::state_path(directory, "online_store", i), options);
    if (!state) continue;
    joined.taken += state->taken;
    for (std::size_t reason = 0; reason < state->bad.size(); ++reason)
      joined.bad[reason] += state->bad[reason];
    joined.windows.merge(state->windows);
  }
  return joined;
}

inline std::int64_t start_of(statwire::EventTime time) {
  return time.time_since_epoch().count();
}

inline void check_windows(const std::string& name, const DayCounts& got, const DayCounts& wanted) {
  CAPTURE(name);
  CHECK(got.size() == wanted.size());
  for (const auto& window : wanted) {
    CAPTURE(window.first);
    REQUIRE(got.contains(window.first));
    CHECK(got.at(window.first) == window.second);
  }
}

/// Checks each window of the day, and that there are no others.
inline void check_day(const online_store::PartitionState& joined, const StoreDay& wanted) {
  CHECK(joined.taken == wanted.good);
  const auto state = joined.windows.state();
  StoreDay counts;
  for (const auto& [start, window] : state.visits.windows) {
    counts.five_minutes[start_of(start)] = {.visitors = window.sessions.value(),
                                            .orders = window.orders.value()};
  }
  for (const auto& [start, window] : state.conversion.windows) {
    counts.hours[start_of(start)] = {.visitors = window.sessions.all().value(),
                                     .orderers = window.sessions.hits().value()};
  }
  for (const auto& [start, window] : state.baskets.windows) {
    counts.days[start_of(start)] = {.orders = window.values.count(), .total = window.values.value()};
  }
  check_windows("five minutes", counts.five_minutes, wanted.five_minutes);
  check_windows("hours", counts.hours, wanted.hours);
  check_windows("days", counts.days, wanted.days);
  CHECK(state.visits.late == 0);
}

}  // namespace statwire::test
