// collectd's statsd plugin reports what the client sent, as far as it can say it. Its csv plugin writes every
// value to a stream of this test: a report a second, the first of which says that the daemon is up. It has no
// tags: a line with some is one that it cannot read, and is lost.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/counterpart.hpp"
#include "support/scratch_directory.hpp"
#include "support/text.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;

std::string configuration(std::uint16_t port, const ScratchDirectory& scratch) {
  const std::string folder = scratch.path();
  return "BaseDir \"" + folder + "\"\nPIDFile \"" + folder + "/pid\"\nHostname \"host\"\n" +
         "FQDNLookup false\nInterval 1\n"
         "WriteThreads 1\n"  // with more, values overtake each other
         "LoadPlugin logfile\n<Plugin logfile>\nLogLevel \"info\"\nFile STDERR\n</Plugin>\n"
         "LoadPlugin csv\n<Plugin csv>\nDataDir \"stderr\"\nStoreRates false\n</Plugin>\n"
         "LoadPlugin statsd\n<Plugin statsd>\nHost \"127.0.0.1\"\nPort \"" +
         std::to_string(port) +
         "\"\nCounterSum true\nTimerLower true\nTimerUpper true\nTimerSum true\nTimerCount true\n"
         "</Plugin>\n";
}

/// What the daemon wrote of every metric, a value a report: `PUTVAL host/statsd/gauge-x interval=1.000
/// 1700000000.125:42.000000`.
class Reports {
 public:
  explicit Reports(const std::string& output) {
    for (const std::string& line : split(output, '\n')) {
      const std::vector<std::string> words = split(line, ' ');
      const std::string prefix = "host/statsd/";
      if (words.size() != 4 || words[0] != "PUTVAL" || !words[1].starts_with(prefix)) continue;
      values_[words[1].substr(prefix.size())].push_back(number_of(split(words[3], ':').at(1)));
    }
  }

  double last(const std::string& metric) const { return all(metric).back(); }
  double sum(const std::string& metric) const {
    return std::accumulate(all(metric).begin(), all(metric).end(), 0.0);
  }
  /// The first report of a timer; it is not a number in those without a call.
  double first(const std::string& metric) const { return all(metric).front(); }
  bool contains(const std::string& metric) const { return values_.contains(metric); }

 private:
  const std::vector<double>& all(const std::string& metric) const {
    REQUIRE_MESSAGE(contains(metric), "collectd did not report " << metric);
    return values_.at(metric);
  }

  std::map<std::string, std::vector<double>> values_;
};

void check(const Reports& reports, const SentLines& sent) {
  CHECK(reports.sum("count-app.hits") == 2);
  CHECK(reports.last("derive-app.hits") == 2);
  CHECK(reports.last("derive-app.down") == -7);
  CHECK(reports.last("derive-app.fractions") == 2);  // of 2.25: it counts in whole numbers
  CHECK(reports.last("derive-app.large") == 123'456'789'012);
  CHECK(reports.last("derive-app.halves") == 2 * sent.halves);
  CHECK(reports.last("derive-app.tenths") == 30 * sent.tenths);
  CHECK(reports.last("gauge-app.depth") == 40);
  CHECK(reports.last("gauge-app.below") == -5.5);
  CHECK(reports.last("gauge-app.sunk") == -7);
  CHECK(reports.sum("gauge-app.latency-count") == 2);
  CHECK(reports.first("latency-app.latency-lower") == 0.25);  // in seconds
  CHECK(reports.first("latency-app.latency-upper") == 12);
  CHECK(reports.first("latency-app.latency-sum") == 12.25);
  // It cuts a timing to whole milliseconds and drops one of none.
  CHECK(reports.sum("gauge-app.brief-count") == 0);
  // Of a sampled timing, it divides the duration by the rate, not the number of calls.
  CHECK(reports.sum("gauge-app.sampled-count") == sent.timings);
  CHECK(reports.first("latency-app.sampled-upper") == 0.08);
  CHECK(reports.sum("objects-app.users") == 3);
  CHECK(reports.last("derive-app.na_me-with_every_thing_forged_1_c") == 1);
  CHECK_FALSE(reports.contains("derive-forged"));
  CHECK(reports.last("derive-app.hash.hits") == 2);  // the call without tags
}

}  // namespace

TEST_CASE("collectd: it reports what the client sent") {
  const std::filesystem::path daemon = find_daemon("collectd");
  if (is_missing("collectd", daemon)) return;
  const ScratchDirectory scratch;
  const std::uint16_t port = free_udp_port();
  ChildProcess collectd{{daemon, "-f", "-C", scratch.write("collectd.conf", configuration(port, scratch))}};
  collectd.read_until("statsd plugin: Listening on");
  // A report has just been made, so that all that follows is in the next one.
  send_marker(port);
  collectd.read_until("gauge-app.marker ");

  const std::uint64_t tagged = send_tagged(port, profiles::etsy, "app.hash");
  const SentLines sent = send_everything(port);
  // When the report after the one that holds the end has begun, that one is complete.
  const std::string end = "gauge-app.end ";
  const std::size_t found = collectd.read_until(end).find(end);
  collectd.read_until(end, found + end.size());
  collectd.signal(SIGTERM);
  CHECK(collectd.wait() == 0);
  CAPTURE(collectd.output());
  check(Reports{collectd.output()}, sent);
  const std::vector<std::string> log = split(collectd.output(), '\n');
  const auto is_unreadable = [](const std::string& line) {
    return line.find("Unable to parse line") != std::string::npos;
  };
  CHECK(std::ranges::count_if(log, is_unreadable) == static_cast<std::ptrdiff_t>(tagged - 1));
}
