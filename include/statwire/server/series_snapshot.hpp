#pragma once

// What a StatsD server holds at one moment, as plain data: for tests, and whoever shows it.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace statwire::server {

/// A copy of all series by name.
struct SeriesSnapshot {
  /// What came of one timer since the last flush.
  struct Timer {
    std::vector<double> values;
    double count = 0;  ///< Events that the values stand for.
  };
  template <class Value>
  using ByName = std::map<std::string, Value, std::less<>>;

  ByName<double> counters;
  ByName<double> gauges;
  ByName<Timer> timers;
  ByName<std::set<std::string, std::less<>>> sets;
};

}  // namespace statwire::server
