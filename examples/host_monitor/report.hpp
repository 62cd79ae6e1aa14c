#pragma once

// Everything that host_monitor says, as lines of text: the live table, the plain line of a round, and the
// summary at the end. Nothing is written here.

#include "host_monitor/input.hpp"
#include "host_monitor/layout.hpp"
#include "host_monitor/monitor.hpp"
#include "host_monitor/summary.hpp"
#include "host_monitor/terminal.hpp"

#include <cstddef>
#include <ctime>
#include <span>
#include <statwire/server/statsd_tally.hpp>
#include <string>
#include <system_error>
#include <vector>

namespace host_monitor {

/// A server that is sent to.
struct Destination {
  Endpoint endpoint;
  bool is_embedded = false;
};

struct Destinations {
  Destination statsd;
  Destination metrics;
};

/// A heading, one row per series and two rows of footer, no wider than `width`.
std::vector<Line> live_table(const Progress& progress, const Destinations& destinations, History::Time now,
                             std::size_t width, Charset charset);

/// What is said before the plain lines.
std::string plain_heading(const Destinations& destinations);

/// One round in one line, without its line feed.
std::string plain_line(const Progress& progress, std::time_t now);

/// Count, smallest, mean and largest value of each series, under a heading; keys are cut so that a row is not
/// wider than `width`.
std::vector<std::string> summary_table(std::span<const SeriesSummary> series, std::size_t width,
                                       Charset charset);

/// Whether what was put is what came back.
std::string verdict(std::span<const SeriesSummary> series);

/// That nothing can be said, and why.
std::string unreadable_verdict(const Progress& progress, const Endpoint& metrics, std::error_code why);

/// What our own StatsD server saw.
std::string statsd_line(const StatsdSummary& summary);

/// What was sent to a StatsD server of others; it does not answer, so no more is known.
std::string statsd_line(const statwire::DeliveryStats& stats, const Endpoint& statsd);

}  // namespace host_monitor
