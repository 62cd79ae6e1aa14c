#pragma once

// What a StatsD server has seen since its start, as the page that Prometheus scrapes. StatsD's counters and
// timers begin anew at each flush, those of Prometheus never go back: so each flush is added up here, and the
// page says the same whenever it is read. No I/O and no clock; the server that has a page calls take() at
// each flush and text() at each scrape.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/protocol/prometheus_text.hpp"
#include "statwire/server/named_table.hpp"
#include "statwire/server/prometheus_layout.hpp"
#include "statwire/server/statsd_series.hpp"

namespace statwire::server {

/// In Prometheus
///   a counter is a `counter` whose name ends in `_total`: its sum since the start; once it has gone down by
///   a
///     flush it is a `gauge` without `_total`, for good, as StatsD takes negative counts;
///   a gauge is a `gauge`: its value at the last flush; it goes when it goes from StatsD;
///   a timer is a `summary` in the unit that was sent, which is milliseconds for `ms` and anything for `h`
///   and
///     `d`: `_sum` and `_count` since the start, the quantiles 0.5, 0.9 and 0.99 (nearest rank) of the last
///     interval, NaN when that had no value. A sampled value counts as often as its rate says, in the sum,
///     too; the quantiles know nothing of rates;
///   a set is a `gauge`: how many members it had in the last interval; it goes as gauges do.
/// What is not finite adds nothing to a sum. Of series that become the same sample, the sums are added up,
/// and of gauges and sets (and quantiles) the first is shown; `statwire_statsd_hidden_series` says how many
/// are not. See PrometheusNames for names and labels, PrometheusLayout for names that are taken.
///
/// Not for several threads at once. A copy costs less than a twentieth of text(), so that text() of a copy
/// need hold no lock. Memory: 50 to 90 bytes and the name for each series; counters and timers stay for ever.
class PrometheusTotals {
 public:
  /// `max_series` of all types, as the aggregator counts them, whose names take `max_name_bytes` together;
  /// further ones are counted as dropped.
  explicit PrometheusTotals(std::size_t max_series, std::size_t max_name_bytes = 256 << 20)
      : max_series_{max_series}, max_name_bytes_{max_name_bytes} {}

  /// Adds one interval up: the series as they are at a flush, before they are cleared. No allocation for
  /// names that are known. Cost for each series: 25 ns where it stands as at the flush before, else a look-up
  /// (100 to 400 ns among 100,000); and 10 ns for each value of a timer.
  void take(const StatsdSeries& series) {
    ++flush_;
    dropped_samples_ = series.dropped_samples();
    take_gauges(series.gauges);
    take_sets(series.sets);
    take_counters(series.counters);
    take_timers(series.timers);
  }

  /// The page, with HELP and TYPE. Cost: a sort of the names and the writing, 2 to 3 us a series and 6 us a
  /// timer where all have names of their own, among 100,000; room for the text and for the names once more.
  std::string text() const {
    PrometheusLayout layout;
    for (const std::string_view name : own_names) layout.reserve(name);
    add_to(layout);
    std::string text;
    std::uint64_t hidden = 0;
    layout.visit([&](const PrometheusLayout::Family& family) { hidden += append(text, family); });
    append_own(text, hidden);
    return text;
  }

  /// How many series it knows.
  std::size_t size() const noexcept {
    return counters_.size() + gauges_.size() + timers_.size() + sets_.size();
  }

 private:
  struct Counter {
    double total = 0;
    bool has_fallen = false;
  };

  struct Level {
    double value = 0;
    std::uint64_t flush = 0;  ///< The last one that had it.
  };

  static constexpr std::array<double, 3> shares{0.5, 0.9, 0.99};
  static constexpr std::array<std::string_view, 3> share_texts{"0.5", "0.9", "0.99"};

  struct Timer {
    double sum = 0;
    double count = 0;
    std::array<double, 3> quantiles{};
    std::uint64_t flush = 0;  ///< The last one that had a value.
  };

  static constexpr std::array<std::string_view, 3> own_names{"statwire_statsd_dropped_samples_total",
                                                             "statwire_statsd_dropped_series_total",
                                                             "statwire_statsd_hidden_series"};

  /// The entry of a name, made when there is room for it; else null. Where nothing was deleted it has the
  /// place that it has in StatsD, and no look-up is needed.
  template <class Entry>
  Entry* get(NamedTable<Entry>& table, std::string_view name, std::size_t place) {
    if (place < table.size() && table.name(place) == name) return &table.value(place);
    if (Entry* const found = table.find(name)) return found;
    if (size() >= max_series_ || name.size() > max_name_bytes_ - name_bytes_) {
      ++dropped_series_;
      return nullptr;
    }
    Entry& added = table.add(name);
    name_bytes_ += name.size();
    return &added;
  }

  void take_counters(const NamedTable<CounterSeries>& counters) {
    for (std::size_t i = 0; i < counters.size(); ++i) {
      Counter* const counter = get(counters_, counters.name(i), i);
      const double sum = counters.value(i).sum;
      if (counter == nullptr || !std::isfinite(sum)) continue;
      counter->total += sum;
      counter->has_fallen = counter->has_fallen || sum < 0;
    }
  }

  void take_gauges(const NamedTable<GaugeSeries>& gauges) {
    take_levels(gauges_, gauges, [](const GaugeSeries& gauge) { return gauge.value; });
  }

  void take_sets(const NamedTable<SetSeries>& sets) {
    take_levels(sets_, sets, [](const SetSeries& set) { return static_cast<double>(set.members.size()); });
  }

  template <class Series, class ValueOf>
  void take_levels(NamedTable<Level>& levels, const NamedTable<Series>& series, ValueOf&& value_of) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < series.size(); ++i) {
      Level* const level = get(levels, series.name(i), i);
      if (level == nullptr) continue;
      *level = {value_of(series.value(i)), flush_};
      ++kept;
    }
    if (kept == levels.size()) return;
    levels.erase_if([this](std::string_view name, const Level& level) {
      if (level.flush == flush_) return false;
      name_bytes_ -= name.size();
      return true;
    });
  }

  void take_timers(const NamedTable<TimerSeries>& timers) {
    for (std::size_t i = 0; i < timers.size(); ++i) {
      Timer* const timer = get(timers_, timers.name(i), i);
      if (timer != nullptr) take_timer(*timer, timers.value(i));
    }
  }

  void take_timer(Timer& timer, const TimerSeries& series) {
    sorted_.clear();
    double sum = 0;
    for (const double value : series.values) {
      if (!std::isfinite(value)) continue;
      sorted_.push_back(value);
      sum += value;
    }
    if (sorted_.empty()) return;
    const double weight =
        std::isfinite(series.count) ? series.count / static_cast<double>(series.values.size()) : 1;
    if (const double count = weight * static_cast<double>(sorted_.size()); std::isfinite(count)) {
      timer.count += count;
    }
    if (std::isfinite(weight * sum)) timer.sum += weight * sum;
    timer.flush = flush_;
    auto begin = sorted_.begin();
    for (std::size_t i = 0; i < shares.size(); ++i) {
      const double rank = std::ceil(shares[i] * static_cast<double>(sorted_.size()));
      const auto place = sorted_.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
      std::nth_element(begin, place, sorted_.end());
      timer.quantiles[i] = *place;
      begin = place;
    }
  }

  void add_to(PrometheusLayout& layout) const {
    const auto add = [&](const auto& table, auto&& kind_of) {
      for (std::size_t i = 0; i < table.size(); ++i) {
        layout.add(kind_of(table.value(i)), table.name(i), static_cast<std::uint32_t>(i));
      }
    };
    add(timers_, [](const Timer&) { return PrometheusKind::timer; });
    add(counters_, [](const Counter& counter) {
      return counter.has_fallen ? PrometheusKind::fallen_counter : PrometheusKind::counter;
    });
    add(gauges_, [](const Level&) { return PrometheusKind::gauge; });
    add(sets_, [](const Level&) { return PrometheusKind::set; });
  }

  using Members = std::span<const PrometheusLayout::Member>;

  /// Appends a family; returns how many of its series are not shown.
  std::size_t append(std::string& text, const PrometheusLayout::Family& family) const {
    append_head(text, family);
    std::size_t hidden = 0;
    for (Members rest = family.members; !rest.empty();) {
      std::size_t same = 1;
      while (same < rest.size() && rest[same].labels == rest[0].labels) ++same;
      const Members members = rest.first(same);
      rest = rest.subspan(same);
      if (family.kind == PrometheusKind::timer) {
        append_timer(text, family.name, members);
      } else if (family.kind == PrometheusKind::gauge || family.kind == PrometheusKind::set) {
        const auto& levels = family.kind == PrometheusKind::gauge ? gauges_ : sets_;
        protocol::append_prometheus_sample(text, family.name, members[0].labels,
                                           levels.value(members[0].index).value);
        hidden += same - 1;
      } else {
        double total = 0;
        for (const auto& member : members) total += counters_.value(member.index).total;
        protocol::append_prometheus_sample(text, family.name, members[0].labels, total);
      }
    }
    return hidden;
  }

  void append_timer(std::string& text, std::string_view name, Members members) const {
    Timer all;
    for (const auto& member : members) {
      const Timer& timer = timers_.value(member.index);
      all.sum += timer.sum;
      all.count += timer.count;
      if (all.flush == flush_ || timer.flush != flush_) continue;
      all.quantiles = timer.quantiles;
      all.flush = flush_;
    }
    std::string labels;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      labels.assign(members[0].labels);
      protocol::append_prometheus_label(labels, "quantile", share_texts[i]);
      const double none = std::numeric_limits<double>::quiet_NaN();
      protocol::append_prometheus_sample(text, name, labels, all.flush == flush_ ? all.quantiles[i] : none);
    }
    const std::string sample{name};
    protocol::append_prometheus_sample(text, sample + "_sum", members[0].labels, all.sum);
    protocol::append_prometheus_sample(text, sample + "_count", members[0].labels, all.count);
  }

  /// The help names the first of the series, as it was called in StatsD.
  void append_head(std::string& text, const PrometheusLayout::Family& family) const {
    using protocol::PrometheusType;
    const std::size_t index = family.members[0].index;
    const auto head = [&](PrometheusType type, std::string_view begin, std::string_view series,
                          std::string_view end) {
      const std::string_view name = series.substr(0, series.find(';'));
      protocol::append_prometheus_family(text, family.name, type,
                                         std::string{begin}.append(name).append(end));
    };
    switch (family.kind) {
      case PrometheusKind::timer:
        return head(PrometheusType::summary, "StatsD timer ", timers_.name(index),
                    ", in the unit that was sent; quantiles of the last interval");
      case PrometheusKind::counter:
        return head(PrometheusType::counter, "StatsD counter ", counters_.name(index), "");
      case PrometheusKind::fallen_counter:
        return head(PrometheusType::gauge, "StatsD counter ", counters_.name(index), ", which has gone down");
      case PrometheusKind::gauge:
        return head(PrometheusType::gauge, "StatsD gauge ", gauges_.name(index), "");
      case PrometheusKind::set:
        return head(PrometheusType::gauge, "Members of the StatsD set ", sets_.name(index),
                    " in the last interval");
    }
  }

  void append_own(std::string& text, std::uint64_t hidden) const {
    using protocol::PrometheusType;
    const auto append_one = [&](std::size_t i, PrometheusType type, std::string_view help,
                                std::uint64_t value) {
      protocol::append_prometheus_family(text, own_names[i], type, help);
      protocol::append_prometheus_sample(text, own_names[i], "", static_cast<double>(value));
    };
    append_one(0, PrometheusType::counter, "Samples of StatsD that found no room", dropped_samples_);
    append_one(1, PrometheusType::counter, "Series of a flush that found no room on this page",
               dropped_series_);
    append_one(2, PrometheusType::gauge, "Gauges and sets not shown, as another has the same name and labels",
               hidden);
  }

  std::size_t max_series_;
  std::size_t max_name_bytes_;
  std::size_t name_bytes_ = 0;
  std::uint64_t flush_ = 0;
  std::uint64_t dropped_samples_ = 0;
  std::uint64_t dropped_series_ = 0;
  NamedTable<Counter> counters_;
  NamedTable<Level> gauges_;
  NamedTable<Level> sets_;
  NamedTable<Timer> timers_;
  std::vector<double> sorted_;
};

}  // namespace statwire::server
