#pragma once

// Time series in memory, for the metrics server: keys in the order of their first put, samples of a key in
// the order of their timestamps, the last value of a key and second. No I/O, no threads.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/server/series_index.hpp"
#include "statwire/server/store.hpp"

namespace statwire::server {

/// Models MetricsStore; no call ever sets an error. Moved, not copied. One thread at a time. Memory: 16 bytes
/// a sample (in vectors, so up to 32), some 150 bytes and the name a key. Cost of a put: a lookup of the key
/// by its hash, and an append when the sample is the newest of its series, as nearly every one is.
class MemoryStore {
 public:
  /// Stores a value; replaces that of the same key and timestamp.
  void put(std::string_view key, double value, std::int64_t timestamp, std::error_code& ec) {
    ec.clear();
    Samples& samples = samples_of(key);
    if (samples.empty() || samples.back().timestamp < timestamp) {
      samples.push_back({timestamp, value});
      return;
    }
    const auto place =
        std::lower_bound(samples.begin(), samples.end(), timestamp,
                         [](const Entry& entry, std::int64_t time) { return entry.timestamp < time; });
    if (place->timestamp == timestamp) {
      place->value = value;
    } else {
      samples.insert(place, {timestamp, value});
    }
  }

  bool contains(std::string_view key) const { return index_.number_of(key).has_value(); }
  std::size_t series_count() const noexcept { return index_.size(); }

  /// A reading of one series, or of all for "*"; of nothing when the key is unknown.
  Cursor find(std::string_view key) const { return index_.cursor(key); }

  /// Calls `bool on_row(const protocol::Row&)` for each row from the cursor on, until it returns false.
  template <class OnRow>
  void read(Cursor& cursor, OnRow&& on_row, std::error_code& ec) const {
    ec.clear();
    for (; cursor.series != cursor.end; ++cursor.series, cursor.after.reset()) {
      const Samples& samples = samples_[cursor.series];
      for (auto place = first_after(samples, cursor.after); place != samples.end(); ++place) {
        cursor.after = place->timestamp;
        if (!on_row(protocol::Row{
                .key = index_.key(cursor.series), .value = place->value, .timestamp = place->timestamp})) {
          return;
        }
      }
    }
  }

 private:
  struct Entry {
    std::int64_t timestamp;
    double value;
  };
  using Samples = std::vector<Entry>;

  static Samples::const_iterator first_after(const Samples& samples, std::optional<std::int64_t> timestamp) {
    if (!timestamp) return samples.begin();
    return std::upper_bound(samples.begin(), samples.end(), *timestamp,
                            [](std::int64_t time, const Entry& entry) { return time < entry.timestamp; });
  }

  Samples& samples_of(std::string_view key) {
    if (const auto number = index_.number_of(key)) return samples_[*number];
    index_.add(key);
    return samples_.emplace_back();
  }

  SeriesIndex index_;
  std::deque<Samples> samples_;  // by the number of the series
};

static_assert(MetricsStore<MemoryStore>);

}  // namespace statwire::server
