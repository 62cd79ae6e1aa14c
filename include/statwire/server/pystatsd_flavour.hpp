#pragma once

// Lines and flushes as pystatsd's server has them (sivy/pystatsd, under Python 2): counters, gauges and
// timers, one value a line, rates on counters alone, everything but gauges forgotten at each flush. Source:
// sivy/pystatsd pystatsd/server.py.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "statwire/protocol/text.hpp"
#include "statwire/server/flushed_line.hpp"
#include "statwire/server/statsd_names.hpp"
#include "statwire/server/statsd_numbers.hpp"
#include "statwire/server/statsd_options.hpp"
#include "statwire/server/statsd_series.hpp"

namespace statwire::server {

/// Not for several threads at once.
class PystatsdFlavour {
 public:
  explicit PystatsdFlavour(const AggregatorOptions& options)
      : options_{options.pystatsd},
        on_warning_{options.on_warning},
        interval_{interval_of(options.flush_interval)},
        global_prefix_{options_.global_prefix.empty() ? "" : options_.global_prefix + "."} {}

  /// What became of a line.
  enum class Outcome {
    taken,
    skipped,   ///< With a warning; the next line counts.
    abandoned  ///< It raised an exception: the rest of the packet is lost.
  };

  /// Takes one line, which may be empty.
  Outcome add(std::string_view line, std::int64_t now, StatsdSeries& series) {
    std::string_view rest = line;
    const std::string_view name = protocol::take_until(rest, ':');
    const bool has_value = rest.data() != nullptr;
    const std::string_view value = protocol::take_until(rest, '|');
    if (name.empty() || !has_value || value.empty() || rest.empty()) {
      warn("Skipping malformed metric: <", line, ">");
      return Outcome::skipped;
    }
    const std::string_view type = protocol::take_until(rest, '|');
    key_.clear();
    append_pystatsd_name(key_, name);
    if (type == "ms") return add_timer(value, now, series);
    if (type == "g") return add_gauge(value, now, series);
    if (type == "c") return add_counter(value, rest, now, series);
    warn("Encountered unknown metric type in <", line, ">");
    return Outcome::skipped;
  }

  /// Calls `on_line(const FlushedLine&)` for each line. Changes nothing, but sorts the values of timers.
  template <class OnLine>
  void visit(StatsdSeries& series, std::int64_t timestamp, OnLine&& on_line) {
    std::size_t flushed = 0;
    const auto give = [&](double value, NumberText text, const auto&... parts) {
      path_.assign(global_prefix_);
      (path_.append(parts), ...);
      on_line(FlushedLine{path_, value, timestamp, text});
    };
    for (std::size_t i = 0; i < series.counters.size(); ++i) {
      const CounterSeries& counter = series.counters.value(i);
      if (is_over(counter, timestamp)) continue;
      const double value = options_.no_aggregate_counters ? counter.sum : counter.sum / interval_;
      give(value, NumberText::python, options_.counters_prefix, ".", series.counters.name(i));
      ++flushed;
    }
    for (std::size_t i = 0; i < series.gauges.size(); ++i) {
      const GaugeSeries& gauge = series.gauges.value(i);
      if (is_over(gauge, timestamp)) continue;
      give(gauge.value, NumberText::python, options_.counters_prefix, ".", series.gauges.name(i));
      ++flushed;
    }
    for (std::size_t i = 0; i < series.timers.size(); ++i) {
      TimerSeries& timer = series.timers.value(i);
      if (is_over(timer, timestamp) || timer.values.empty()) continue;
      visit_timer(timer, [&](double value, NumberText text, std::string_view statistic) {
        give(value, text, options_.timers_prefix, ".", series.timers.name(i), statistic);
      });
      ++flushed;
    }
    give(static_cast<double>(flushed), NumberText::script, "statsd.numStats");
  }

  /// Forgets everything but the gauges, and timers whose first value was none.
  void clear(StatsdSeries& series, std::int64_t timestamp) const {
    series.counters.clear();
    series.gauges.erase_if(
        [&](std::string_view, const GaugeSeries& gauge) { return is_over(gauge, timestamp); });
    series.timers.erase_if([&](std::string_view, const TimerSeries& timer) {
      series.forget_values(timer.values.size());
      return is_over(timer, timestamp) || !timer.values.empty();
    });
  }

 private:
  template <class Series>
  bool is_over(const Series& series, std::int64_t timestamp) const {
    return options_.expire.count() > 0 && series.seen + options_.expire.count() < timestamp;
  }

  /// Python 2 divides two integers; below a second it would divide by zero.
  static double interval_of(std::chrono::milliseconds interval) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(interval).count();
    return whole > 0 ? static_cast<double>(whole) : std::chrono::duration<double>{interval}.count();
  }

  Outcome add_timer(std::string_view text, std::int64_t now, StatsdSeries& series) {
    TimerSeries* const timer = series.get(series.timers, key_);
    if (timer == nullptr) return Outcome::skipped;
    if (timer->seen == 0) timer->seen = now;
    const std::optional<double> value = read_python_number(text);
    if (!value) return Outcome::abandoned;
    series.add(*timer, *value, 1);
    timer->seen = now;
    return Outcome::taken;
  }

  Outcome add_gauge(std::string_view text, std::int64_t now, StatsdSeries& series) {
    const std::optional<double> value = read_python_number(text);
    if (!value) return Outcome::abandoned;
    GaugeSeries* const gauge = series.get(series.gauges, key_);
    if (gauge == nullptr) return Outcome::skipped;
    gauge->value = *value;
    gauge->seen = now;
    return Outcome::taken;
  }

  Outcome add_counter(std::string_view text, std::string_view fields, std::int64_t now,
                      StatsdSeries& series) {
    double rate = 1;
    if (fields.data() != nullptr && fields.find('|') == std::string_view::npos) {  // exactly one
      if (!fields.starts_with('@')) return Outcome::abandoned;
      const std::string_view digits = fields.substr(1, fields.find_first_not_of("0123456789.", 1) - 1);
      const std::optional<double> read = digits.empty() ? std::nullopt : read_python_number(digits);
      if (!read) return Outcome::abandoned;
      rate = *read;
      if (rate == 0) {
        warn("Ignoring counter with sample rate of zero: <", key_, ">");
        return Outcome::skipped;
      }
    }
    CounterSeries* const counter = series.get(series.counters, key_);
    if (counter == nullptr) return Outcome::skipped;
    if (counter->seen == 0) counter->seen = now;
    const std::optional<double> value = read_python_number(text);
    if (!value) return Outcome::abandoned;  // the counter is there all the same
    counter->sum += *value * (1 / rate);
    counter->seen = now;
    return Outcome::taken;
  }

  template <class Give>
  void visit_timer(TimerSeries& timer, Give&& give) {
    auto& values = timer.values;
    std::sort(values.begin(), values.end(),
              [](double left, double right) { return left < right || (left == left && right != right); });
    const std::size_t size = values.size();
    double sum = 0;
    for (const double value : values) sum += value;
    // An index below zero counts from the end in Python, so few per cent of few values give the largest.
    const double share = std::trunc(options_.pct_threshold / 100.0 * static_cast<double>(size)) - 1;
    const double place = share < 0 ? share + static_cast<double>(size) : share;
    const double last = static_cast<double>(size) - 1;
    const auto threshold = static_cast<std::size_t>(size > 1 ? std::clamp(place, 0.0, last) : 0);
    threshold_name_.assign(".upper_").append(std::to_string(options_.pct_threshold));
    give(values.front(), NumberText::python, ".lower");
    give(static_cast<double>(size), NumberText::script, ".count");
    give(size > 1 ? sum / static_cast<double>(size) : values.front(), NumberText::python, ".mean");
    give(values.back(), NumberText::python, ".upper");
    give(values[threshold], NumberText::python, threshold_name_);
  }

  void warn(std::string_view begin, std::string_view what, std::string_view end) const {
    if (on_warning_) on_warning_(std::string{begin}.append(what).append(end));
  }

  PystatsdOptions options_;
  std::function<void(std::string_view)> on_warning_;
  double interval_;  ///< In seconds.
  std::string global_prefix_;
  std::string key_;
  std::string path_;
  std::string threshold_name_;
};

}  // namespace statwire::server
