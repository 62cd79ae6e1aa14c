#pragma once

// What a StatsD server flushes of the values of one timer: by percentile, over all, and as a histogram, with
// the names, the order and the sums of the reference daemon, to the last bit: sums run over the sorted
// values, and what lies above a percentile is a difference of two of them. Source: statsd/statsd
// lib/process_metrics.js.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/server/statsd_numbers.hpp"
#include "statwire/server/statsd_options.hpp"

namespace statwire::server {

namespace detail {

/// A number within a name: the first point becomes `_`, the first minus `minus`.
inline std::string number_in_name(double number, std::string_view minus) {
  char text[max_statsd_number_chars];
  std::string name{text, write_script_number(text, number)};
  if (const std::size_t point = name.find('.'); point != std::string::npos) name[point] = '_';
  if (const std::size_t sign = name.find('-'); sign != std::string::npos) name.replace(sign, 1, minus);
  return name;
}

/// What a name is called in the list of those that are flushed: `upper_90` and `upper_top10` are
/// `upper_percent`.
inline std::string name_in_list(const std::string& name) {
  const std::size_t digits = name.find_last_not_of("0123456789") + 1;
  if (digits == name.size()) return name;
  std::string_view head = std::string_view{name}.substr(0, digits);
  if (head.ends_with("_top")) head.remove_suffix(3);
  return head.ends_with('_') ? std::string{head} + "percent" : name;
}

}  // namespace detail

/// Works the statistics out, with the same options for all timers. Keeps its memory from timer to timer.
/// Not for several threads at once.
class TimerStatistics {
 public:
  explicit TimerStatistics(const AggregatorOptions& options)
      : interval_{std::chrono::duration<double>{options.flush_interval}.count()} {
    const auto name_if_listed = [&](const std::string& name) {
      const auto& list = options.timer_metrics;
      const bool is_listed =
          list.empty() || std::find(list.begin(), list.end(), detail::name_in_list(name)) != list.end();
      return is_listed ? "." + name : std::string{};
    };
    for (const double percentile : options.percentiles) {
      const std::string suffix = detail::number_in_name(percentile, "top");
      const std::string bound = percentile > 0 ? "upper_" : "lower_";
      percentiles_.push_back({percentile,
                              {name_if_listed("count_" + suffix), name_if_listed("mean_" + suffix),
                               name_if_listed(bound + suffix), name_if_listed("sum_" + suffix),
                               name_if_listed("sum_squares_" + suffix)}});
    }
    for (std::size_t i = 0; i < totals_.size(); ++i) totals_[i] = name_if_listed(std::string{total_names[i]});
    if (name_if_listed("histogram").empty()) return;
    for (const Histogram& histogram : options.histograms) {
      Bins& bins = histograms_.emplace_back(Bins{histogram.metric, {}});
      for (const double bound : histogram.bins) {
        bins.bounds.push_back(
            {bound, ".histogram.bin_" + (bound == detail::infinity ? std::string{"inf"}
                                                                   : detail::number_in_name(bound, "-"))});
      }
    }
  }

  /// Sorts the values and calls `on_statistic(std::string_view name, double value)` for each statistic, in
  /// the order of the reference daemon; names begin with a dot. `count` is the number of events that the
  /// values stand for.
  template <class OnStatistic>
  void visit(std::string_view timer, std::span<double> values, double count, OnStatistic&& on_statistic) {
    const auto give = [&](const std::string& name, double value) {
      if (!name.empty()) on_statistic(std::string_view{name}, value);
    };
    if (values.empty()) {  // the other way round than below, as the reference daemon has it
      give(totals_[count_ps_index], 0);
      give(totals_[count_index], 0);
      return;
    }
    std::sort(values.begin(), values.end());
    add_up(values);
    for (const Percentile& percentile : percentiles_) visit_percentile(percentile, values, give);
    visit_totals(values, count, give);
    visit_histogram(timer, values, give);
  }

 private:
  struct Percentile {
    double percent;
    std::array<std::string, 5> names;  ///< count, mean, bound, sum, sum of squares; empty: not flushed.
  };

  struct Bin {
    double bound;
    std::string name;
  };

  struct Bins {
    std::string metric;
    std::vector<Bin> bounds;
  };

  static constexpr std::array<std::string_view, 9> total_names{
      "std", "upper", "lower", "count", "count_ps", "sum", "sum_squares", "mean", "median"};
  static constexpr std::size_t count_index = 3;
  static constexpr std::size_t count_ps_index = 4;

  void add_up(std::span<const double> values) {
    sums_.resize(values.size());
    squares_.resize(values.size());
    double sum = 0;
    double square = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      sums_[i] = sum = values[i] + sum;
      squares_[i] = square = values[i] * values[i] + square;
    }
  }

  template <class Give>
  void visit_percentile(const Percentile& percentile, std::span<const double> values, Give&& give) const {
    const std::size_t size = values.size();
    std::size_t within = size;
    if (size > 1) {
      const double share = std::round(std::fabs(percentile.percent) / 100 * static_cast<double>(size));
      within = share < static_cast<double>(size) ? static_cast<std::size_t>(share) : size;
      if (within == 0) return;
    }
    double bound = values[within - 1];
    double sum = sums_[within - 1];
    double square = squares_[within - 1];
    if (percentile.percent <= 0) {
      bound = values[size - within];
      // Where all values are within, the reference daemon subtracts what is not there and says NaN.
      sum = sums_[size - 1] - (within < size ? sums_[size - within - 1] : 0);
      square = squares_[size - 1] - (within < size ? squares_[size - within - 1] : 0);
    }
    give(percentile.names[0], static_cast<double>(within));
    give(percentile.names[1], sum / static_cast<double>(within));
    give(percentile.names[2], bound);
    give(percentile.names[3], sum);
    give(percentile.names[4], square);
  }

  template <class Give>
  void visit_totals(std::span<const double> values, double count, Give&& give) const {
    const std::size_t size = values.size();
    const double sum = sums_[size - 1];
    const double mean = sum / static_cast<double>(size);
    double differences = 0;
    for (const double value : values) differences += (value - mean) * (value - mean);
    const std::size_t middle = size / 2;
    const double median = size % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    const std::array<double, total_names.size()> numbers{std::sqrt(differences / static_cast<double>(size)),
                                                         values[size - 1],
                                                         values[0],
                                                         count,
                                                         count / interval_,
                                                         sum,
                                                         squares_[size - 1],
                                                         mean,
                                                         median};
    for (std::size_t i = 0; i < numbers.size(); ++i) give(totals_[i], numbers[i]);
  }

  template <class Give>
  void visit_histogram(std::string_view timer, std::span<const double> values, Give&& give) const {
    const auto bins = std::find_if(histograms_.begin(), histograms_.end(), [&](const Bins& candidate) {
      return timer.find(candidate.metric) != std::string_view::npos;
    });
    if (bins == histograms_.end()) return;
    std::size_t next = 0;
    for (const Bin& bin : bins->bounds) {
      const std::size_t first = next;
      while (next < values.size() && (bin.bound == detail::infinity || values[next] < bin.bound)) ++next;
      give(bin.name, static_cast<double>(next - first));
    }
  }

  double interval_;  ///< In seconds.
  std::vector<Percentile> percentiles_;
  std::array<std::string, total_names.size()> totals_;  ///< Empty: not flushed.
  std::vector<Bins> histograms_;
  std::vector<double> sums_;
  std::vector<double> squares_;
};

}  // namespace statwire::server
