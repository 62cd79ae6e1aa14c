#pragma once

// Where the series of a StatsD server stand in Graphite: what comes before a name and after it, in the legacy
// and the new namespace of the reference daemon. Source: statsd/statsd backends/graphite.js.

#include <string>
#include <string_view>

#include "statwire/server/statsd_names.hpp"
#include "statwire/server/statsd_options.hpp"

namespace statwire::server {

/// Builds the paths of one kind of series one after the other, in the same memory.
class GraphitePaths {
 public:
  explicit GraphitePaths(const AggregatorOptions& options) : names_{options.names} {
    const GraphiteNames& graphite = options.graphite;
    if (!graphite.global_suffix.empty()) suffix_ = "." + graphite.global_suffix;
    if (graphite.legacy) {
      rates = "stats.";
      counts = "stats_counts.";
      timers = "stats.timers.";
      gauges = "stats.gauges.";
      sets = "stats.sets.";
      number_of_series = options.prefix_stats + ".";
      own = "stats." + options.prefix_stats + ".";
      return;
    }
    const std::string global = folder(graphite.global_prefix);
    rates = counts = global + folder(graphite.counter_prefix);
    rate = ".rate";
    count = ".count";
    timers = global + folder(graphite.timer_prefix);
    gauges = global + folder(graphite.gauge_prefix);
    sets = global + folder(graphite.set_prefix);
    number_of_series = own = global + options.prefix_stats + ".";
  }

  /// `prefix` + name + `ending` + suffix + tags. Points into this object until the next call.
  std::string_view path(std::string_view prefix, std::string_view name, std::string_view ending) {
    begin(prefix, name);
    return end(ending);
  }

  /// The same in two steps, for several endings of one name: begin(), then end() for each.
  void begin(std::string_view prefix, std::string_view name) {
    const std::size_t tags = name.find(';');
    path_.assign(prefix);
    append(path_, name.substr(0, tags));
    head_ = path_.size();
    tags_.clear();
    if (tags != std::string_view::npos) append(tags_, name.substr(tags));
  }
  std::string_view end(std::string_view ending) {
    path_.resize(head_);
    path_.append(ending).append(suffix_).append(tags_);
    return path_;
  }

  // What stands before the names, dots included.
  std::string rates, counts, timers, gauges, sets, own, number_of_series;
  // What stands after the names of counters.
  std::string rate, count;

 private:
  static std::string folder(const std::string& prefix) { return prefix.empty() ? prefix : prefix + "."; }

  /// Names that are kept as they came are cleaned here; their tags, too, which the reference daemon sends
  /// with their blanks.
  void append(std::string& out, std::string_view name) const {
    if (names_ == Names::keep) {
      append_clean_name(out, name);
    } else {
      out.append(name);
    }
  }

  Names names_;
  std::string suffix_;
  std::string path_;
  std::size_t head_ = 0;  ///< Bytes of path_ before the ending.
  std::string tags_;
};

}  // namespace statwire::server
