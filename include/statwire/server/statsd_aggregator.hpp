#pragma once

// The aggregation of a StatsD server, without I/O and without a clock: packets and the time go in, and at
// each flush the lines for Graphite come out. The numbers, the names and the order are those of
// statsd/statsd, or of pystatsd's server. A server is this and sockets; a test can drive it by hand:
//
//   statwire::server::Aggregator aggregator;
//   aggregator.add("hits:1|c\nlatency:12|ms", 1700000000s);
//   std::string text = aggregator.flush_text(1700000010s);      // "stats.hits 0.1 1700000010\n..."

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/protocol/statsd_parse.hpp"
#include "statwire/protocol/text.hpp"
#include "statwire/server/flushed_line.hpp"
#include "statwire/server/pystatsd_flavour.hpp"
#include "statwire/server/statsd_flush.hpp"
#include "statwire/server/statsd_grammar.hpp"
#include "statwire/server/statsd_names.hpp"
#include "statwire/server/statsd_options.hpp"
#include "statwire/server/statsd_series.hpp"

namespace statwire::server {

/// What an aggregator has seen since its start.
struct AggregatorTotals {
  std::uint64_t packets = 0;
  std::uint64_t lines = 0;            ///< Empty ones are none.
  std::uint64_t bad_values = 0;       ///< A line without a value is one, too; the rest of a line counts.
  std::uint64_t dropped_samples = 0;  ///< Of names beyond max_series, values and members beyond max_values.
};

/// One thread at a time. No line whose name is known makes an allocation, but for values of timers and
/// members of sets that are more than in any interval before.
class Aggregator {
 public:
  /// `start` is the time until the first packet comes.
  explicit Aggregator(AggregatorOptions options = {}, UnixTime start = {})
      : options_{std::move(options)},
        series_{bounds_of(options_)},
        flush_{options_},
        pystatsd_{options_},
        own_{options_.prefix_stats},
        last_packet_{start} {
    publish_own();
  }

  const AggregatorOptions& options() const noexcept { return options_; }

  /// Goes on with other options; the series stay. Right after a flush no sample is flushed by rules that it
  /// did not come under.
  void reconfigure(AggregatorOptions options) {
    options_ = std::move(options);
    series_.set_bounds(bounds_of(options_));
    flush_ = StatsdFlush{options_};
    pystatsd_ = PystatsdFlavour{options_};
    own_ = OwnNames{options_.prefix_stats};
    publish_own();
  }

  /// Takes one packet, any bytes: lines between line feeds.
  void add(std::string_view packet, UnixTime now) {
    ++totals_.packets;
    last_packet_ = now;
    if (options_.flavour == Flavour::statsd) {
      protocol::for_each_line(packet, [this](std::string_view line) { add_line(line); });
    } else {
      add_to_pystatsd(packet, std::chrono::floor<std::chrono::seconds>(now).count());
    }
  }

  /// Calls `on_line(const FlushedLine&)` for each line of a flush, in the order of the reference, then
  /// `on_series(const StatsdSeries&)`, and begins the next interval. When one of them throws, the interval
  /// goes on. Cost: about 100 ns a line.
  template <class OnLine, class OnSeries>
  void flush(UnixTime now, const GraphiteStatus& status, OnLine&& on_line, OnSeries&& on_series) {
    if (options_.flavour == Flavour::pystatsd) {
      const std::int64_t timestamp = std::chrono::floor<std::chrono::seconds>(now).count();
      pystatsd_.visit(series_, timestamp, on_line);
      on_series(std::as_const(series_));
      pystatsd_.clear(series_, timestamp);
      return;
    }
    publish_own();
    const std::int64_t timestamp = rounded_seconds(now);
    if (last_flush_ && *last_flush_ > 0) {
      const double interval = std::chrono::duration<double>{options_.flush_interval}.count();
      own_entry(series_.gauges, own_.timestamp_lag).value =
          static_cast<double>(timestamp - *last_flush_) - interval;
    }
    flush_.visit(series_, status, timestamp, on_line);
    on_series(std::as_const(series_));
    last_flush_ = timestamp;
    flush_.clear(series_);
  }

  /// The same without a look at the series.
  template <class OnLine>
  void flush(UnixTime now, const GraphiteStatus& status, OnLine&& on_line) {
    flush(now, status, on_line, [](const StatsdSeries&) {});
  }

  /// The same as the text that goes to Graphite.
  std::string flush_text(UnixTime now, const GraphiteStatus& status = {}) {
    std::string text;
    flush(now, status, [&](const FlushedLine& line) { append_flushed_line(text, line); });
    return text;
  }

  /// Everything since the last flush, at any time.
  const StatsdSeries& series() {
    publish_own();
    return series_;
  }
  SeriesSnapshot snapshot() { return series().snapshot(); }

  AggregatorTotals totals() const noexcept {
    AggregatorTotals totals = totals_;
    totals.dropped_samples = series_.dropped_samples();
    return totals;
  }

  /// When the last packet came, or the start.
  UnixTime last_packet() const noexcept { return last_packet_; }

  /// Deletes series; `is_over(std::string_view name)` says which.
  template <class IsOver>
  void erase_counters(IsOver&& is_over) {
    publish_own();
    series_.counters.erase_if([&](std::string_view name, const CounterSeries&) { return is_over(name); });
  }
  template <class IsOver>
  void erase_gauges(IsOver&& is_over) {
    series_.gauges.erase_if([&](std::string_view name, const GaugeSeries&) { return is_over(name); });
  }
  template <class IsOver>
  void erase_timers(IsOver&& is_over) {
    series_.timers.erase_if([&](std::string_view name, const TimerSeries& timer) {
      if (!is_over(name)) return false;
      series_.forget_values(timer.values.size());
      return true;
    });
  }

 private:
  static SeriesBounds bounds_of(const AggregatorOptions& options) noexcept {
    return {.max_series = options.max_series,
            .max_values = options.max_values,
            .max_name_bytes = options.max_name_bytes};
  }

  struct OwnNames {
    explicit OwnNames(const std::string& prefix)
        : bad_lines_seen{prefix + ".bad_lines_seen"},
          packets_received{prefix + ".packets_received"},
          metrics_received{prefix + ".metrics_received"},
          timestamp_lag{prefix + ".timestamp_lag"} {}

    std::string bad_lines_seen;
    std::string packets_received;
    std::string metrics_received;
    std::string timestamp_lag;
  };

  void add_line(std::string_view line) {
    ++totals_.lines;
    // The names of series are clean, so a name that is found as it came needs no cleaning, and holds no `|#`.
    if (const auto plain = read_plain_line(line); plain && add_known(plain->name, plain->value)) return;
    key_.clear();
    totals_.bad_values += read_line(
        line, options_.senders,
        [this](std::string_view name, std::string_view tags) { make_key(name, tags); },
        [this](const LineValue& value) { add_value(value); });
  }

  void make_key(std::string_view name, std::string_view tags) {
    std::string& raw = options_.names == Names::keep ? key_ : raw_key_;
    raw.assign(name);
    if (!tags.empty()) append_graphite_tags(raw, tags);
    if (options_.names == Names::clean) append_clean_name(key_, raw);
  }

  bool add_known(std::string_view name, const LineValue& value) {
    if (value.type == protocol::MetricType::counter) {
      CounterSeries* const counter = series_.counters.find(name);
      if (counter != nullptr) add(*counter, value);
      return counter != nullptr;
    }
    if (value.type == protocol::MetricType::gauge) {
      GaugeSeries* const gauge = series_.gauges.find(name);
      if (gauge != nullptr) set(*gauge, value);
      return gauge != nullptr;
    }
    TimerSeries* const timer = series_.timers.find(name);
    if (timer != nullptr) series_.add(*timer, value.value, value.weight);
    return timer != nullptr;
  }

  void add_value(const LineValue& value) {
    switch (value.type) {
      case protocol::MetricType::counter:
        if (auto* const counter = series_.get(series_.counters, key_)) add(*counter, value);
        break;
      case protocol::MetricType::gauge:
        if (auto* const gauge = series_.get(series_.gauges, key_)) set(*gauge, value);
        break;
      case protocol::MetricType::timing:
        if (auto* const timer = series_.get(series_.timers, key_)) {
          series_.add(*timer, value.value, value.weight);
        }
        break;
      case protocol::MetricType::set:
        if (auto* const set = series_.get(series_.sets, key_)) {
          series_.add(*set, value.text.empty() ? "0" : value.text);
        }
        break;
    }
  }

  /// A sum that is no number, as of `0|c|@0`, begins anew with the next value.
  static void add(CounterSeries& counter, const LineValue& value) {
    counter.sum = (std::isnan(counter.sum) ? 0 : counter.sum) + value.value * value.weight;
  }

  /// A sign changes a gauge that has a value; it sets one that is zero, or none.
  void set(GaugeSeries& gauge, const LineValue& value) {
    if (flush_.deletes_gauges()) gauge.flushes_left = std::max(1, options_.gauges_max_ttl);
    const bool has_value = gauge.value < 0 || gauge.value > 0;
    gauge.value = value.has_sign && has_value ? gauge.value + value.value : value.value;
  }

  void add_to_pystatsd(std::string_view packet, std::int64_t now) {
    do {
      const std::string_view line = protocol::take_until(packet, '\n');
      totals_.lines += line.empty() ? 0 : 1;
      const PystatsdFlavour::Outcome outcome = pystatsd_.add(line, now, series_);
      if (outcome != PystatsdFlavour::Outcome::taken) ++totals_.bad_values;
      if (outcome == PystatsdFlavour::Outcome::abandoned) break;
    } while (packet.data() != nullptr);
  }

  /// The server's own series have room whatever came before them.
  template <class Series>
  static Series& own_entry(NamedTable<Series>& table, const std::string& name) {
    Series* const found = table.find(name);
    return found != nullptr ? *found : table.add(name);
  }

  /// Counts what came since the last time into the server's own counters.
  void publish_own() {
    if (options_.flavour == Flavour::pystatsd) return;
    const auto publish = [this](const std::string& name, std::uint64_t total, std::uint64_t& published) {
      own_entry(series_.counters, name).sum += static_cast<double>(total - published);
      published = total;
    };
    publish(own_.bad_lines_seen, totals_.bad_values, published_.bad_values);
    publish(own_.packets_received, totals_.packets, published_.packets);
    publish(own_.metrics_received, totals_.lines, published_.lines);
  }

  AggregatorOptions options_;
  StatsdSeries series_;
  StatsdFlush flush_;
  PystatsdFlavour pystatsd_;
  OwnNames own_;
  AggregatorTotals totals_;
  AggregatorTotals published_;
  UnixTime last_packet_;
  std::optional<std::int64_t> last_flush_;  ///< Unix seconds.
  std::string key_;
  std::string raw_key_;
};

}  // namespace statwire::server
