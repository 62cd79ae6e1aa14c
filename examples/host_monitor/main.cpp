// Watches this machine: measures processor, memory, disk and network, sends every figure to a StatsD server
// and to a metrics server, and reads everything back at the end. Both servers are started here unless the
// command line names others.
//
//   host_monitor --for 10s
//   host_monitor --statsd localhost:8125 --metrics localhost:8888 --interval 500ms --prefix lab

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <optional>
#include <statwire/metrics.hpp>
#include <statwire/server/metrics_server.hpp>
#include <statwire/server/statsd_server.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include "host_monitor/monitor.hpp"
#include "host_monitor/options.hpp"
#include "host_monitor/report.hpp"
#include "host_monitor/terminal.hpp"

namespace host_monitor {
namespace {

using std::chrono::steady_clock;

/// Starts a server on a free port of loopback unless the command line names another.
template <class Server, class Options>
Destination start_unless(const std::optional<Endpoint>& other, std::optional<Server>& server,
                         const Options& options) {
  if (other) return {.endpoint = *other};
  server.emplace(options).start();
  return {.endpoint = {.host = "127.0.0.1", .port = server->port()}, .is_embedded = true};
}

/// Calls `show` after every round. Rounds have fixed times, so they do not drift; those that are missed are
/// left out.
void run_rounds(Monitor& monitor, const Options& options, const EndSignals& signals,
                const std::function<void()>& show) {
  // Enough time since the baseline for a first figure, and soon enough for a user who looks.
  constexpr std::chrono::milliseconds first_round{100};
  const auto start = steady_clock::now();
  const auto end = options.run_for ? start + *options.run_for : steady_clock::time_point::max();
  auto due = start + std::min(first_round, options.interval);
  while (!signals.wait_until(std::min(due, end)) && due < end) {
    monitor.round();
    show();
    const auto late = std::max(steady_clock::now() - due, steady_clock::duration::zero());
    due += options.interval * (1 + late / options.interval);
  }
}

void run_live(Monitor& monitor, const Options& options, const EndSignals& signals,
              const Destinations& destinations) {
  const Charset charset = output_charset();
  Screen screen;
  run_rounds(monitor, options, signals, [&] {
    const ScreenSize size = terminal_size();
    screen.draw(live_table(monitor.progress(), destinations, steady_clock::now(), size.columns, charset),
                size);
  });
}

void run_plain(Monitor& monitor, const Options& options, const EndSignals& signals,
               const Destinations& destinations) {
  write_output(plain_heading(destinations) + '\n');
  run_rounds(monitor, options, signals,
             [&] { write_output(plain_line(monitor.progress(), std::time(nullptr)) + '\n'); });
}

/// Stops our own StatsD server when everything has arrived, or a second later: a datagram can be lost.
statwire::server::SeriesSnapshot finish(statwire::server::StatsdServer& server, std::uint64_t datagrams) {
  server.wait_for_packets(datagrams, std::chrono::seconds{1});
  server.stop();
  return server.snapshot();
}

/// Reads everything back, shows it, and compares it with what was put.
Verdict read_back(const Progress& progress, const Endpoint& metrics) {
  // A connection of its own, for the other may be lost, and with more time, for the answer may be long.
  std::error_code ec;
  using Client = statwire::MetricsClient<>;
  Client client{metrics.host, metrics.port, statwire::MetricsOptions{}, ec};
  statwire::Series stored;
  if (!ec) stored = client.get("*", ec);
  if (ec) return unreadable_verdict(progress, metrics, ec);
  std::vector<ReadBack> points;
  for (const SeriesRecord& record : progress.series) points.push_back(compare(record, stored[record.key]));
  const std::size_t width = output_is_terminal() ? terminal_size().columns : std::string::npos;
  for (const std::string& line : summary_table(progress.series, points, width, output_charset()))
    write_output(line + '\n');
  return metrics_verdict(progress.series, points);
}

int run(const Options& options, const EndSignals& signals) {
  std::optional<statwire::server::StatsdServer> statsd_server;
  std::optional<statwire::server::MetricsServer<>> metrics_server;
  // Nothing is flushed, so that everything can be compared at the end.
  const statwire::server::StatsdServerOptions statsd_options{.flush = statwire::Flush::manual};
  const Destinations destinations{
      .statsd = start_unless(options.statsd, statsd_server, statsd_options),
      .metrics = start_unless(options.metrics, metrics_server, statwire::server::MetricsServerOptions{})};
  const std::string name = options.prefix.empty() ? host_name() : options.prefix + '.' + host_name();
  Monitor monitor{name, destinations.statsd.endpoint, destinations.metrics.endpoint};
  const auto run_until_end = output_is_terminal() ? run_live : run_plain;
  run_until_end(monitor, options, signals, destinations);
  signals.restore();  // everything is sent; a second Ctrl-C need not wait for the summary

  const Progress progress = monitor.progress();
  const Verdict statsd = statsd_server
                             ? statsd_verdict(progress, finish(*statsd_server, progress.statsd.datagrams))
                             : statsd_verdict(progress, destinations.statsd.endpoint);
  write_output('\n' + statsd.text + '\n');
  const Verdict metrics = read_back(progress, destinations.metrics.endpoint);
  write_output(metrics.text + '\n');
  return statsd.is_good && metrics.is_good ? 0 : 1;
}

int fail(std::string message, int exit_code) {
  // What the user wrote is part of it, and must not make it two lines.
  std::replace_if(
      message.begin(), message.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  std::fprintf(stderr, "host_monitor: %s\n", message.c_str());
  return exit_code;
}

}  // namespace
}  // namespace host_monitor

int main(int argc, char** argv) {
  const host_monitor::EndSignals signals;  // first, so that every thread inherits what it blocks
  const auto command = host_monitor::parse_options(argc, argv);
  if (const auto* error = std::get_if<example::UsageError>(&command))
    return host_monitor::fail(error->message, 2);
  // SamplerError, ClientError and OutputError: each says in one line what is wrong.
  try {
    host_monitor::require_output();
    if (const auto* answer = std::get_if<example::Answer>(&command)) {
      host_monitor::write_output(answer->text);
      return 0;
    }
    return host_monitor::run(std::get<host_monitor::Options>(command), signals);
  } catch (const std::runtime_error& error) {
    return host_monitor::fail(error.what(), 1);
  }
}
