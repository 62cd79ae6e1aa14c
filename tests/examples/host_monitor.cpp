// Runs host_monitor as a user would, and looks at what it prints and what the servers then hold.

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <regex>
#include <string>
#include <vector>

#include "host_monitor/host_sampler.hpp"
#include "statwire/metrics.hpp"
#include "statwire/server/metrics_server.hpp"
#include "statwire/server/statsd_server.hpp"
#include "support/cases.hpp"
#include "support/child_process.hpp"
#include "support/loopback.hpp"
#include "support/terminal_process.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

const std::string program = STATWIRE_EXAMPLES "/host_monitor";
const std::string hide_cursor = "\x1b[?25l";
const std::string show_cursor = "\x1b[?25h";

/// A round, as it is written into a pipe.
const std::string round_words = "Z  cpu ";

const std::string plain_round =
    "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ  cpu \\d+\\.\\d %  memory\\.used \\S+ [KMGT]iB  "
    "disk\\.used \\S+ [KMGT]iB  network\\.rx \\S+ [KMG]?i?B/s  network\\.tx \\S+ [KMG]?i?B/s";

std::vector<std::string> with_program(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program);
  return arguments;
}

/// Runs a program to its end; returns its exit status and leaves what it printed in `output`.
int run(const std::vector<std::string>& command, std::string& output) {
  ChildProcess child{command};
  const int status = child.wait();
  output = child.output();
  return status;
}

/// What the first group of the pattern is in the text; the test fails when it does not occur.
std::string find(const std::string& text, const std::string& pattern) {
  std::smatch match;
  REQUIRE_MESSAGE(std::regex_search(text, match, std::regex{pattern}), pattern << " is not in: " << text);
  return match[1];
}

bool is_one_line(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n') == 1 && text.ends_with('\n');
}

std::string address(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

/// Checks the summary of a run in which nothing was lost; returns how many rounds it had.
std::size_t check_summary(const std::string& output) {
  const std::string rounds =
      find(output,
           "statsd saw (\\d+) of \\1 rounds?, 5 of 5 gauges as sent, \\d+\\.\\d\\d ms per collection\r?\n");
  find(output, "\n([1-9]\\d*) of \\1 points came back as they were put( \\(\\d+ puts: [^)]*\\))?\r?\n$");
  find(output, "\n(series) +points +min +mean +max\r?\n");
  for (const std::string name : {"cpu", "memory.used", "disk.used", "network.rx", "network.tx"})
    find(output, "\n(\\S*" + name + ") +[1-9]\\d*( +\\S+ (%|[KMGT]?i?B(/s)?)){3}\r?\n");
  return std::stoul(rounds);
}

}  // namespace

TEST_CASE("host_monitor: in a pipe it writes a plain line each round, and everything comes back") {
  std::string output;
  CHECK(run(with_program({"--for", "1s", "--interval", "200ms"}), output) == 0);
  const std::size_t rounds = check_summary(output);
  const std::vector<std::string> lines = split(output, '\n');
  find(lines[0],
       "^(statsd to 127\\.0\\.0\\.1:\\d+ \\(embedded\\), metrics to 127\\.0\\.0\\.1:\\d+ \\(embedded\\))$");
  const std::regex pattern{plain_round};
  CHECK(static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
          return std::regex_match(line, pattern);
        })) == rounds);
  CHECK(output.find('\x1b') == std::string::npos);
}

TEST_CASE("host_monitor: it ends after --for, not at the round after it") {
  const auto start = std::chrono::steady_clock::now();
  std::string output;
  CHECK(run(with_program({"--for", "300ms", "--interval", "1h"}), output) == 0);
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds{300});
  CHECK(check_summary(output) == 1);
}

TEST_CASE("host_monitor: --help goes to standard output and is no error") {
  std::string output;
  CHECK(run({"sh", "-c", "exec \"$0\" --help 2>/dev/null", program}, output) == 0);
  for (const std::string flag : {"--statsd", "--metrics", "--interval", "--for", "--prefix"})
    CHECK(output.find(flag) != std::string::npos);
}

TEST_CASE("host_monitor: a bad command line is one line that names the value, and exit status 2") {
  const std::vector<std::vector<std::string>> commands{{"--interval", "5"},
                                                       {"--interval", "1ms"},
                                                       {"--interval"},
                                                       {"--for", "soon"},
                                                       {"--for", "1ms"},
                                                       {"--for"},
                                                       {"--statsd", "nowhere"},
                                                       {"--statsd"},
                                                       {"--metrics", "host:99999"},
                                                       {"--metrics"},
                                                       {"--prefix", "a b"},
                                                       {"--prefix"},
                                                       {"--prefix", "a\nb\x1b[31m"},
                                                       {"--verbose"},
                                                       {"often"}};
  for (const auto& arguments : commands) {
    CAPTURE(arguments[0]);
    std::string output;
    CHECK(run(with_program(arguments), output) == 2);
    CHECK_MESSAGE(is_one_line(output), output);
    CHECK(output.starts_with("host_monitor: "));
    CHECK(output.find(arguments[0]) != std::string::npos);
    CHECK(output.find('\x1b') == std::string::npos);
    if (arguments.size() > 1 && arguments[1].find('\n') == std::string::npos)
      CHECK(output.find(arguments[1]) != std::string::npos);
  }
}

TEST_CASE("host_monitor: a metrics server that is not there is one line and exit status 1") {
  const std::string endpoint = address(free_tcp_port());
  std::string output;
  CHECK(run(with_program({"--metrics", endpoint, "--for", "1s"}), output) == 1);
  CHECK(output == "host_monitor: cannot reach the metrics server " + endpoint + ": Connection refused\n");
}

TEST_CASE("host_monitor: a StatsD server that is not there is not noticed, for it would not answer") {
  const std::string endpoint = address(free_udp_port());
  std::string output;
  CHECK(run(with_program({"--statsd", endpoint, "--for", "300ms", "--interval", "1h"}), output) == 0);
  find(output, "\n(statsd to " + endpoint + ": 7 sent, 0 dropped)\n");
}

TEST_CASE("host_monitor: a signal to end ends it with the summary and exit status 0") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    CAPTURE(signal);
    ChildProcess child{with_program({"--interval", "1h"})};
    child.read_until(round_words);
    child.signal(signal);
    CHECK(child.wait() == 0);
    CHECK(check_summary(child.output()) == 1);
  }
}

TEST_CASE("host_monitor: under nohup it outlives the end of the session") {
  const auto start = std::chrono::steady_clock::now();
  ChildProcess child{{"sh", "-c", "trap '' HUP; exec \"$0\" --for 1s --interval 100ms", program}};
  child.read_until(round_words);
  child.signal(SIGHUP);
  CHECK(child.wait() == 0);
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::seconds{1});
  check_summary(child.output());
}

TEST_CASE("host_monitor: servers that it is told hold every point, under prefix and host name") {
  EventCount datagrams;
  server::StatsdServer statsd{
      {.flush = Flush::manual, .on_datagram = [&](std::string_view) { datagrams.add(); }}};
  server::MetricsServer metrics;
  statsd.start();
  metrics.start();
  std::string output;
  CHECK(run(with_program({"--statsd", address(statsd.port()), "--metrics", address(metrics.port()),
                          "--prefix", "lab", "--for", "600ms", "--interval", "200ms"}),
            output) == 0);
  CHECK(output.starts_with("statsd to " + address(statsd.port()) + ", metrics to " + address(metrics.port()) +
                           "\n"));
  const std::size_t points =
      std::stoul(find(output, "\n([1-9]\\d*) of \\1 points came back as they were put"));
  const std::size_t samples =
      std::stoul(find(output, "\nstatsd to " + address(statsd.port()) + ": (\\d+) sent, 0 dropped\n"));
  const std::size_t rounds = samples / 7;  // five gauges, a timing and a count
  CHECK(samples == rounds * 7);

  const std::string name = "lab." + host_monitor::host_name() + ".";
  datagrams.wait_for(rounds);
  const server::SeriesSnapshot seen = statsd.snapshot();
  CHECK(statsd.stats().lines == samples);
  CHECK(statsd.stats().bad_values == 0);
  CHECK(seen.counters.at(name + "host_monitor.rounds") == static_cast<double>(rounds));
  CHECK(seen.timers.at(name + "host_monitor.collection").count == static_cast<double>(rounds));
  CHECK(seen.gauges.size() == 5);

  const Series stored = MetricsClient{"127.0.0.1", metrics.port()}.get("*");
  CHECK(stored.size() == 5);
  std::size_t stored_points = 0;
  for (const std::string figure : {"cpu", "memory.used", "disk.used", "network.rx", "network.tx"}) {
    CAPTURE(figure);
    REQUIRE(stored.contains(name + figure));
    stored_points += stored.at(name + figure).size();
    CHECK(stored.at(name + figure).back().value == seen.gauges.at(name + figure));
  }
  CHECK(stored_points == points);
}

TEST_CASE("host_monitor: a metrics server that goes away is a verdict that says so, and exit status 1") {
  server::MetricsServer metrics;
  metrics.start();
  const std::string endpoint = address(metrics.port());
  ChildProcess child{with_program({"--metrics", endpoint, "--interval", "100ms", "--for", "30s"})};
  child.read_until(round_words);
  metrics.stop();
  child.read_until("dropped, metrics server: ");
  child.signal(SIGINT);
  CHECK(child.wait() == 1);
  find(child.output(), "\n(nothing) could be read back from " + endpoint +
                           ": Connection refused; [1-9]\\d* points had been put, [1-9]\\d* puts? failed\n$");
}

TEST_CASE("host_monitor: a metrics server that comes back is used again, and what was lost is admitted") {
  server::MetricsServer metrics{{.port = free_tcp_port()}};
  metrics.start();
  ChildProcess child{
      with_program({"--metrics", address(metrics.port()), "--interval", "100ms", "--for", "30s"})};
  child.read_until(round_words);
  metrics.stop();
  child.read_until("dropped, metrics server: ");
  metrics.start();
  child.read_until(" dropped\n");  // without a reason behind it: there is a connection
  child.signal(SIGINT);
  CHECK(child.wait() == 1);
  find(child.output(), "\n(\\d+) of \\1 points came back as they were put; [1-9]\\d* puts? failed");
}

TEST_CASE("host_monitor: standard output that takes nothing is one line and exit status 1") {
  std::string output;
  CHECK(run({"sh", "-c", "exec \"$0\" --for 1s >&-", program}, output) == 1);
  CHECK(output == "host_monitor: cannot write to standard output: Bad file descriptor\n");
  CHECK(run({"sh", "-c", "exec \"$0\" --help >&-", program}, output) == 1);
  CHECK(output == "host_monitor: cannot write to standard output: Bad file descriptor\n");
  CHECK(run({"sh", "-c", "exec \"$0\" --for 1s >/dev/full", program}, output) == 1);
  CHECK(output == "host_monitor: cannot write to standard output: No space left on device\n");
  CHECK(run({"sh", "-c", "{ \"$0\" --interval 100ms; echo \"status $?\" >&2; } | head -n 1 >/dev/null",
             program},
            output) == 0);
  CHECK(output == "host_monitor: cannot write to standard output: Broken pipe\nstatus 1\n");
}

TEST_CASE("host_monitor: a terminal shows a live table in place, without a cursor until the end") {
  TerminalProcess child{with_program({"--for", "1s", "--interval", "200ms"})};
  CHECK(child.wait() == 0);
  const std::string& output = child.output();
  CHECK(check_summary(output) > 0);
  find(output, "(series) +last  last minute +points   drops\x1b\\[0m\r\n");
  find(output, "\r\x1b\\[K(\\S*cpu) +\\d+\\.\\d % +\u2588?.* +1       0\r\n");
  find(output, "(\x1b\\[9A)");  // over the nine lines of before
  CHECK(output.starts_with(hide_cursor));
  CHECK(output.rfind(show_cursor) > output.rfind(hide_cursor));
  CHECK(output.rfind(show_cursor) < output.find("statsd saw"));
}

TEST_CASE("host_monitor: Ctrl-C in a terminal ends it with the summary, and the cursor is back") {
  TerminalProcess child{with_program({"--interval", "1h"})};
  child.read_until("Ctrl-C ends");
  CHECK(child.output().find(show_cursor) == std::string::npos);
  child.press(TerminalProcess::control_c);
  CHECK(child.wait() == 0);
  CHECK(check_summary(child.output()) == 1);
  CHECK(child.output().find(show_cursor) < child.output().find("statsd saw"));
}

TEST_CASE("host_monitor: Ctrl-Z in a terminal gives the cursor back for as long as it is stopped") {
  TerminalProcess child{
      {"sh", "-mc", "\"$0\" --interval 100ms --for 30s; echo \"status $?\"; fg; echo \"end $?\"", program}};
  child.read_until("Ctrl-C ends");
  child.press(TerminalProcess::control_z);
  const std::string& output = child.read_until("status 148");
  const std::size_t stopped = output.find("status 148");
  CHECK(output.rfind(show_cursor, stopped) != std::string::npos);
  CHECK(output.rfind(show_cursor, stopped) > output.rfind(hide_cursor, stopped));
  child.read_until(hide_cursor, stopped);  // it goes on; before that, a key would be for the shell
  child.press(TerminalProcess::control_c);
  child.read_until("end 0");
  check_summary(child.output().substr(0, child.output().find("end 0")));
}

TEST_CASE("host_monitor: a terminal that cannot move its cursor gets plain lines") {
  TerminalProcess child{{"env", "TERM=dumb", program, "--for", "300ms"}};
  CHECK(child.wait() == 0);
  CHECK(child.output().find('\x1b') == std::string::npos);
  find(child.output(), "(" + plain_round + ")");
}
