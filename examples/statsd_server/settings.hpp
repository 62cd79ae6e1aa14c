#pragma once

// What statsd_server runs with, whoever said it: the defaults, the configuration file, or a flag.

#include <cstdint>
#include <optional>
#include <statwire/server/statsd_server_options.hpp>

#include "listen_address.hpp"

namespace statsd_server {

/// Options of the server as a daemon has them: on the ports that every StatsD client knows.
inline statwire::server::StatsdServerOptions usual_server_options() {
  constexpr std::uint16_t port = 8125;
  constexpr std::uint16_t admin_port = 8126;
  statwire::server::StatsdServerOptions options;
  options.port = port;
  options.admin_port = admin_port;
  return options;
}

struct Settings {
  statwire::server::StatsdServerOptions server = usual_server_options();
  bool console = false;                                ///< Prints every flush.
  std::optional<example::ListenAddress> prometheus{};  ///< Where GET /metrics is answered; nowhere.
};

/// The admin port has an address of its own; nothing turns it off.
inline void set_admin(Settings& settings, const std::optional<example::ListenAddress>& admin) {
  settings.server.admin_port.reset();
  if (!admin) return;
  settings.server.admin_port = admin->port;
  settings.server.admin_address = admin->host;
}

/// Whether this program was built with cpp-httplib, and what to say when it was not.
#ifdef STATWIRE_HAVE_HTTP
inline constexpr bool has_metrics_page = true;
#else
inline constexpr bool has_metrics_page = false;
#endif
inline constexpr const char* no_metrics_page =
    "this program was built without cpp-httplib, so it has no page for Prometheus";

}  // namespace statsd_server
