#include "host_monitor/report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace host_monitor {
namespace {

constexpr std::string_view gap = "  ";
constexpr std::size_t value_width = 12;
constexpr std::size_t points_width = 8;
constexpr std::size_t drops_width = 6;
constexpr std::size_t least_key_width = 14;

std::size_t left_of(std::size_t width, std::size_t used) {
  return width > used ? width - used : 0;
}

/// How wide the columns of the live table are whose width depends on the terminal; 0 leaves one out.
struct LiveColumns {
  std::size_t key = 0;
  std::size_t sparkline = 0;
  bool has_counts = false;
};

LiveColumns live_columns(std::size_t longest_key, std::size_t width) {
  constexpr std::size_t least_sparkline = std::string_view{"last minute"}.size();
  constexpr std::size_t most_sparkline = 60;  // a second a column
  constexpr std::size_t counts = gap.size() + points_width + gap.size() + drops_width;
  constexpr std::size_t fixed = gap.size() + value_width + counts;

  const std::size_t key_room = left_of(width, fixed + gap.size() + least_sparkline);
  LiveColumns columns{.key = std::min(longest_key, std::max(least_key_width, key_room))};
  columns.has_counts = width >= columns.key + fixed;
  columns.sparkline = std::min(left_of(width, columns.key + fixed + gap.size()), most_sparkline);
  if (columns.sparkline < least_sparkline) columns.sparkline = 0;
  return columns;
}

std::string live_row(const LiveColumns& columns, std::string_view key, std::string_view value,
                     std::string_view sparkline, std::string_view points, std::string_view drops) {
  std::string row = align_left(key, columns.key);
  row.append(gap).append(align_right(value, value_width));
  if (columns.sparkline != 0) row.append(gap).append(align_left(sparkline, columns.sparkline));
  if (columns.has_counts) {
    row.append(gap).append(align_right(points, points_width));
    row.append(gap).append(align_right(drops, drops_width));
  }
  return row;
}

std::string summary_row(std::size_t key_width, std::string_view key, std::string_view count,
                        std::span<const std::string, 3> values) {
  std::string row = align_left(key, key_width);
  row.append(gap).append(align_right(count, points_width));
  for (const std::string& value : values) row.append(gap).append(align_right(value, value_width));
  return row;
}

template <class Series, class KeyOf>
std::size_t longest_key(const Series& all_series, KeyOf key_of) {
  std::size_t longest = 0;
  for (const auto& series : all_series) longest = std::max<std::size_t>(longest, key_of(series).size());
  return longest;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string{noun} + (count == 1 ? "" : "s");
}

/// Joins the parts as far as they fit: a number that is cut would be another number.
std::string join_fitting(std::span<const std::string> parts, std::size_t width) {
  std::string text;
  for (const std::string& part : parts) {
    if (text.size() + part.size() > width) break;
    text += part;
  }
  return text;
}

std::string describe(const Destination& server) {
  return to_string(server.endpoint) + (server.is_embedded ? " (embedded)" : "");
}

struct PutCounts {
  std::size_t stored = 0;
  std::size_t dropped = 0;
};

PutCounts put_counts(const Progress& progress) {
  PutCounts counts;
  for (const SeriesRecord& series : progress.series) {
    counts.stored += series.puts();
    counts.dropped += series.drops();
  }
  return counts;
}

std::string sent_and_dropped(std::uint64_t sent, std::uint64_t dropped) {
  return std::to_string(sent) + " sent, " + std::to_string(dropped) + " dropped";
}

Line footer(std::string_view kind, const Destination& server, const std::string& counts,
            std::error_code error, std::size_t width) {
  std::vector<std::string> parts{align_left(kind, 9) + to_string(server.endpoint), ": " + counts};
  if (server.is_embedded) parts.push_back(" (embedded)");
  const std::string text = join_fitting(parts, width);
  if (!error) return {text};
  return {cut(text + "; " + error.message(), width), Emphasis::warning};
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
  const LiveColumns columns =
      live_columns(longest_key(progress.series, [](const auto& series) { return series.key(); }), width);
  std::vector<Line> lines;
  lines.push_back({live_row(columns, "series", "last", "last minute", "points", "drops"), Emphasis::heading});
  for (const SeriesRecord& series : progress.series) {
    const auto slices = series.history().slices(now, columns.sparkline);
    lines.push_back(
        {live_row(columns, cut_front(series.key(), columns.key, charset),
                  format_value(series.last_value(), series.unit()), sparkline(slices, series.unit(), charset),
                  std::to_string(series.puts()), std::to_string(series.drops())),
         series.drops() == 0 ? Emphasis::none : Emphasis::warning});
  }
  const PutCounts puts = put_counts(progress);
  lines.push_back(footer("statsd", destinations.statsd,
                         sent_and_dropped(progress.statsd.sent, progress.statsd.dropped()), {}, width));
  lines.push_back(footer("metrics", destinations.metrics, sent_and_dropped(puts.stored, puts.dropped),
                         progress.metrics_error, width));
  lines.push_back({counted(progress.rounds, "round") + "; Ctrl-C ends"});
  return lines;
}

std::string plain_heading(const Destinations& destinations) {
  return "statsd to " + describe(destinations.statsd) + ", metrics to " + describe(destinations.metrics);
}

std::string plain_line(const Progress& progress, std::time_t now) {
  std::string line = format_time(now);
  for (std::size_t i = 0; i != figures.size(); ++i) {
    line.append(gap).append(figures[i].name).append(" ");
    line += format_value(progress.series[i].last_value(), figures[i].unit);
  }
  if (const std::size_t dropped = put_counts(progress).dropped; dropped != 0)
    line.append(gap).append(counted(dropped, "point")).append(" dropped");
  if (progress.metrics_error) line.append(", metrics server: ").append(progress.metrics_error.message());
  return line;
}

std::vector<std::string> summary_table(std::span<const SeriesSummary> all_series, std::size_t width,
                                       Charset charset) {
  constexpr std::size_t fixed = gap.size() + points_width + 3 * (gap.size() + value_width);
  const std::size_t key_width =
      std::min(longest_key(all_series, [](const auto& series) { return series.key; }),
               std::max(least_key_width, left_of(width, fixed)));
  std::vector<std::string> lines{
      summary_row(key_width, "series", "points", std::array<std::string, 3>{"min", "mean", "max"})};
  for (const SeriesSummary& series : all_series) {
    std::array<std::string, 3> values{"-", "-", "-"};
    if (series.count != 0) {
      values = {format_value(series.min, series.unit), format_value(series.mean, series.unit),
                format_value(series.max, series.unit)};
    }
    lines.push_back(summary_row(key_width, cut_front(series.key, key_width, charset),
                                std::to_string(series.count), values));
  }
  return lines;
}

std::string verdict(std::span<const SeriesSummary> all_series) {
  SeriesSummary sum{};
  for (const SeriesSummary& series : all_series) {
    sum.puts += series.puts;
    sum.drops += series.drops;
    sum.expected += series.expected;
    sum.same += series.same;
    sum.count += series.count;
  }
  std::string text =
      std::to_string(sum.same) + " of " + counted(sum.expected, "point") + " came back as they were put";
  if (sum.count != sum.expected)
    text += "; " + std::to_string(sum.expected - sum.count) + " did not come back";
  if (sum.same != sum.count) text += "; " + std::to_string(sum.count - sum.same) + " came back changed";
  if (sum.drops != 0) text += "; " + counted(sum.drops, "put") + " failed";
  if (sum.puts > sum.expected) text += " (" + counted(sum.puts, "put") + ": the last of each second counts)";
  return text;
}

std::string unreadable_verdict(const Progress& progress, const Endpoint& metrics, std::error_code why) {
  const PutCounts puts = put_counts(progress);
  std::string text = "nothing could be read back from " + to_string(metrics) + ": " + why.message() + "; " +
                     counted(puts.stored, "point") + " had been put";
  if (puts.dropped != 0) text += ", " + counted(puts.dropped, "put") + " failed";
  return text;
}

std::string statsd_line(const StatsdSummary& summary) {
  return "statsd saw " + std::to_string(static_cast<std::uint64_t>(summary.rounds)) + " of " +
         counted(summary.sent_rounds, "round") + ", " + std::to_string(summary.same_gauges) + " of " +
         counted(summary.sent_gauges, "gauge") + " as sent, " +
         format_milliseconds(summary.mean_milliseconds) + " per collection";
}

std::string statsd_line(const statwire::DeliveryStats& stats, const Endpoint& statsd) {
  return "statsd to " + to_string(statsd) + ": " + sent_and_dropped(stats.sent, stats.dropped());
}

}  // namespace host_monitor
