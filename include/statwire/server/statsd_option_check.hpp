#pragma once

// Whether the options of a StatsD server make sense, before anything is opened: everything that is wrong with
// them, at once, with the value and what is legal.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/endpoint.hpp"
#include "statwire/protocol/graphite_address.hpp"
#include "statwire/protocol/text.hpp"
#include "statwire/server/statsd_server_options.hpp"

namespace statwire::server {

namespace detail {

/// Collects what is wrong with options.
class StatsdOptionCheck {
 public:
  explicit StatsdOptionCheck(const StatsdServerOptions& options) {
    check_times(options);
    check_bounds(options);
    check_endpoints(options);
    check_aggregation(options.aggregation);
    check_names(options.aggregation);
  }

  /// One after the other, each as `option is VALUE, must be ...`; empty when all is well.
  const std::string& problems() const noexcept { return problems_; }

 private:
  void require(bool is_legal, std::string_view option, std::string_view value, std::string_view legal) {
    if (is_legal) return;
    if (!problems_.empty()) problems_ += "; ";
    problems_.append(option).append(" is ").append(value).append(", must be ").append(legal);
  }

  static std::string number(double value) {
    char text[max_statsd_number_chars];
    return {text, write_script_number(text, value)};
  }

  static std::string quoted(std::string_view text) {
    return "'" + protocol::one_line(std::string{text}) + "'";
  }

  void check_times(const StatsdServerOptions& options) {
    constexpr std::chrono::hours year{365 * 24};  // sums of times stay in the range of any clock
    const auto check = [&](std::string_view option, std::chrono::milliseconds time) {
      require(time.count() > 0 && time <= year, option, std::to_string(time.count()) + " ms",
              "above 0 and at most a year");
    };
    check("flush_interval", options.flush_interval);
    check("close_timeout", options.close_timeout);
    check("admin_idle", options.admin_idle);
  }

  void check_bounds(const StatsdServerOptions& options) {
    const auto at_least_one = [this](std::string_view option, std::size_t value) {
      require(value > 0, option, std::to_string(value), "1 or more");
    };
    constexpr std::size_t max_sockets = 256;
    require(options.udp_sockets > 0 && options.udp_sockets <= max_sockets, "udp_sockets",
            std::to_string(options.udp_sockets), "from 1 to 256");
    constexpr std::size_t max_buffer = std::numeric_limits<int>::max();
    require(options.receive_buffer_bytes <= max_buffer, "receive_buffer_bytes",
            std::to_string(options.receive_buffer_bytes), "at most " + std::to_string(max_buffer));
    constexpr std::size_t min_spool = 65'536;
    require(options.max_spool_bytes >= min_spool, "max_spool_bytes", std::to_string(options.max_spool_bytes),
            std::to_string(min_spool) + " or more");
    at_least_one("max_line_bytes", options.max_line_bytes);
    at_least_one("max_connections", options.max_connections);
    at_least_one("max_admin_connections", options.max_admin_connections);
    at_least_one("max_series", options.aggregation.max_series);
    at_least_one("max_values", options.aggregation.max_values);
  }

  void check_endpoints(const StatsdServerOptions& options) {
    const auto check = [this](std::string_view option, const std::string& value,
                              const std::string& endpoint) {
      EndpointError error;
      parse_endpoint(endpoint, error);
      require(error.expected.empty(), option, quoted(value), error.expected);
    };
    if (!options.unix_path.empty()) check("unix_path", options.unix_path, "unix://" + options.unix_path);
    for (const std::string& endpoint : options.repeat_to) check("one of repeat_to", endpoint, endpoint);
    EndpointError error;
    const bool is_graphite = options.graphite.empty() ||
                             parse_graphite_address(options.graphite, GraphiteFormat::plaintext, error);
    require(is_graphite, "graphite", quoted(options.graphite), error.expected);
  }

  void check_aggregation(const AggregatorOptions& options) {
    for (const double percentile : options.percentiles) {
      require(std::abs(percentile) <= 100, "a percentile", number(percentile), "from -100 to 100");
    }
    const int threshold = options.pystatsd.pct_threshold;
    require(threshold > 0 && threshold <= 100, "pct_threshold", std::to_string(threshold), "from 1 to 100");
    require(options.pystatsd.expire.count() >= 0, "expire",
            std::to_string(options.pystatsd.expire.count()) + " s", "0 (never) or more");
    require(options.gauges_max_ttl > 0, "gauges_max_ttl", std::to_string(options.gauges_max_ttl),
            "1 or more");
    for (const Histogram& histogram : options.histograms) check_bins(histogram);
    for (const std::string& metric : options.timer_metrics) {
      const auto& known = timer_metric_names;
      // Of a percentile with a point the reference leaves the digits before it, as in upper_99_percent.
      const bool is_known = std::find(known.begin(), known.end(), metric) != known.end();
      require(is_known || metric.ends_with("_percent"), "one of timer_metrics", quoted(metric),
              "one of " + joined(known));
    }
  }

  void check_bins(const Histogram& histogram) {
    const auto descent = std::adjacent_find(histogram.bins.begin(), histogram.bins.end(),
                                            [](double left, double right) { return !(left < right); });
    if (descent != histogram.bins.end()) {
      require(false, "a bin of the histogram for " + quoted(histogram.metric), number(descent[1]),
              "above the one before, " + number(descent[0]));
    }
  }

  /// What would make two words, or lines, of a path of Graphite.
  void check_names(const AggregatorOptions& options) {
    const auto check = [this](std::string_view option, const std::string& name) {
      const bool is_word =
          std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
      require(is_word, option, quoted(name), "of printable ASCII without blanks");
    };
    check("prefix_stats", options.prefix_stats);
    check("global_prefix", options.graphite.global_prefix);
    check("counter_prefix", options.graphite.counter_prefix);
    check("timer_prefix", options.graphite.timer_prefix);
    check("gauge_prefix", options.graphite.gauge_prefix);
    check("set_prefix", options.graphite.set_prefix);
    check("global_suffix", options.graphite.global_suffix);
    check("pystatsd.global_prefix", options.pystatsd.global_prefix);
    check("pystatsd.counters_prefix", options.pystatsd.counters_prefix);
    check("pystatsd.timers_prefix", options.pystatsd.timers_prefix);
  }

  template <class Words>
  static std::string joined(const Words& words) {
    std::string text;
    for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
    return text;
  }

  std::string problems_;
};

}  // namespace detail

/// Returns the options as they hold: with one flush interval. Throws ClientError errc::invalid_option that
/// names everything that is wrong.
inline StatsdServerOptions require_valid(StatsdServerOptions options) {
  const detail::StatsdOptionCheck check{options};
  if (!check.problems().empty()) {
    statwire::detail::fail(errc::invalid_option, "statwire: StatsD server: " + check.problems());
  }
  options.aggregation.flush_interval = options.flush_interval;
  return options;
}

}  // namespace statwire::server
