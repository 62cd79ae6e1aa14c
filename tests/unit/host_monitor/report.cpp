#include "host_monitor/report.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

using namespace host_monitor;
using std::chrono::seconds;

namespace {

constexpr History::Time now{seconds{3659}};
constexpr std::size_t any_width = std::string::npos;

const Destinations embedded{.statsd = {{"127.0.0.1", 8125}, true}, .metrics = {{"127.0.0.1", 8888}, true}};
const Destinations others{.statsd = {{"::1", 8125}}, .metrics = {{"metrics.example", 8888}}};

/// Two rounds of all figures: one of the points of cpu was lost.
std::vector<SeriesRecord> two_rounds(const std::string& host) {
  const Readings first{25, 1073741824, 2147483648, 0, 512};
  const Readings second{50, 1610612736, 2147483648, 1048576, 0};
  std::vector<SeriesRecord> series;
  for (std::size_t i = 0; i != figures.size(); ++i) {
    SeriesRecord record{.key = host + '.' + std::string{figures[i].name}, .unit = figures[i].unit};
    record.measured(now - seconds{30}, first[i]);
    record.stored(100, first[i]);
    record.measured(now, second[i]);
    i == 0 ? record.lost(101) : record.stored(101, second[i]);
    series.push_back(record);
  }
  return series;
}

Progress progress_of(const std::vector<SeriesRecord>& series) {
  Progress progress{.name = "host", .series = series, .rounds = 2};
  progress.statsd.sent = 14;
  return progress;
}

std::vector<ReadBack> read_back_of(const std::vector<SeriesRecord>& series) {
  std::vector<ReadBack> points;
  for (const SeriesRecord& record : series) {
    std::vector<statwire::Sample> stored;
    for (const auto& [second, value] : record.expected) stored.push_back({second, value});
    points.push_back(compare(record, stored));
  }
  return points;
}

std::vector<std::string> texts(const std::vector<Line>& lines) {
  std::vector<std::string> result;
  for (const Line& line : lines) result.push_back(line.text);
  return result;
}

std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace

TEST_CASE("live_table: at 80 columns there is room for everything") {
  const auto series = two_rounds("host");
  const auto lines = texts(live_table(progress_of(series), embedded, now, 80, Charset::ascii));
  REQUIRE(lines.size() == 9);
  CHECK(lines[0] == "series                    last  last minute                       points   drops");
  CHECK(lines[1] == "host.cpu                50.0 %                ---------------=         1       1");
  CHECK(lines[2] == "host.memory.used      1.50 GiB                _______________#         2       0");
  CHECK(lines[3] == "host.disk.used        2.00 GiB                ________________         2       0");
  CHECK(lines[4] == "host.network.rx      1.0 MiB/s                _______________#         2       0");
  CHECK(lines[5] == "host.network.tx          0 B/s                ###############_         2       0");
  CHECK(lines[6] == "statsd   14 sent, 0 dropped to 127.0.0.1:8125 (embedded)");
  CHECK(lines[7] == "metrics  9 sent, 1 dropped to 127.0.0.1:8888 (embedded)");
  CHECK(lines[8] == "2 rounds; Ctrl-C ends");
}

TEST_CASE("live_table: at 50 columns the sparkline is left out, at 30 the counts, too") {
  const auto series = two_rounds("host");
  const auto at_50 = texts(live_table(progress_of(series), embedded, now, 50, Charset::utf8));
  CHECK(at_50[0] == "series                  last    points   drops");
  CHECK(at_50[1] == "host.cpu              50.0 %         1       1");
  CHECK(at_50[2] == "…t.memory.used      1.50 GiB         2       0");
  CHECK(at_50[6] == "statsd   14 sent, 0 dropped to 127.0.0.1:8125 (em…");
  const auto at_30 = texts(live_table(progress_of(series), embedded, now, 30, Charset::ascii));
  CHECK(at_30[0] == "series                  last");
  CHECK(at_30[1] == "host.cpu              50.0 %");
  CHECK(at_30[2] == "~t.memory.used      1.50 GiB");
  CHECK(at_30[7] == "metrics  9 sent, 1 dropped to~");
}

TEST_CASE("live_table: no line is wider than the terminal") {
  Progress progress;
  for (const std::string host : {"h", "a-host-with-a-rather-long-name-in-a-rack-of-its-own"}) {
    const auto series = two_rounds(host);
    progress = progress_of(series);
    progress.metrics_error = std::make_error_code(std::errc::connection_refused);
    for (const Charset charset : {Charset::ascii, Charset::utf8}) {
      for (std::size_t width = 1; width <= 200; ++width) {
        CAPTURE(width);
        for (const std::string& line : texts(live_table(progress, others, now, width, charset)))
          CHECK_MESSAGE(columns_of(line) <= width, line);
      }
    }
  }
}

TEST_CASE("live_table: the sparkline has a column for each second at most") {
  const auto series = two_rounds("host");
  const auto lines = texts(live_table(progress_of(series), embedded, now, 300, Charset::utf8));
  CHECK(columns_of(lines[1]) == 16 + 2 + 12 + 2 + 60 + 2 + 8 + 2 + 6);
}

TEST_CASE("live_table: the heading stands out, and so does what is lost") {
  const auto series = two_rounds("host");
  Progress progress = progress_of(series);
  const auto well = live_table(progress, others, now, 100, Charset::ascii);
  CHECK(well[0].emphasis == Emphasis::heading);
  CHECK(well[1].emphasis == Emphasis::warning);
  CHECK(well[2].emphasis == Emphasis::none);
  CHECK(well[7].emphasis == Emphasis::none);
  progress.metrics_error = std::make_error_code(std::errc::connection_refused);
  const auto lost = live_table(progress, others, now, 100, Charset::ascii);
  CHECK(lost[6].text == "statsd   14 sent, 0 dropped to [::1]:8125");
  CHECK(lost[7].text == "metrics  9 sent, 1 dropped to metrics.example:8888; Connection refused");
  CHECK(lost[7].emphasis == Emphasis::warning);
}

TEST_CASE("plain_heading: it names both servers") {
  CHECK(plain_heading(embedded) ==
        "statsd to 127.0.0.1:8125 (embedded), metrics to 127.0.0.1:8888 (embedded)");
  CHECK(plain_heading(others) == "statsd to [::1]:8125, metrics to metrics.example:8888");
}

TEST_CASE("plain_line: the time and every figure; what is lost only when something is") {
  auto series = two_rounds("host");
  Progress progress = progress_of(series);
  constexpr std::time_t time = 1642667947;
  const std::string values =
      "2022-01-20T08:39:07Z  cpu 50.0 %  memory.used 1.50 GiB  disk.used 2.00 GiB  network.rx 1.0 MiB/s  "
      "network.tx 0 B/s";
  CHECK(plain_line(progress, time) == values + "  1 point dropped");
  progress.metrics_error = std::make_error_code(std::errc::connection_refused);
  CHECK(plain_line(progress, time) == values + "  1 point dropped, metrics server: Connection refused");
  series[0].drops = 0;
  progress.metrics_error.clear();
  CHECK(plain_line(progress, time) == values);
}

TEST_CASE("summary_table: count, smallest, mean and largest of each series") {
  const auto series = two_rounds("host");
  const std::vector<std::string> expected{
      "series              points           min          mean           max",
      "host.cpu                 1        25.0 %        25.0 %        25.0 %",
      "host.memory.used         2      1.00 GiB      1.25 GiB      1.50 GiB",
      "host.disk.used           2      2.00 GiB      2.00 GiB      2.00 GiB",
      "host.network.rx          2         0 B/s   512.0 KiB/s     1.0 MiB/s",
      "host.network.tx          2         0 B/s       256 B/s       512 B/s",
  };
  CHECK(summary_table(series, read_back_of(series), any_width, Charset::ascii) == expected);
  CHECK(summary_table(series, read_back_of(series), 80, Charset::ascii) == expected);
}

TEST_CASE("summary_table: keys are cut to the width, and no point is no value") {
  const auto series = two_rounds("a-rather-long-name-of-a-host");
  const std::vector<ReadBack> nothing(series.size());
  const auto lines = summary_table(series, nothing, 66, Charset::utf8);
  CHECK(lines[1] == "…of-a-host.cpu         0             -             -             -");
  CHECK(lines[2] == "…t.memory.used         0             -             -             -");
  for (const std::string& line : summary_table(series, nothing, 80, Charset::ascii))
    CHECK(columns_of(line) == 80);
}

TEST_CASE("metrics_verdict: everything came back") {
  auto series = two_rounds("host");
  series[0].drops = 0;
  const Verdict verdict = metrics_verdict(series, read_back_of(series));
  CHECK(verdict.text == "9 of 9 points came back as they were put");
  CHECK(verdict.is_good);
}

TEST_CASE("metrics_verdict: several puts of a second are one point") {
  std::vector<SeriesRecord> series(1);
  series[0].stored(100, 1);
  series[0].stored(100, 2);
  const Verdict verdict = metrics_verdict(series, read_back_of(series));
  CHECK(verdict.text == "1 of 1 point came back as they were put (2 puts: the last of each second counts)");
  CHECK(verdict.is_good);
}

TEST_CASE("metrics_verdict: what is missing, changed or failed is said, and each alone is not good") {
  auto series = two_rounds("host");
  const auto all = read_back_of(series);
  CHECK(metrics_verdict(series, all).text == "9 of 9 points came back as they were put; 1 put failed");
  CHECK_FALSE(metrics_verdict(series, all).is_good);

  series[0].drops = 0;
  auto points = all;
  points[1].count = points[1].same = 1;
  CHECK(metrics_verdict(series, points).text ==
        "8 of 9 points came back as they were put; 1 did not come back");
  CHECK_FALSE(metrics_verdict(series, points).is_good);

  points = all;
  points[1].same = 0;
  CHECK(metrics_verdict(series, points).text ==
        "7 of 9 points came back as they were put; 2 came back changed");
  CHECK_FALSE(metrics_verdict(series, points).is_good);
}

TEST_CASE("unreadable_verdict: it says why, and what had been put") {
  const auto series = two_rounds("host");
  const Verdict verdict = unreadable_verdict(progress_of(series), {"::1", 8888},
                                             std::make_error_code(std::errc::connection_refused));
  CHECK(
      verdict.text ==
      "nothing could be read back from [::1]:8888: Connection refused; 9 points had been put, 1 put failed");
  CHECK_FALSE(verdict.is_good);
}

TEST_CASE("statsd_verdict: our own server is asked for every round, timing and gauge") {
  const auto series = two_rounds("host");
  const Progress progress = progress_of(series);
  statwire::server::SeriesSnapshot seen;
  seen.counters["host.host_monitor.rounds"] = 2;
  seen.timers["host.host_monitor.collection"] = {.values = {0.125, 0.375}, .count = 2};
  for (const SeriesRecord& record : series) seen.gauges[record.key] = record.last_value;
  CHECK(statsd_verdict(progress, seen).text ==
        "statsd saw 2 of 2 rounds, 5 of 5 gauges as sent, 0.25 ms per collection");
  CHECK(statsd_verdict(progress, seen).is_good);

  auto changed = seen;
  changed.gauges["host.cpu"] = 51;
  CHECK(statsd_verdict(progress, changed).text ==
        "statsd saw 2 of 2 rounds, 4 of 5 gauges as sent, 0.25 ms per collection");
  CHECK_FALSE(statsd_verdict(progress, changed).is_good);
  changed = seen;
  changed.counters["host.host_monitor.rounds"] = 1;
  CHECK_FALSE(statsd_verdict(progress, changed).is_good);
  changed = seen;
  changed.timers["host.host_monitor.collection"].count = 1;
  CHECK_FALSE(statsd_verdict(progress, changed).is_good);
}

TEST_CASE("statsd_verdict: without a round there is nothing to miss") {
  const Progress progress{.name = "host", .series = {}};
  const Verdict verdict = statsd_verdict(progress, statwire::server::SeriesSnapshot{});
  CHECK(verdict.text == "statsd saw 0 of 0 rounds, 0 of 0 gauges as sent, 0.00 ms per collection");
  CHECK(verdict.is_good);
}

TEST_CASE("statsd_verdict: of a server of others, what was sent is all that is known") {
  Progress progress{.name = "host", .series = {}};
  progress.statsd.sent = 14;
  CHECK(statsd_verdict(progress, Endpoint{"::1", 8125}).text == "statsd to [::1]:8125: 14 sent, 0 dropped");
  CHECK(statsd_verdict(progress, Endpoint{"::1", 8125}).is_good);
  progress.statsd.dropped_send = 3;
  CHECK(statsd_verdict(progress, Endpoint{"::1", 8125}).text == "statsd to [::1]:8125: 14 sent, 3 dropped");
  CHECK_FALSE(statsd_verdict(progress, Endpoint{"::1", 8125}).is_good);
}
