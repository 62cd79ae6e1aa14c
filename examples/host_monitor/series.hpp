#pragma once

// What is measured, and what is known of each series: its last minute, what the metrics server took of it,
// and how that compares with what came back.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <statwire/metrics.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace host_monitor {

enum class Unit { percent, bytes, bytes_per_second };

struct Figure {
  std::string_view name;  ///< Its metric is `<host>.<name>`.
  Unit unit;
};

/// The figures of a host, in the order in which they are shown.
inline constexpr std::array<Figure, 5> figures{{
    {"cpu", Unit::percent},
    {"memory.used", Unit::bytes},
    {"disk.used", Unit::bytes},
    {"network.rx", Unit::bytes_per_second},
    {"network.tx", Unit::bytes_per_second},
}};

/// One value for each of `figures`.
using Readings = std::array<double, figures.size()>;

/// The last minute of a series, for a sparkline. Times never go backwards.
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

/// What became of the values of one series.
struct SeriesRecord {
  std::string key;
  Unit unit = Unit::percent;
  double last_value = 0;
  History history{};
  std::size_t puts = 0;   ///< That the server acknowledged.
  std::size_t drops = 0;  ///< Puts that failed.
  /// What the server must have, by second: the last value of each that it acknowledged.
  std::map<std::int64_t, double> expected{};

  void measured(History::Time time, double value);

  /// The server acknowledged a put.
  void stored(std::int64_t second, double value);

  /// A put failed. Whether the server has it nevertheless is not known, so nothing is known of that second.
  void lost(std::int64_t second);
};

/// How the points that came back compare with a record. The server may hold more than we put; only our own
/// seconds are looked at.
struct ReadBack {
  std::size_t count = 0;  ///< Points that came back, whatever their value.
  std::size_t same = 0;   ///< Of those, the points that are as they were put.
  double min = 0;         ///< Of the points that came back, as are mean and max; 0 when none did.
  double mean = 0;
  double max = 0;
};

ReadBack compare(const SeriesRecord& record, std::span<const statwire::Sample> stored);

}  // namespace host_monitor
