// A metrics server as a daemon: keeps what clients put, in memory or in a database, gives it back, and passes
// it on if told to. Ends in order at SIGTERM or SIGINT.
//
//   metrics_server
//   metrics_server --listen 0.0.0.0:8888 --store metrics.db --forward graphite://graphite.example:2003

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <statwire/server/forwarding_store.hpp>
#include <statwire/server/memory_store.hpp>
#include <statwire/server/metrics_server.hpp>
#include <statwire/server/sqlite_store.hpp>
#include <string>
#include <utility>

#include "daemon.hpp"
#include "metrics_server/options.hpp"

namespace metrics_server {
namespace {

using namespace statwire::server;

constexpr const char* program = "metrics_server";

std::string start_line(const Options& options, std::size_t max_connections) {
  std::string line = "listening on " + to_string(options.listen) + ", points are kept in " +
                     (options.store.empty() ? "memory" : options.store);
  if (options.forward) line += ", passed on to " + options.forward->text;
  if (max_connections < options.max_connections) {
    line += ", at most " + std::to_string(max_connections) + " connections, not " +
            std::to_string(options.max_connections) + ", for want of descriptors (ulimit -n)";
  }
  if (!is_loopback(options.listen)) {
    line += "; WARNING: no password protects them from whoever reaches this address";
  }
  return line;
}

template <class Store>
std::string stop_line(const Store& store) {
  return "stopped with " + std::to_string(store.series_count()) + " series";
}

template <class Inner>
std::string stop_line(ForwardingStore<Inner>& store) {
  constexpr std::chrono::seconds patience{2};
  store.flush(std::chrono::steady_clock::now() + patience);
  const ForwardingStats stats = store.stats();
  return stop_line(store.inner()) + "; passed on " + std::to_string(stats.sent) + " of " +
         std::to_string(stats.accepted) + " points";
}

template <MetricsStore Store>
void serve(const Options& options, const example::EndSignals& signals, Store store) {
  const std::size_t max_connections =
      std::min(options.max_connections, example::connections_within(example::raise_descriptor_limit()));
  MetricsServer<Store> server{{.address = options.listen.host,
                               .port = options.listen.port,
                               .max_connections = max_connections,
                               .max_series = options.max_series},
                              std::move(store)};
  server.start();
  example::print(stdout, program, start_line(options, max_connections));
  signals.wait();
  server.stop();
  example::print(stdout, program, stop_line(server.store()));
}

template <MetricsStore Store>
void serve_and_forward(const Options& options, const example::EndSignals& signals, Store store) {
  if (!options.forward) return serve(options, signals, std::move(store));
  const Forward& forward = *options.forward;
  serve(options, signals,
        ForwardingStore<Store>{{.host = forward.host, .port = forward.port, .format = forward.format},
                               std::move(store)});
}

void run(const Options& options, const example::EndSignals& signals) {
  if (options.store.empty()) return serve_and_forward(options, signals, MemoryStore{});
  serve_and_forward(options, signals, SqliteStore{SqliteOptions{.path = options.store}});
}

}  // namespace
}  // namespace metrics_server

int main(int argc, char** argv) {
  using namespace metrics_server;
  example::open_standard_streams();
  const example::EndSignals signals;
  return example::run_daemon<Options>(program, parse_options(argc, argv),
                                      [&](const Options& options) { run(options, signals); });
}
