#pragma once

// A StatsD server to embed: takes counters, gauges, timers and sets over UDP, TCP and a Unix socket, sums
// them, and flushes to Graphite, a console, a callback and other servers, with the numbers and names of
// statsd/statsd or of pystatsd. It listens on loopback and a free port unless told otherwise, for anyone who
// reaches it can write.
//
//   statwire::server::StatsdServer server{
//       {.port = 8125, .flush_interval = 10s, .graphite = "127.0.0.1:2003"}};
//   server.run();
//
// One file for each part: statsd_aggregator.hpp (lines in, flushes out, no I/O), statsd_core.hpp (what the
// threads share), statsd_listener.hpp (the ways in), statsd_flusher.hpp, statsd_outputs.hpp (the ways out).

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>

#include "statwire/detail/config.hpp"
#include "statwire/error.hpp"
#include "statwire/server/series_snapshot.hpp"
#include "statwire/server/statsd_server_options.hpp"
#include "statwire/server/statsd_server_stats.hpp"

namespace statwire::server {

/// The server. What it has summed outlives stop() and goes on after another start().
///
/// Threads: start() and run() from the one that owns the server, everything else from any. What is called
/// back (on_flush, on_datagram) may call snapshot(), stats() and port(); on_datagram also stop(), if there is
/// one UDP socket; neither may flush, nor on_flush stop.
///
/// Cost: one thread that receives and one that flushes, and what the series take: about 70 bytes and the
/// name for a counter, and during a flush 32 bytes and the path for each of its lines. A flush never keeps
/// the server from receiving: what comes meanwhile waits in memory.
class StatsdServer {
 public:
  /// Throws ClientError errc::invalid_option that names every option that is wrong, and what is legal.
  explicit StatsdServer(StatsdServerOptions options = {});

  StatsdServer(const StatsdServer&) = delete;
  StatsdServer& operator=(const StatsdServer&) = delete;
  ~StatsdServer();

  /// Listens, and serves on threads of its own. Errors: those of the system (address_in_use,
  /// permission_denied, ...); invalid_argument when an address is none; operation_in_progress when the server
  /// runs already.
  void start(std::error_code& ec);
  void start();

  /// Listens, and serves on this thread, and one more, until another calls stop(). Errors as start().
  void run(std::error_code& ec);
  void run();

  /// Stops receiving, flushes what has come unless that is done by hand, and waits for Graphite to take it,
  /// for options.close_timeout at most. After run(), that happens before run() returns, and from a callback
  /// after it: only a stop() of another thread than start()'s waits. Harmless when the server does not run.
  void stop();

  /// The ports that were taken at the last start(); 0 before, and where nothing is to listen.
  std::uint16_t port() const noexcept;
  std::uint16_t tcp_port() const noexcept;
  std::uint16_t admin_port() const noexcept;

  /// Flushes now, to every way out, and begins the next interval; rates are still counts divided by
  /// flush_interval. Returns when the callback and the console have it; Graphite gets it in the background.
  void flush();

  /// Goes on with other options once the next flush is over, and until then uses the old ones; no packet and
  /// no series is lost. What waits for Graphite stays, too, unless it is to go elsewhere: then the old place
  /// has close_timeout to take it. Throws ClientError errc::invalid_option, and leaves everything as it is,
  /// when they are wrong or differ in more than: flush_interval, graphite, aggregation, console, on_flush,
  /// prometheus, max_spool_bytes, close_timeout. on_datagram stays as it is.
  void reconfigure(StatsdServerOptions options);

  /// A copy of everything since the last flush, the server's own series among it. Cost: the aggregator is
  /// held for as long as it takes; nothing is lost meanwhile.
  SeriesSnapshot snapshot() const;

  StatsdServerStats stats() const;

  /// The totals since the start as a page for Prometheus; empty unless options.prometheus.
  std::string prometheus_text() const;

  /// Waits until so many packets were summed since the first start(), and returns true, or false after the
  /// timeout: a datagram may be lost on its way.
  bool wait_for_packets(std::uint64_t count, std::chrono::milliseconds timeout) const;

 private:
  struct Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace statwire::server

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/server/impl/statsd_server.ipp"
#endif
