#pragma once

// What is put on a metrics server and got from it, and how the rows of a reply become series. Shared by the
// clients of metrics.hpp, async_metrics.hpp and buffered_metrics.hpp.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "statwire/protocol/metrics_reply.hpp"

namespace statwire {

/// One value of a series.
struct Sample {
  std::int64_t timestamp = 0;  ///< Unix seconds.
  double value = 0;

  friend bool operator==(const Sample&, const Sample&) = default;
};

/// Samples by key, each key's ascending by timestamp; equal timestamps in the order of their arrival.
using Series = std::map<std::string, std::vector<Sample>>;

/// One value to put.
struct Point {
  std::string key;
  double value = 0;
  std::optional<std::int64_t> timestamp{};  ///< Unix seconds; the time of the put when there is none.
};

namespace client {

/// Collects rows as they come.
class SeriesBuilder {
 public:
  SeriesBuilder() = default;
  SeriesBuilder(const SeriesBuilder&) = delete;  // it points into its own map
  SeriesBuilder& operator=(const SeriesBuilder&) = delete;

  void add(const protocol::Row& row) {
    // The rows of a key come together, so it is looked up once.
    if (last_ == series_.end() || last_->first != row.key)
      last_ = series_.try_emplace(std::string{row.key}).first;
    last_->second.push_back({row.timestamp, row.value});
  }

  /// Gives what was collected, sorted, and begins anew.
  Series take() {
    const auto earlier = [](const Sample& a, const Sample& b) { return a.timestamp < b.timestamp; };
    for (auto& [key, samples] : series_) {
      // Servers send them in order; sorting takes memory.
      if (std::is_sorted(samples.begin(), samples.end(), earlier)) continue;
      std::stable_sort(samples.begin(), samples.end(), earlier);
    }
    Series taken = std::exchange(series_, {});
    last_ = series_.end();
    return taken;
  }

 private:
  Series series_;
  Series::iterator last_ = series_.end();
};

/// Unix seconds of a clock.
template <class Clock>
std::int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
}

}  // namespace client
}  // namespace statwire
