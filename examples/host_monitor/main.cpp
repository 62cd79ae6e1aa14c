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
#include <stdexcept>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include "host_monitor/embedded_statsd.hpp"
#include "host_monitor/monitor.hpp"
#include "host_monitor/options.hpp"
#include "host_monitor/report.hpp"
#include "host_monitor/signals.hpp"
#include "host_monitor/terminal.hpp"

namespace host_monitor {
namespace {

using std::chrono::steady_clock;

/// The servers of our own; none where the command line names another.
struct Servers {
  std::optional<EmbeddedStatsd> statsd;
  std::optional<statwire::server::MetricsServer> metrics;

  Destinations start(const Options& options) {
    if (!options.statsd) statsd.emplace();
    if (!options.metrics) metrics.emplace().start();
    return {.statsd = {options.statsd ? *options.statsd : statsd->endpoint(), statsd.has_value()},
            .metrics = {options.metrics ? *options.metrics : Endpoint{"127.0.0.1", metrics->port()},
                        metrics.has_value()}};
  }
};

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
    screen.draw(
        live_table(monitor.progress(), destinations, steady_clock::now(), terminal_size().columns, charset));
  });
}

void run_plain(Monitor& monitor, const Options& options, const EndSignals& signals,
               const Destinations& destinations) {
  write_output(plain_heading(destinations) + '\n');
  run_rounds(monitor, options, signals,
             [&] { write_output(plain_line(monitor.progress(), std::time(nullptr)) + '\n'); });
}

/// Says what the metrics server has of what it got; returns whether that is all.
bool report_metrics(const Progress& progress, const Endpoint& metrics) {
  // A connection of its own, for the other may be lost, and with more time, for the answer may be long.
  std::error_code ec;
  using Client = statwire::MetricsClient<>;
  Client client{metrics.host, metrics.port, Client::default_timeout, ec};
  statwire::Series stored;
  if (!ec) stored = client.get("*", ec);
  if (ec) {
    write_output(unreadable_verdict(progress, metrics, ec) + '\n');
    return false;
  }
  const std::size_t width = output_is_terminal() ? terminal_size().columns : std::string::npos;
  std::vector<SeriesSummary> summaries;
  for (const SeriesRecord& record : progress.series)
    summaries.push_back(summarise(record, stored[record.key()]));
  for (const std::string& line : summary_table(summaries, width, output_charset())) write_output(line + '\n');
  write_output(verdict(summaries) + '\n');
  return std::all_of(summaries.begin(), summaries.end(), [](const SeriesSummary& summary) {
    return summary.same == summary.expected && summary.drops == 0;
  });
}

/// Says what the StatsD server saw; returns whether that is all, as far as it can be known.
bool report_statsd(const Monitor& monitor, std::optional<EmbeddedStatsd>& server, const Endpoint& statsd) {
  const statwire::DeliveryStats stats = monitor.progress().statsd;
  if (!server) {
    write_output(statsd_line(stats, statsd) + '\n');
    return stats.dropped() == 0;
  }
  const StatsdSummary summary = summarise(monitor, server->finish(stats.datagrams));
  write_output(statsd_line(summary) + '\n');
  return summary.is_complete();
}

int run(const Options& options, const EndSignals& signals) {
  Servers servers;
  const Destinations destinations = servers.start(options);
  const std::string name = options.prefix.empty() ? host_name() : options.prefix + '.' + host_name();
  Monitor monitor{name, destinations.statsd.endpoint, destinations.metrics.endpoint};
  if (output_is_terminal()) {
    run_live(monitor, options, signals, destinations);
  } else {
    run_plain(monitor, options, signals, destinations);
  }
  write_output("\n");
  signals.restore();  // everything is sent; a second Ctrl-C need not wait for the summary
  const bool statsd_is_well = report_statsd(monitor, servers.statsd, destinations.statsd.endpoint);
  const bool metrics_are_well = report_metrics(monitor.progress(), destinations.metrics.endpoint);
  return statsd_is_well && metrics_are_well ? 0 : 1;
}

int fail(const std::string& message, int exit_code) {
  std::fprintf(stderr, "host_monitor: %s\n", message.c_str());
  return exit_code;
}

}  // namespace
}  // namespace host_monitor

int main(int argc, char** argv) {
  const host_monitor::EndSignals signals;  // first, so that every thread inherits what it blocks
  const auto command = host_monitor::parse_options(argc, argv);
  if (const auto* error = std::get_if<host_monitor::UsageError>(&command))
    return host_monitor::fail(error->message, 2);
  // SamplerError, ClientError and OutputError: each says in one line what is wrong.
  try {
    host_monitor::require_output();
    if (const auto* help = std::get_if<host_monitor::HelpText>(&command)) {
      host_monitor::write_output(help->text);
      return 0;
    }
    return host_monitor::run(std::get<host_monitor::Options>(command), signals);
  } catch (const std::runtime_error& error) {
    return host_monitor::fail(error.what(), 1);
  }
}
