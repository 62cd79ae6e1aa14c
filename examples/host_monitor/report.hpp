#pragma once

// Everything that host_monitor says, as lines of text: the live table, the plain line of a round, and the
// summary at the end. Nothing is written here.

#include "host_monitor/layout.hpp"
#include "host_monitor/monitor.hpp"
#include "host_monitor/terminal.hpp"

#include <cstddef>
#include <ctime>
#include <span>
#include <statwire/server/statsd_series.hpp>
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

/// A heading, one row per series and three rows of footer, no wider than `width`.
std::vector<Line> live_table(const Progress& progress, const Destinations& destinations, History::Time now,
                             std::size_t width, Charset charset);

/// What is said before the plain lines.
std::string plain_heading(const Destinations& destinations);

/// One round in one line, without its line feed.
std::string plain_line(const Progress& progress, std::time_t now);

/// Count, smallest, mean and largest value of each series, under a heading. A row is not wider than `width`,
/// or than the 66 columns that it takes with the keys cut. `read_back` is in the order of `series`.
std::vector<std::string> summary_table(std::span<const SeriesRecord> series,
                                       std::span<const ReadBack> read_back, std::size_t width,
                                       Charset charset);

/// What is said of a server at the end, and whether it has all that it should.
struct Verdict {
  std::string text;
  bool is_good = false;
};

/// Whether what was put is what came back.
Verdict metrics_verdict(std::span<const SeriesRecord> series, std::span<const ReadBack> read_back);

/// That nothing can be said, and why.
Verdict unreadable_verdict(const Progress& progress, const Endpoint& metrics, std::error_code why);

/// Whether what was sent is what our own StatsD server saw.
Verdict statsd_verdict(const Progress& progress, const statwire::server::SeriesSnapshot& seen);

/// What was sent to a StatsD server of others; it does not answer, so no more is known.
Verdict statsd_verdict(const Progress& progress, const Endpoint& statsd);

}  // namespace host_monitor
