#include "statsd_server/configuration.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "support/scratch_directory.hpp"
#include "support/text.hpp"

using namespace statsd_server;
using namespace statwire::server;
using namespace statwire::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

Settings parsed(std::string_view text) {
  auto result = parse_configuration("f", text);
  if (const auto* complaints = std::get_if<Complaints>(&result)) FAIL(complaints->front());
  return std::get<Settings>(result);
}

Complaints complaints(std::string_view text) {
  const auto result = parse_configuration("f", text);
  REQUIRE_MESSAGE(std::holds_alternative<Complaints>(result), "taken: " << text);
  return std::get<Complaints>(result);
}

/// Complains of a text once, and in these words.
void check_refused(std::string_view text, const std::string& words) {
  CHECK(complaints(text) == Complaints{words});
}

template <class Value>
std::string joined(const std::vector<Value>& values) {
  std::ostringstream out;
  for (const Value& value : values) out << value << ' ';
  return out.str();
}

/// All that settings say, to compare them.
std::string dump(const Settings& settings) {
  const StatsdServerOptions& server = settings.server;
  const AggregatorOptions& sums = server.aggregation;
  std::ostringstream out;
  out << server.address << ' ' << server.port << ' ' << server.tcp_port.value_or(0) << ' ' << server.unix_path
      << ' ' << server.admin_address << ' ' << server.admin_port.value_or(0) << '\n'
      << server.flush_interval.count() << ' ' << server.graphite << ' ' << settings.console << ' '
      << (settings.prometheus ? to_string(*settings.prometheus) : "") << ' ' << joined(server.repeat_to)
      << ' ' << server.close_timeout.count() << '\n'
      << static_cast<int>(sums.flavour) << ' ' << joined(sums.percentiles) << ' '
      << joined(sums.timer_metrics) << ' ' << sums.flush_counts << sums.delete_idle
      << sums.delete_counters.value_or(sums.delete_idle) << sums.delete_timers.value_or(sums.delete_idle)
      << sums.delete_sets.value_or(sums.delete_idle) << sums.delete_gauges.value_or(sums.delete_idle) << ' '
      << sums.gauges_max_ttl << ' ' << static_cast<int>(sums.names) << static_cast<int>(sums.senders) << ' '
      << sums.prefix_stats << '\n'
      << sums.max_series << ' ' << sums.max_values << ' ' << sums.max_name_bytes << ' ' << server.udp_sockets
      << ' ' << server.receive_buffer_bytes << ' ' << server.max_backlog_bytes << ' '
      << server.max_spool_bytes << ' ' << server.max_line_bytes << ' ' << server.max_connections << ' '
      << server.max_admin_connections << ' ' << server.admin_idle.count() << '\n'
      << sums.graphite.legacy << ' ' << sums.graphite.global_prefix << ' ' << sums.graphite.counter_prefix
      << ' ' << sums.graphite.timer_prefix << ' ' << sums.graphite.gauge_prefix << ' '
      << sums.graphite.set_prefix << ' ' << sums.graphite.global_suffix << '\n'
      << sums.pystatsd.counters_prefix << ' ' << sums.pystatsd.timers_prefix << ' '
      << sums.pystatsd.global_prefix << ' ' << sums.pystatsd.no_aggregate_counters << ' '
      << sums.pystatsd.pct_threshold << ' ' << sums.pystatsd.expire.count() << '\n';
  for (const Histogram& histogram : sums.histograms) out << histogram.metric << ' ' << joined(histogram.bins);
  return out.str();
}

std::string sample_file() {
  std::ostringstream text;
  text << std::ifstream{STATWIRE_SOURCE "/examples/statsd_server/statsd_server.toml"}.rdbuf();
  return text.str();
}

/// The sample with its keys uncommented, which stand right behind their `#`.
std::string sample_with_keys() {
  std::string text;
  for (const std::string& line : split(sample_file(), '\n')) {
    const bool is_key = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    text += (is_key ? line.substr(1) : line) + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("statsd_server configuration: a text that says nothing leaves the defaults, on the usual ports") {
  const Settings settings = parsed("# nothing\n");
  CHECK(dump(settings) == dump(Settings{}));
  CHECK(settings.server.address == "127.0.0.1");
  CHECK(settings.server.port == 8125);
  CHECK(settings.server.admin_address == "127.0.0.1");
  CHECK(settings.server.admin_port == 8126);
}

TEST_CASE("statsd_server configuration: each key of the sample file has its default there") {
  CHECK(dump(parsed(sample_file())) == dump(Settings{}));
  const std::string with_keys = sample_with_keys();
  CHECK(dump(parsed(with_keys)) == dump(Settings{}));
  // The complaint of an unknown key lists those that there are, table by table.
  const auto check_complete = [&](const std::string& text, const std::string& behind) {
    const std::string complaint = complaints(text).front();
    const std::size_t list = complaint.find(behind);
    REQUIRE(list != std::string::npos);
    for (const std::string& key : split(complaint.substr(list + behind.size()), ' ')) {
      const std::string name = key.substr(0, key.find(','));
      CAPTURE(name);
      const bool is_table = name == "names" || name == "pystatsd" || name == "histogram";
      CHECK(with_keys.find(is_table ? "[" + name + "]" : "\n" + name + " = ") != std::string::npos);
    }
  };
  check_complete("x = 1", "outside tables are ");
  check_complete("[names]\nx = 1", "here are ");
  check_complete("[pystatsd]\nx = 1", "here are ");
}

TEST_CASE("statsd_server configuration: each key says what it is for") {
  const Settings settings = parsed(R"(
listen = "[::]:9"
tcp = 10
unix = "@statsd"
admin = "0.0.0.0:11"
flush_interval = "1.5s"
graphite = "pickle://g:2004"
console = true
repeat_to = ["udp://a:1", "tcp://b:2"]
close_timeout = 250
percentiles = [50, 99.9, -10]
timer_metrics = ["count", "upper_percent"]
flush_counts = false
delete_idle = true
delete_counters = false
delete_timers = true
delete_sets = false
delete_gauges = true
gauges_max_ttl = 3
clean_names = false
senders = "dogstatsd"
prefix_stats = "own"
max_series = 12
max_values = 13
max_name_bytes = 19
udp_sockets = 2
receive_buffer_bytes = 14
max_backlog_bytes = 15
max_spool_bytes = 70000
max_line_bytes = 16
max_connections = 17
max_admin_connections = 18
admin_idle = "2m"
[names]
legacy = false
global_prefix = "g"
counter_prefix = ""
timer_prefix = "t"
gauge_prefix = "a"
set_prefix = "s"
global_suffix = "z"
[[histogram]]
metric = "latency"
bins = [1, 2.5, inf]
[[histogram]]
metric = ""
)");
  const StatsdServerOptions& server = settings.server;
  CHECK(server.address == "::");
  CHECK(server.port == 9);
  CHECK(server.tcp_port == 10);
  CHECK(server.unix_path == "@statsd");
  CHECK(server.admin_address == "0.0.0.0");
  CHECK(server.admin_port == 11);
  CHECK(server.flush_interval == milliseconds{1500});
  CHECK(server.graphite == "pickle://g:2004");
  CHECK(settings.console);
  CHECK(server.repeat_to == std::vector<std::string>{"udp://a:1", "tcp://b:2"});
  CHECK(server.close_timeout == milliseconds{250});
  CHECK(server.udp_sockets == 2);
  CHECK(server.receive_buffer_bytes == 14);
  CHECK(server.max_backlog_bytes == 15);
  CHECK(server.max_spool_bytes == 70'000);
  CHECK(server.max_line_bytes == 16);
  CHECK(server.max_connections == 17);
  CHECK(server.max_admin_connections == 18);
  CHECK(server.admin_idle == seconds{120});
  const AggregatorOptions& sums = server.aggregation;
  CHECK(sums.percentiles == std::vector<double>{50, 99.9, -10});
  CHECK(sums.timer_metrics == std::vector<std::string>{"count", "upper_percent"});
  CHECK(sums.max_name_bytes == 19);
  CHECK_FALSE(sums.flush_counts);
  CHECK(sums.delete_idle);
  CHECK(sums.delete_counters == false);
  CHECK(sums.delete_timers == true);
  CHECK(sums.delete_sets == false);
  CHECK(sums.delete_gauges == true);
  CHECK(sums.gauges_max_ttl == 3);
  CHECK(sums.names == Names::keep);
  CHECK(sums.senders == Senders::dogstatsd);
  CHECK(sums.prefix_stats == "own");
  CHECK(sums.max_series == 12);
  CHECK(sums.max_values == 13);
  CHECK_FALSE(sums.graphite.legacy);
  CHECK(sums.graphite.global_prefix == "g");
  CHECK(sums.graphite.counter_prefix.empty());
  CHECK(sums.graphite.timer_prefix == "t");
  CHECK(sums.graphite.gauge_prefix == "a");
  CHECK(sums.graphite.set_prefix == "s");
  CHECK(sums.graphite.global_suffix == "z");
  REQUIRE(sums.histograms.size() == 2);
  CHECK(sums.histograms[0].metric == "latency");
  CHECK(sums.histograms[0].bins == std::vector<double>{1, 2.5, std::numeric_limits<double>::infinity()});
  CHECK(sums.histograms[1].bins.empty());
}

TEST_CASE("statsd_server configuration: the flavour pystatsd has a table of its own") {
  const Settings settings = parsed(R"(
flavour = "pystatsd"
[pystatsd]
counters_prefix = "c"
timers_prefix = "t"
global_prefix = "g"
no_aggregate_counters = true
pct_threshold = 95
expire = 60
)");
  const AggregatorOptions& sums = settings.server.aggregation;
  CHECK(sums.flavour == Flavour::pystatsd);
  CHECK(sums.pystatsd.counters_prefix == "c");
  CHECK(sums.pystatsd.timers_prefix == "t");
  CHECK(sums.pystatsd.global_prefix == "g");
  CHECK(sums.pystatsd.no_aggregate_counters);
  CHECK(sums.pystatsd.pct_threshold == 95);
  CHECK(sums.pystatsd.expire == seconds{60});
}

TEST_CASE("statsd_server configuration: what may be none is off then") {
  const Settings settings =
      parsed("admin = 'none'\ntcp = 'none'\nunix = 'none'\ngraphite = 'none'\nprometheus = 'none'");
  CHECK_FALSE(settings.server.admin_port);
  CHECK_FALSE(settings.server.tcp_port);
  CHECK(settings.server.unix_path.empty());
  CHECK(settings.server.graphite.empty());
  CHECK_FALSE(settings.prometheus);
}

TEST_CASE("statsd_server configuration: the page for Prometheus is there or refused by name") {
  const std::string text = "\nprometheus = '[::1]:9102'";
  if (!has_metrics_page) {
    check_refused(text, std::string{"f:2:14: prometheus: "} + no_metrics_page);
    return;
  }
  const Settings settings = parsed(text);
  REQUIRE(settings.prometheus);
  CHECK(to_string(*settings.prometheus) == "[::1]:9102");
}

TEST_CASE("statsd_server configuration: a refusal names the place, the key, the value and what is legal") {
  check_refused("listen = 'localhost:1'",
                "f:1:10: listen: 'localhost:1' is not address:port, as 127.0.0.1:8125, 0.0.0.0:8125 or "
                "[::1]:8125, with a port from 1 to 65535");
  check_refused("\n\n  tcp = 0", "f:3:9: tcp: '0' is neither a port from 1 to 65535 nor 'none'");
  check_refused(
      "unix = 'run/x'",
      "f:1:8: unix: 'run/x' is neither an absolute path of at most 107 bytes, @ and a name (abstract, "
      "Linux), nor 'none'");
  check_refused(
      "admin = 'x'",
      "f:1:9: admin: 'x' is neither address:port, as 127.0.0.1:8126 or [::1]:8126, with a port from 1 "
      "to 65535, nor 'none'");
  check_refused(
      "graphite = 'g'",
      "f:1:12: graphite: 'g' is neither host:port, as graphite.example:2003, pickle://host:port, with "
      "a port from 1 to 65535, nor 'none'");
  for (const char* time : {"0", "'0ms'", "-1", "'25h'", "86400001", "'10'", "'10d'", "''"}) {
    CAPTURE(time);
    const std::string text = std::string{"flush_interval = "} + time;
    if (std::string{"'10'"} == time) {
      CHECK(parsed(text).server.flush_interval == milliseconds{10});
      continue;
    }
    const std::string complaint = complaints(text).front();
    CHECK(
        complaint.ends_with(" is not a duration from 1ms to 24h, as 10s or 500ms; a bare number is of "
                            "milliseconds"));
  }
  check_refused(
      "close_timeout = -1",
      "f:1:17: close_timeout: '-1' is not a duration from 1ms to 24h, as 5s or 500ms; a bare number "
      "is of milliseconds");
  check_refused("admin_idle = '500ms'",
                "f:1:14: admin_idle: '500ms' is not a duration from 1s to 24h, as 60s; a bare number is of "
                "seconds");
  check_refused("repeat_to = ['udp://a:1', 'null:']",
                "f:1:27: repeat_to: 'null:' is neither udp://host:port, tcp://host:port, unix:///path nor "
                "unixstream:///path");
  check_refused("flavour = 'etsy'", "f:1:11: flavour: 'etsy' is neither statsd nor pystatsd");
  check_refused("senders = 'x'", "f:1:11: senders: 'x' is neither statsd nor dogstatsd");
  check_refused("percentiles = [90, 100.5]", "f:1:20: percentiles: '100.5' is not a number from -100 to 100");
  check_refused("percentiles = [nan]", "f:1:16: percentiles: 'nan' is not a number from -100 to 100");
  check_refused(
      "timer_metrics = ['p90']",
      "f:1:18: timer_metrics: 'p90' is neither std, upper, lower, count, count_ps, sum, sum_squares, "
      "mean, median, histogram, nor one of a percentile: count_percent, mean_percent, upper_percent, "
      "lower_percent, sum_percent or sum_squares_percent");
  check_refused("gauges_max_ttl = 0", "f:1:18: gauges_max_ttl: '0' is not a number from 1 to 1000000000");
  check_refused("udp_sockets = 257", "f:1:15: udp_sockets: '257' is not a number from 1 to 256");
  check_refused("receive_buffer_bytes = -1",
                "f:1:24: receive_buffer_bytes: '-1' is not a number of bytes from 0 to 2147483647");
  for (const char* key : {"max_series", "max_values", "max_name_bytes", "max_backlog_bytes", "max_line_bytes",
                          "max_connections", "max_admin_connections"}) {
    const std::string text = std::string{key} + " = 0";
    check_refused(text, "f:1:" + std::to_string(text.size()) + ": " + key +
                            ": '0' is not a number from 1 to 1000000000");
  }
  check_refused("prefix_stats = 'a b'",
                "f:1:16: prefix_stats: 'a b' is not of printable ASCII without blanks, as Graphite wants its "
                "names");
  check_refused("flavour = 'pystatsd'\npystatsd.pct_threshold = 101",
                "f:2:26: pystatsd.pct_threshold: '101' is not a whole number from 1 to 100");
  check_refused("flavour = 'pystatsd'\npystatsd.expire = -1",
                "f:2:19: pystatsd.expire: '-1' is not a number of seconds from 0 (never) to 1000000000");
  check_refused("[[histogram]]\nmetric = 'a'\nbins = [1, 1]",
                "f:3:12: histogram.bins: an integer, '1', expected more than the bound before it");
  check_refused("[[histogram]]\nbins = ['x']",
                "f:2:9: histogram.bins: a string, 'x', expected numbers, the last one perhaps inf");
}

TEST_CASE("statsd_server configuration: a value of another type is refused with both types") {
  check_refused("listen = 8125", "f:1:10: listen: an integer, '8125', expected a string");
  check_refused("max_series = '7'", "f:1:14: max_series: a string, '7', expected an integer");
  check_refused("max_series = 1.5", "f:1:14: max_series: a number, '1.5', expected an integer");
  check_refused("flush_interval = true",
                "f:1:18: flush_interval: a boolean, 'true', expected a string or an integer");
  check_refused("percentiles = ['90']", "f:1:16: percentiles: a string, '90', expected a number");
  check_refused("percentiles = 90", "f:1:15: percentiles: an integer, '90', expected an array");
  check_refused("console = 1", "f:1:11: console: an integer, '1', expected true or false");
  check_refused("names = 'clean'", "f:1:9: names: a string, 'clean', expected a table");
  check_refused("histogram = [1]", "f:1:14: histogram: an integer, '1', expected a table: [[histogram]]");
  check_refused("graphite = [1]", "f:1:12: graphite: an array, expected a string");
  check_refused("[graphite]", "f:1:1: graphite: a table, expected a string");
  check_refused("listen = 1979-05-27", "f:1:10: listen: a date or time, '1979-05-27', expected a string");
}

TEST_CASE("statsd_server configuration: what would silently do nothing is refused") {
  check_refused("[pystatsd]\nexpire = 5",
                "f:2:10: pystatsd.expire: has no effect without flavour = \"pystatsd\"");
  check_refused("percentiles = [95]\nflavour = 'pystatsd'",
                "f:1:15: percentiles: has no effect with flavour = \"pystatsd\"");
  check_refused("clean_names = false\nflavour = 'pystatsd'",
                "f:1:15: clean_names: has no effect with flavour = \"pystatsd\"");
  check_refused("[names]\ngauge_prefix = 'x'",
                "f:2:16: names.gauge_prefix: has no effect without legacy = false");
  check_refused("flavour = 'pystatsd'\n[[histogram]]\nmetric = ''",
                "f:2:1: histogram: has no effect with flavour = \"pystatsd\"");
  CHECK(parsed("[names]\nglobal_suffix = 'x'").server.aggregation.graphite.global_suffix == "x");
}

TEST_CASE("statsd_server configuration: all that is wrong is said, in the order of the file") {
  const Complaints all = complaints("udp_sockets = 0\n[names]\nlegacy = 1\nlegcy = 2\n[x]\na = 1\n");
  REQUIRE(all.size() == 4);
  CHECK(all[0] == "f:1:15: udp_sockets: '0' is not a number from 1 to 256");
  CHECK(all[1] == "f:3:10: names.legacy: an integer, '1', expected true or false");
  CHECK(all[2] ==
        "f:4:1: unknown key 'names.legcy'; the keys here are counter_prefix, gauge_prefix, global_prefix, "
        "global_suffix, legacy, set_prefix, timer_prefix");
  CHECK(all[3].starts_with("f:5:2: unknown key 'x'; the keys outside tables are admin, admin_idle, "));
}

TEST_CASE("statsd_server configuration: what is no TOML is refused in one line that names the place") {
  const std::string long_name(5000, 'x');
  const std::vector<std::pair<std::string, std::string>> cases{
      {"console = true\nlisten = ", "f:2:"},
      {"console = true\nconsole = false", "f:2:"},
      {"listen = \"127.0.0.1:1\n", "f:1:"},
      {"\n\nlisten", "f:3:"},
      {"max_series = 99999999999999999999", "f:1:"},
      {std::string{"\x7f"
                   "ELF\0\0",
                   6},
       "f:1:"},
      {"listen = '\xff\xfe'", "f:1:"},
      {"a = " + std::string(100'000, '['), "f:1:"},
      {std::string(100'000, '['), "f:1:1: no TOML; expected a table's name between its brackets"},
      {"console = true\n\n[[=", "f:3:1: no TOML; expected a table's name between its brackets"},
      {"[&", "f:1:1: no TOML; expected a table's name between its brackets"},
      {"console = true\r\n[[[names]]]\r\nlegacy = 1\r\n",
       "f:2:1: no TOML; expected a table's name between its brackets"},
      {"listen = '" + long_name + "'", "f:1:10: listen: 'xxxx"},
      {"listen = \"a\\nb\"", "f:1:10: listen: 'a?b' is not"}};
  for (const auto& [text, begin] : cases) {
    const Complaints all = complaints(text);
    CAPTURE(all.front());
    CHECK(all.size() == 1);
    CHECK(all.front().starts_with(begin));
    CHECK(all.front().find('\n') == std::string::npos);
    CHECK(all.front().size() < 300);
  }
}

TEST_CASE("statsd_server configuration: a file that cannot be read is refused with the reason") {
  const ScratchDirectory directory;
  const auto refusal = [](const std::string& path) {
    const auto result = read_configuration(path);
    REQUIRE(std::holds_alternative<Complaints>(result));
    const Complaints all = std::get<Complaints>(result);
    REQUIRE(all.size() == 1);
    REQUIRE(all.front().starts_with(path + ": "));
    return all.front().substr(path.size() + 2);
  };
  CHECK(refusal(directory.path() / "none") == "cannot be read: No such file or directory");
  CHECK(refusal(directory.path()) == "is a directory; expected a file");
  CHECK(refusal(directory.write("empty", "")).starts_with("is empty; "));
  CHECK(refusal("/dev/zero").starts_with("is a device or a pipe; "));
  const std::string pipe = directory.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(refusal(pipe).starts_with("is a device or a pipe; "));
  CHECK(refusal(directory.write("long", std::string((4 << 20) + 1, '#'))) ==
        "is longer than 4 MiB, which no configuration is");
}

TEST_CASE("statsd_server configuration: a file may be large") {
  const ScratchDirectory directory;
  std::string text = "percentiles = [";
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i % 100) + ",\n";
  text += "]\n" + std::string(1 << 20, '#') + "\nmax_series = 7\n";
  const auto result = read_configuration(directory.write("large.toml", text));
  REQUIRE(std::holds_alternative<Settings>(result));
  const AggregatorOptions& sums = std::get<Settings>(result).server.aggregation;
  CHECK(sums.percentiles.size() == 100'000);
  CHECK(sums.max_series == 7);
}
