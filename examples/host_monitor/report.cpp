#include "host_monitor/report.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

namespace host_monitor {
namespace {

constexpr std::size_t gap = 2;  // between the cells of a row()
constexpr std::size_t value_width = 12;
constexpr std::size_t points_width = 8;
constexpr std::size_t drops_width = 6;
constexpr std::size_t least_key_width = 14;

std::size_t left_of(std::size_t width, std::size_t used) {
  return width > used ? width - used : 0;
}

/// As wide as the longest key, if `width` leaves room for that beside the other columns.
std::size_t key_width(std::span<const SeriesRecord> all_series, std::size_t width, std::size_t others) {
  std::size_t longest = 0;
  for (const SeriesRecord& series : all_series) longest = std::max(longest, series.key.size());
  return std::min(longest, std::max(least_key_width, left_of(width, others)));
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string{noun} + (count == 1 ? "" : "s");
}

std::string describe(const Destination& server) {
  return to_string(server.endpoint) + (server.is_embedded ? " (embedded)" : "");
}

std::string sent_and_dropped(std::uint64_t sent, std::uint64_t dropped) {
  return std::to_string(sent) + " sent, " + std::to_string(dropped) + " dropped";
}

struct PutCounts {
  std::size_t stored = 0;
  std::size_t dropped = 0;
};

PutCounts put_counts(std::span<const SeriesRecord> all_series) {
  PutCounts counts;
  for (const SeriesRecord& series : all_series) {
    counts.stored += series.puts;
    counts.dropped += series.drops;
  }
  return counts;
}

template <class Map>
typename Map::mapped_type value_or_zero(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? typename Map::mapped_type{} : found->second;
}

std::string format_time(std::time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

std::vector<Line> live_table(const Progress& progress, const Destinations& destinations, History::Time now,
                             std::size_t width, Charset charset) {
  constexpr std::size_t least_sparkline = std::string_view{"last minute"}.size();
  constexpr std::size_t most_sparkline = 60;  // a second a column
  constexpr std::size_t counts = gap + points_width + gap + drops_width;
  constexpr std::size_t fixed = gap + value_width + counts;

  // What there is no room for is left out: first the sparkline, then the counts.
  const std::size_t key = key_width(progress.series, width, fixed + gap + least_sparkline);
  std::size_t spark = std::min(left_of(width, key + fixed + gap), most_sparkline);
  if (spark < least_sparkline) spark = 0;
  const bool has_counts = width >= key + fixed;
  const std::size_t points = has_counts ? points_width : 0;
  const std::size_t drops = has_counts ? drops_width : 0;

  std::vector<Line> lines;
  const auto add = [&](const std::string& text, Emphasis emphasis) {
    lines.push_back({cut(text, width, charset), emphasis});
  };
  add(row({{"series", key, Align::left},
           {"last", value_width},
           {"last minute", spark, Align::left},
           {"points", points},
           {"drops", drops}}),
      Emphasis::heading);
  for (const SeriesRecord& series : progress.series) {
    const auto slices = series.history.slices(now, spark);
    add(row({{cut_front(series.key, key, charset), key, Align::left},
             {format_value(series.last_value, series.unit), value_width},
             {sparkline(slices, series.unit, charset), spark, Align::left},
             {std::to_string(series.puts), points},
             {std::to_string(series.drops), drops}}),
        series.drops == 0 ? Emphasis::none : Emphasis::warning);
  }
  const PutCounts puts = put_counts(progress.series);
  const std::error_code error = progress.metrics_error;
  add("statsd   " + sent_and_dropped(progress.statsd.sent, progress.statsd.dropped()) + " to " +
          describe(destinations.statsd),
      Emphasis::none);
  add("metrics  " + sent_and_dropped(puts.stored, puts.dropped) + " to " + describe(destinations.metrics) +
          (error ? "; " + error.message() : ""),
      error ? Emphasis::warning : Emphasis::none);
  add(counted(progress.rounds, "round") + "; Ctrl-C ends", Emphasis::none);
  return lines;
}

std::string plain_heading(const Destinations& destinations) {
  return "statsd to " + describe(destinations.statsd) + ", metrics to " + describe(destinations.metrics);
}

std::string plain_line(const Progress& progress, std::time_t now) {
  std::string line = format_time(now);
  for (std::size_t i = 0; i != figures.size(); ++i) {
    line.append("  ").append(figures[i].name).append(" ");
    line += format_value(progress.series[i].last_value, figures[i].unit);
  }
  if (const std::size_t dropped = put_counts(progress.series).dropped; dropped != 0)
    line.append("  ").append(counted(dropped, "point")).append(" dropped");
  if (progress.metrics_error) line.append(", metrics server: ").append(progress.metrics_error.message());
  return line;
}

std::vector<std::string> summary_table(std::span<const SeriesRecord> series,
                                       std::span<const ReadBack> read_back, std::size_t width,
                                       Charset charset) {
  const std::size_t key = key_width(series, width, gap + points_width + 3 * (gap + value_width));
  std::vector<std::string> lines{row({{"series", key, Align::left},
                                      {"points", points_width},
                                      {"min", value_width},
                                      {"mean", value_width},
                                      {"max", value_width}})};
  for (std::size_t i = 0; i != series.size(); ++i) {
    const ReadBack& points = read_back[i];
    const auto value = [&](double number) {
      return points.count == 0 ? std::string{'-'} : format_value(number, series[i].unit);
    };
    lines.push_back(row({{cut_front(series[i].key, key, charset), key, Align::left},
                         {std::to_string(points.count), points_width},
                         {value(points.min), value_width},
                         {value(points.mean), value_width},
                         {value(points.max), value_width}}));
  }
  return lines;
}

Verdict metrics_verdict(std::span<const SeriesRecord> series, std::span<const ReadBack> read_back) {
  const PutCounts puts = put_counts(series);
  std::size_t expected = 0;
  std::size_t count = 0;
  std::size_t same = 0;
  for (std::size_t i = 0; i != series.size(); ++i) {
    expected += series[i].expected.size();
    count += read_back[i].count;
    same += read_back[i].same;
  }
  std::string text =
      std::to_string(same) + " of " + counted(expected, "point") + " came back as they were put";
  if (count != expected) text += "; " + std::to_string(expected - count) + " did not come back";
  if (same != count) text += "; " + std::to_string(count - same) + " came back changed";
  if (puts.dropped != 0) text += "; " + counted(puts.dropped, "put") + " failed";
  if (puts.stored > expected)
    text += " (" + counted(puts.stored, "put") + ": the last of each second counts)";
  return {text, same == expected && puts.dropped == 0};
}

Verdict unreadable_verdict(const Progress& progress, const Endpoint& metrics, std::error_code why) {
  const PutCounts puts = put_counts(progress.series);
  std::string text = "nothing could be read back from " + to_string(metrics) + ": " + why.message() + "; " +
                     counted(puts.stored, "point") + " had been put";
  if (puts.dropped != 0) text += ", " + counted(puts.dropped, "put") + " failed";
  return {text, false};
}

Verdict statsd_verdict(const Progress& progress, const statwire::server::SeriesSnapshot& seen) {
  const std::string prefix = std::string{progress.name} + '.';
  const double rounds = value_or_zero(seen.counters, prefix + std::string{rounds_metric});
  const auto timings = value_or_zero(seen.timers, prefix + std::string{collection_metric});
  std::size_t gauges = 0;
  for (const SeriesRecord& series : progress.series) {
    const auto found = seen.gauges.find(series.key);
    if (found != seen.gauges.end() && found->second == series.last_value) ++gauges;
  }
  const std::size_t sent_gauges = progress.rounds == 0 ? 0 : progress.series.size();
  const double sum = std::accumulate(timings.values.begin(), timings.values.end(), 0.0);
  const double mean = timings.values.empty() ? 0 : sum / static_cast<double>(timings.values.size());
  const std::string text = "statsd saw " + std::to_string(static_cast<std::uint64_t>(rounds)) + " of " +
                           counted(progress.rounds, "round") + ", " + std::to_string(gauges) + " of " +
                           counted(sent_gauges, "gauge") + " as sent, " + format_milliseconds(mean) +
                           " per collection";
  const auto sent = static_cast<double>(progress.rounds);
  return {text, rounds == sent && timings.count == sent && gauges == sent_gauges};
}

Verdict statsd_verdict(const Progress& progress, const Endpoint& statsd) {
  const statwire::DeliveryStats& stats = progress.statsd;
  return {"statsd to " + to_string(statsd) + ": " + sent_and_dropped(stats.sent, stats.dropped()),
          stats.dropped() == 0};
}

}  // namespace host_monitor
