#pragma once

// Compares what came back from the servers with what was sent to them.

#include "host_monitor/monitor.hpp"
#include "host_monitor/series_record.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <statwire/metrics.hpp>
#include <statwire/server/statsd_tally.hpp>
#include <string>

namespace host_monitor {

/// A series after it was read back. The server may hold more than we put; only our own seconds are looked at.
struct SeriesSummary {
  std::string key;
  Unit unit;
  std::size_t puts = 0;      ///< That the server acknowledged.
  std::size_t drops = 0;     ///< Puts that failed.
  std::size_t expected = 0;  ///< Points that must have come back: the last acknowledged put of each second.
  std::size_t same = 0;      ///< Of those, the points that did as they were put.
  std::size_t count = 0;     ///< Of those, the points that did, whatever their value.
  double min = 0;            ///< Of the points that came back, as are mean and max; 0 when none did.
  double mean = 0;
  double max = 0;
};

SeriesSummary summarise(const SeriesRecord& record, std::span<const statwire::Sample> stored);

/// What our own StatsD server saw.
struct StatsdSummary {
  double rounds = 0;              ///< What the counter of rounds has come to.
  std::uint64_t sent_rounds = 0;  ///< What it must have come to.
  std::size_t same_gauges = 0;    ///< Gauges that stand where they were set last.
  std::size_t sent_gauges = 0;
  double collections = 0;        ///< Timings of the collection.
  double mean_milliseconds = 0;  ///< Their mean.

  bool is_complete() const noexcept;
};

StatsdSummary summarise(const Monitor& monitor, const statwire::server::StatsdTotals& totals);

}  // namespace host_monitor
