#pragma once

// Time series in memory, for the metrics server: keys in the order of their first put, samples of a key in
// the order of their timestamps, the last value of a key and second. No I/O, no threads.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/protocol/metrics_request.hpp"

namespace statwire::server {

/// One thread at a time. Memory: 16 bytes a sample (in vectors, so up to 32), some 150 bytes and the name a
/// key.
class MemoryStore {
 public:
  /// Stores a value; replaces that of the same key and timestamp.
  void put(std::string_view key, double value, std::int64_t timestamp) {
    auto& samples = samples_of(key);
    // Nearly every point is the newest of its series.
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

  /// Calls `on_row(const protocol::Row&)` for each sample of the key, or of every key for "*".
  template <class OnRow>
  void for_each(std::string_view key, OnRow&& on_row) const {
    if (key == protocol::all_keys) {
      for (const auto& series : series_) series.for_each(on_row);
    } else if (const auto found = index_.find(key); found != index_.end()) {
      found->second->for_each(on_row);
    }
  }

 private:
  struct Entry {
    std::int64_t timestamp;
    double value;
  };

  struct KeyedSeries {
    std::string key;
    std::vector<Entry> samples;

    template <class OnRow>
    void for_each(OnRow& on_row) const {
      for (const Entry& entry : samples) {
        on_row(protocol::Row{.key = key, .value = entry.value, .timestamp = entry.timestamp});
      }
    }
  };

  std::vector<Entry>& samples_of(std::string_view key) {
    if (const auto found = index_.find(key); found != index_.end()) return found->second->samples;
    KeyedSeries& series = series_.emplace_back(KeyedSeries{std::string{key}, {}});
    index_.emplace(series.key, &series);
    return series.samples;
  }

  std::deque<KeyedSeries> series_;  // a deque, because the index points into it
  std::unordered_map<std::string_view, KeyedSeries*> index_;
};

}  // namespace statwire::server
