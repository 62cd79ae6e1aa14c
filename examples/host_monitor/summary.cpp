#include "host_monitor/summary.hpp"

#include <algorithm>
#include <map>

namespace host_monitor {

SeriesSummary summarise(const SeriesRecord& record, std::span<const statwire::Sample> stored) {
  SeriesSummary summary{.key = record.key(),
                        .unit = record.unit(),
                        .puts = record.puts(),
                        .drops = record.drops(),
                        .expected = record.expected().size()};
  std::map<std::int64_t, double> own;  // of a second that comes back twice, the later value is the valid one
  for (const auto& [timestamp, value] : stored) {
    if (record.expected().contains(timestamp)) own.insert_or_assign(timestamp, value);
  }
  if (own.empty()) return summary;
  summary.count = own.size();
  summary.min = summary.max = own.begin()->second;
  double sum = 0;
  for (const auto& [timestamp, value] : own) {
    if (record.expected().at(timestamp) == value) ++summary.same;
    summary.min = std::min(summary.min, value);
    summary.max = std::max(summary.max, value);
    sum += value;
  }
  summary.mean = sum / static_cast<double>(own.size());
  return summary;
}

bool StatsdSummary::is_complete() const noexcept {
  const auto sent = static_cast<double>(sent_rounds);
  return rounds == sent && collections == sent && same_gauges == sent_gauges;
}

StatsdSummary summarise(const Monitor& monitor, const statwire::server::StatsdTotals& totals) {
  const Progress progress = monitor.progress();
  StatsdSummary summary{.sent_rounds = progress.rounds};
  if (progress.rounds == 0) return summary;
  if (const auto found = totals.counters.find(monitor.full_name(Monitor::rounds_metric));
      found != totals.counters.end())
    summary.rounds = found->second;
  if (const auto found = totals.timings.find(monitor.full_name(Monitor::collection_metric));
      found != totals.timings.end()) {
    summary.collections = found->second.count;
    summary.mean_milliseconds = found->second.sum / found->second.count;
  }
  summary.sent_gauges = progress.series.size();
  for (const SeriesRecord& record : progress.series) {
    const auto gauge = totals.gauges.find(record.key());
    if (gauge != totals.gauges.end() && gauge->second == record.last_value()) ++summary.same_gauges;
  }
  return summary;
}

}  // namespace host_monitor
