#pragma once

// The last minute of a series, for a sparkline.

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace host_monitor {

/// Times never go backwards.
class History {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds length{60};

  void add(Time time, double value);

  /// The last minute before `now` in equal slices, oldest first: the mean of the values in a slice, or what
  /// was last known when it has none. Nothing before the first value.
  std::vector<std::optional<double>> slices(Time now, std::size_t count) const;

 private:
  struct Entry {
    Time time;
    double value;
  };

  std::deque<Entry> entries_;  ///< Those of the last minute and the one before them.
};

}  // namespace host_monitor
