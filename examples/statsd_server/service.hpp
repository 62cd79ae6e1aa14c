#pragma once

// The server with what a daemon has beside it: the page for Prometheus, and lines in a log.

#include <optional>
#include <statwire/server/statsd_server.hpp>
#include <string>

#include "statsd_server/metrics_page.hpp"
#include "statsd_server/report.hpp"
#include "statsd_server/settings.hpp"

namespace statsd_server {

class Service {
 public:
  /// `program` stands before its lines; `debug`: says what the flavour pystatsd warns of. Throws ClientError
  /// when the server refuses the settings.
  Service(const char* program, const Settings& settings, bool debug);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Returns the line that says where it listens. Throws ClientError, and std::runtime_error for the page.
  std::string start();

  /// Goes on with other settings, and loses nothing. Throws ClientError or std::runtime_error when that is
  /// not possible without a start; the old ones hold then.
  void reconfigure(const Settings& settings);

  /// Flushes for the last time; returns the line that says what there was.
  std::string stop();

  std::string flush_words() const { return statsd_server::flush_words(settings_); }

 private:
  statwire::server::StatsdServerOptions server_options(const Settings& settings);

  const char* program_;
  Settings settings_;
  bool debug_;
  std::size_t max_connections_;
  GraphiteWatch watch_;
  statwire::server::StatsdServer server_;
#ifdef STATWIRE_HAVE_HTTP
  std::optional<MetricsPage> page_;
#endif
};

}  // namespace statsd_server
