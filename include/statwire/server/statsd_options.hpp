#pragma once

// What the aggregation of a StatsD server can be told, for both servers whose place it takes. The defaults
// are theirs. What each option is called in the reference daemon's configuration, or by pystatsd, stands
// beside it.

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace statwire::server {

/// Whose numbers, names and grammar a server has.
enum class Flavour {
  statsd,    ///< statsd/statsd (npm statsd) 0.10.
  pystatsd,  ///< sivy/pystatsd: `stats.K`, `stats.timers.K.*`, `statsd.numStats`.
};

/// What becomes of the bytes of a name that Graphite has no use for.
enum class Names {
  clean,  ///< White space becomes `_`, `/` becomes `-`, what is none of `[A-Za-z0-9_.;=-]` goes.
  keep,   ///< Series have the names that were sent; they are cleaned when they are flushed.
};

/// Who sends: what only clients of the Datadog agent send means something else to the reference daemon.
enum class Senders {
  statsd,     ///< `h` and `d` are counted as counters, as every type that is not known.
  dogstatsd,  ///< `h` and `d` are timers, a line may hold several values (`n:1:2:3|ms`), fields are skipped.
};

/// What AggregatorOptions::timer_metrics may list: the statistics of a timer as the reference daemon calls
/// them there, those of a percentile without their number.
inline constexpr std::array<std::string_view, 16> timer_metric_names{
    "std",          "upper",         "lower",         "count",       "count_ps",
    "sum",          "sum_squares",   "mean",          "median",      "count_percent",
    "mean_percent", "upper_percent", "lower_percent", "sum_percent", "sum_squares_percent",
    "histogram"};

/// Which timers get a histogram.
struct Histogram {
  std::string metric;  ///< Of the timers whose name holds this text; the first that fits counts.
  /// Upper bounds, ascending; a value belongs below one. Infinity takes the rest. None: no histogram.
  std::vector<double> bins;
};

/// The names that Graphite gets. A prefix that is empty is left out.
struct GraphiteNames {
  bool legacy = true;  ///< legacyNamespace: `stats.K`, `stats_counts.K`, `stats.timers.K`; no prefix applies.
  std::string global_prefix = "stats";      ///< globalPrefix.
  std::string counter_prefix = "counters";  ///< prefixCounter.
  std::string timer_prefix = "timers";      ///< prefixTimer.
  std::string gauge_prefix = "gauges";      ///< prefixGauge.
  std::string set_prefix = "sets";          ///< prefixSet.
  std::string global_suffix{};              ///< globalSuffix, without its dot; empty for none.
};

/// Of Flavour::pystatsd alone.
struct PystatsdOptions {
  std::string counters_prefix = "stats";       ///< Of counters and gauges.
  std::string timers_prefix = "stats.timers";  ///< Of timers.
  std::string global_prefix{};                 ///< Stands before every name, with a dot; empty for none.
  bool no_aggregate_counters = false;          ///< Counts, not counts per second.
  int pct_threshold = 90;
  std::chrono::seconds expire{0};  ///< Drops what is older at a flush; 0: nothing.
};

/// Options of an Aggregator.
struct AggregatorOptions {
  Flavour flavour = Flavour::statsd;
  std::chrono::milliseconds flush_interval{10'000};  ///< flushInterval; above zero.
  /// percentThreshold: of each timer, the smallest so many per cent; negative, the largest.
  std::vector<double> percentiles{90};
  std::vector<Histogram> histograms{};  ///< histogram.
  /// calculatedTimerMetrics: the only ones that are flushed, as `count`, `upper_percent`; none: all.
  std::vector<std::string> timer_metrics{};
  bool flush_counts = true;               ///< flush_counts: also the sums of counters, not only their rates.
  bool delete_idle = false;               ///< deleteIdleStats: the default of the four below.
  std::optional<bool> delete_counters{};  ///< deleteCounters: not zeros, when nothing comes.
  std::optional<bool> delete_timers{};    ///< deleteTimers.
  std::optional<bool> delete_sets{};      ///< deleteSets.
  std::optional<bool> delete_gauges{};    ///< deleteGauges: after so many flushes:
  int gauges_max_ttl = 1;                 ///< gaugesMaxTTL; at least 1.
  Names names = Names::clean;             ///< keyNameSanitize.
  Senders senders = Senders::statsd;
  GraphiteNames graphite{};
  std::string prefix_stats = "statsd";  ///< prefixStats: of the server's own series.
  PystatsdOptions pystatsd{};
  std::size_t max_series = 1'000'000;  ///< Of all types together; samples of others are counted as dropped.
  /// Bound of what timers and sets hold until the next flush, values and members together.
  std::size_t max_values = 20'000'000;
  /// Bound of the bytes of all names, and once more of those of all members; without it, few long ones would
  /// fill the memory. Samples of others are counted as dropped.
  std::size_t max_name_bytes = 256 << 20;
  /// Gets the text of each warning of pystatsd. May be empty; must not throw, nor call the server.
  std::function<void(std::string_view)> on_warning{};
};

}  // namespace statwire::server
