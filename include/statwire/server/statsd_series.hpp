#pragma once

// What a StatsD server holds between two flushes: counters, gauges, timers and sets by name, within bounds
// that no flood of names, values or members can break. Shared by both flavours of the aggregation.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/server/named_table.hpp"
#include "statwire/server/series_snapshot.hpp"

namespace statwire::server {

struct CounterSeries {
  double sum = 0;         ///< Of value / rate, since the last flush.
  std::int64_t seen = 0;  ///< Unix seconds of the last sample; of Flavour::pystatsd alone, as in those below.
};

struct GaugeSeries {
  double value = 0;
  std::int64_t seen = 0;
  int flushes_left = 0;  ///< Until it is deleted for being idle; 0: for ever.
};

struct TimerSeries {
  std::vector<double> values;  ///< Since the last flush, as they came.
  double count = 0;            ///< Events that the values stand for: each is 1 / rate of them.
  std::int64_t seen = 0;
};

struct SetSeries {
  struct Nothing {};
  NamedTable<Nothing> members;  ///< Since the last flush.
};

/// What may be held; see AggregatorOptions.
struct SeriesBounds {
  std::size_t max_series = 1'000'000;
  std::size_t max_values = 20'000'000;
  std::size_t max_name_bytes = 256 << 20;
};

/// The series, and how many samples found no room. Not for several threads at once.
class StatsdSeries {
 public:
  explicit StatsdSeries(const SeriesBounds& bounds) : bounds_{bounds} {}

  /// What there is beyond new bounds stays; no more is taken.
  void set_bounds(const SeriesBounds& bounds) noexcept { bounds_ = bounds; }

  /// The series of a name, made when there is room for it; else null, and the sample is counted as dropped.
  template <class Series>
  Series* get(NamedTable<Series>& table, std::string_view name) {
    if (Series* const found = table.find(name)) return found;
    if (size() >= bounds_.max_series || name_bytes() + name.size() > bounds_.max_name_bytes) {
      ++dropped_samples_;
      return nullptr;
    }
    return &table.add(name);
  }

  void add(TimerSeries& timer, double value, double weight) {
    if (values_ >= bounds_.max_values) {
      ++dropped_samples_;
      return;
    }
    timer.values.push_back(value);
    timer.count += weight;
    ++values_;
  }

  void add(SetSeries& set, std::string_view member) {
    if (set.members.find(member) != nullptr) return;
    if (values_ >= bounds_.max_values || member_bytes_ + member.size() > bounds_.max_name_bytes) {
      ++dropped_samples_;
      return;
    }
    set.members.add(member);
    member_bytes_ += member.size();
    ++values_;
  }

  /// Forgets the values of timers and the members of sets; their names stay, and so does the memory of those
  /// that are used.
  void clear_values() {
    for (std::size_t i = 0; i < timers.size(); ++i) {
      TimerSeries& timer = timers.value(i);
      if (timer.values.empty()) {
        timer.values.shrink_to_fit();  // not used for a whole interval
      }
      timer.values.clear();
      timer.count = 0;
    }
    for (std::size_t i = 0; i < sets.size(); ++i) {
      auto& members = sets.value(i).members;
      members.empty() ? void(members = NamedTable<SetSeries::Nothing>{}) : members.clear();
    }
    values_ = 0;
    member_bytes_ = 0;
  }

  /// Tells how many values and members went with series that were erased.
  void forget_values(std::size_t count) noexcept { values_ -= count; }

  /// Series of all types, as max_series counts them.
  std::size_t size() const noexcept { return counters.size() + gauges.size() + timers.size() + sets.size(); }

  std::size_t values() const noexcept { return values_; }
  std::uint64_t dropped_samples() const noexcept { return dropped_samples_; }

  SeriesSnapshot snapshot() const {
    SeriesSnapshot copy;
    for (std::size_t i = 0; i < counters.size(); ++i)
      copy.counters[std::string{counters.name(i)}] = counters.value(i).sum;
    for (std::size_t i = 0; i < gauges.size(); ++i)
      copy.gauges[std::string{gauges.name(i)}] = gauges.value(i).value;
    for (std::size_t i = 0; i < timers.size(); ++i) {
      copy.timers[std::string{timers.name(i)}] = {timers.value(i).values, timers.value(i).count};
    }
    for (std::size_t i = 0; i < sets.size(); ++i) {
      auto& members = copy.sets[std::string{sets.name(i)}];
      const auto& table = sets.value(i).members;
      for (std::size_t k = 0; k < table.size(); ++k) members.emplace(table.name(k));
    }
    return copy;
  }

  NamedTable<CounterSeries> counters;
  NamedTable<GaugeSeries> gauges;
  NamedTable<TimerSeries> timers;
  NamedTable<SetSeries> sets;

 private:
  std::size_t name_bytes() const noexcept {
    return counters.name_bytes() + gauges.name_bytes() + timers.name_bytes() + sets.name_bytes();
  }

  SeriesBounds bounds_;
  std::size_t values_ = 0;
  std::size_t member_bytes_ = 0;
  std::uint64_t dropped_samples_ = 0;
};

}  // namespace statwire::server
