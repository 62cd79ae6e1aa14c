#pragma once

// A flush as statsd/statsd makes it: which lines, in which order, and what is left afterwards.
// Source: statsd/statsd stats.js, backends/graphite.js.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "statwire/server/flushed_line.hpp"
#include "statwire/server/graphite_paths.hpp"
#include "statwire/server/statsd_options.hpp"
#include "statwire/server/statsd_series.hpp"
#include "statwire/server/timer_statistics.hpp"

namespace statwire::server {

/// Not for several threads at once.
class StatsdFlush {
 public:
  explicit StatsdFlush(const AggregatorOptions& options)
      : paths_{options},
        statistics_{options},
        interval_{std::chrono::duration<double>{options.flush_interval}.count()},
        has_counts_{options.flush_counts},
        deletes_counters_{options.delete_counters.value_or(options.delete_idle)},
        deletes_timers_{options.delete_timers.value_or(options.delete_idle)},
        deletes_sets_{options.delete_sets.value_or(options.delete_idle)},
        deletes_gauges_{options.delete_gauges.value_or(options.delete_idle)} {}

  bool deletes_gauges() const noexcept { return deletes_gauges_; }

  /// Calls `on_line(const FlushedLine&)` for each line, Unix seconds `timestamp`. Changes nothing, but sorts
  /// the values of timers.
  template <class OnLine>
  void visit(StatsdSeries& series, const GraphiteStatus& status, std::int64_t timestamp, OnLine&& on_line) {
    const auto give = [&](std::string_view path, double value) {
      on_line(FlushedLine{path, value, timestamp, NumberText::script});
    };
    for (std::size_t i = 0; i < series.counters.size(); ++i) {
      const std::string_view name = series.counters.name(i);
      const double sum = series.counters.value(i).sum;
      give(paths_.path(paths_.rates, name, paths_.rate), sum / interval_);
      if (has_counts_) give(paths_.path(paths_.counts, name, paths_.count), sum);
    }
    for (std::size_t i = 0; i < series.timers.size(); ++i) {
      const std::string_view name = series.timers.name(i);
      TimerSeries& timer = series.timers.value(i);
      paths_.begin(paths_.timers, name);
      statistics_.visit(name, timer.values, timer.count, [&](std::string_view statistic, double value) {
        give(paths_.end(statistic), value);
      });
    }
    for (std::size_t i = 0; i < series.gauges.size(); ++i) {
      give(paths_.path(paths_.gauges, series.gauges.name(i), ""), series.gauges.value(i).value);
    }
    for (std::size_t i = 0; i < series.sets.size(); ++i) {
      const auto size = static_cast<double>(series.sets.value(i).members.size());
      give(paths_.path(paths_.sets, series.sets.name(i), ".count"), size);
    }
    give(paths_.path(paths_.number_of_series, "numStats", ""), static_cast<double>(series.size()));
    visit_status(status, give);
  }

  /// Sets the series back, or deletes them, for the next interval.
  void clear(StatsdSeries& series) const {
    if (deletes_counters_) {
      series.counters.erase_if([](std::string_view name, CounterSeries& counter) {
        counter.sum = 0;
        return !is_kept(name);
      });
    } else {
      for (std::size_t i = 0; i < series.counters.size(); ++i) series.counters.value(i).sum = 0;
    }
    series.clear_values();
    const auto all = [](auto&&...) { return true; };
    if (deletes_timers_) series.timers.erase_if(all);
    if (deletes_sets_) series.sets.erase_if(all);
    if (deletes_gauges_) {
      series.gauges.erase_if([](std::string_view, GaugeSeries& gauge) {
        return gauge.flushes_left > 0 && --gauge.flushes_left == 0;
      });
    }
  }

 private:
  /// The reference daemon never deletes its own counters, nor what merely has their names in its own.
  static bool is_kept(std::string_view name) noexcept {
    for (const std::string_view own : {"packets_received", "metrics_received", "bad_lines_seen"}) {
      if (name.find(own) != std::string_view::npos) return true;
    }
    return false;
  }

  template <class Give>
  void visit_status(const GraphiteStatus& status, Give&& give) {
    const auto give_own = [&](std::string_view name, auto value) {
      give(paths_.path(paths_.own, name, ""), static_cast<double>(value));
    };
    give_own("graphiteStats.calculationtime", status.calculation_ms);
    give_own("processing_time", status.processing_ms);
    give_own("graphiteStats.last_exception", status.last_exception);
    give_own("graphiteStats.last_flush", status.last_flush);
    give_own("graphiteStats.flush_time", status.flush_time_ms);
    give_own("graphiteStats.flush_length", status.flush_length);
  }

  GraphitePaths paths_;
  TimerStatistics statistics_;
  double interval_;  ///< In seconds.
  bool has_counts_;
  bool deletes_counters_;
  bool deletes_timers_;
  bool deletes_sets_;
  bool deletes_gauges_;
};

}  // namespace statwire::server
