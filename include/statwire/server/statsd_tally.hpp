#pragma once

// Sums what StatsD lines say, without I/O and without a clock: datagrams in, totals out. The StatsD server
// keeps one; tests and tools that want to know what a server would make of some lines can keep their own.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "statwire/protocol/statsd_parse.hpp"

namespace statwire::server {

/// What the timings of one name add up to, in milliseconds.
struct TimingTotals {
  double count = 0;  ///< Each timing counts 1 / rate.
  double sum = 0;    ///< Of the timings that arrived.
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
};

/// Everything since the start, by name.
struct StatsdTotals {
  std::map<std::string, double, std::less<>> counters;  ///< Sums of value / rate.
  std::map<std::string, double, std::less<>> gauges;    ///< Last values, changes applied.
  std::map<std::string, TimingTotals, std::less<>> timings;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> sets;
  std::uint64_t datagrams = 0;
  std::uint64_t samples = 0;
  std::uint64_t bad_values = 0;       ///< Values that are malformed; the rest of their line counts.
  std::uint64_t dropped_samples = 0;  ///< Of names or members beyond max_entries.
};

/// One thread at a time.
class StatsdTally {
 public:
  /// `max_entries` bounds the names and set members together; samples of others are counted as dropped.
  explicit StatsdTally(std::size_t max_entries) : max_entries_{max_entries} {}

  /// Takes one datagram; any bytes.
  void add(std::string_view datagram) {
    ++totals_.datagrams;
    protocol::for_each_line(datagram, [this](std::string_view line) {
      totals_.bad_values +=
          protocol::parse_statsd_line(line, [this](const protocol::StatsdSample& sample) { add(sample); });
    });
  }

  const StatsdTotals& totals() const noexcept { return totals_; }

 private:
  void add(const protocol::StatsdSample& sample) {
    ++totals_.samples;
    switch (sample.type) {
      case protocol::MetricType::counter:
        if (double* sum = entry(totals_.counters, sample.name)) *sum += sample.value / sample.rate;
        break;
      case protocol::MetricType::gauge:
        if (double* gauge = entry(totals_.gauges, sample.name)) {
          *gauge = sample.has_sign ? *gauge + sample.value : sample.value;
        }
        break;
      case protocol::MetricType::timing:
        if (TimingTotals* timing = entry(totals_.timings, sample.name)) {
          timing->count += 1 / sample.rate;
          timing->sum += sample.value;
          timing->min = std::min(timing->min, sample.value);
          timing->max = std::max(timing->max, sample.value);
        }
        break;
      case protocol::MetricType::set:
        if (auto* members = entry(totals_.sets, sample.name)) insert(*members, sample.text);
        break;
    }
  }

  /// The value under a name, made when there is room for it, else null.
  template <class Map>
  typename Map::mapped_type* entry(Map& map, std::string_view name) {
    if (const auto found = map.find(name); found != map.end()) return &found->second;
    if (!take_room()) return nullptr;
    return &map.emplace(name, typename Map::mapped_type{}).first->second;
  }

  void insert(std::set<std::string, std::less<>>& members, std::string_view member) {
    if (!members.contains(member) && take_room()) members.emplace(member);
  }

  bool take_room() {
    if (entries_ == max_entries_) {
      ++totals_.dropped_samples;
      return false;
    }
    ++entries_;
    return true;
  }

  std::size_t max_entries_;
  std::size_t entries_ = 0;
  StatsdTotals totals_;
};

}  // namespace statwire::server
