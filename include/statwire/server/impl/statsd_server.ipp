#pragma once

// What statsd_server.hpp declares; see detail/config.hpp.

#include "statwire/server/statsd_server.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "statwire/detail/config.hpp"
#include "statwire/server/series_snapshot.hpp"
#include "statwire/server/service.hpp"
#include "statwire/server/start_error.hpp"
#include "statwire/server/statsd_core.hpp"
#include "statwire/server/statsd_listener.hpp"
#include "statwire/server/statsd_server_options.hpp"
#include "statwire/server/statsd_server_stats.hpp"

namespace statwire::server {

struct StatsdServer::Impl {
  explicit Impl(StatsdServerOptions options) : core{std::move(options)} {}

  void throw_if(std::error_code ec) const { detail::throw_if(ec, "StatsD server", places.opening); }

  detail::StatsdCore core;
  detail::StatsdPlaces places;
  Service<detail::StatsdListener> service;
};

STATWIRE_DECL StatsdServer::StatsdServer(StatsdServerOptions options)
    : impl_{std::make_unique<Impl>(std::move(options))} {}

STATWIRE_DECL StatsdServer::~StatsdServer() = default;

STATWIRE_DECL void StatsdServer::start(std::error_code& ec) {
  impl_->service.start(ec, impl_->core, impl_->places);
}

STATWIRE_DECL void StatsdServer::start() {
  std::error_code ec;
  start(ec);
  impl_->throw_if(ec);
}

STATWIRE_DECL void StatsdServer::run(std::error_code& ec) {
  impl_->service.run(ec, impl_->core, impl_->places);
}

STATWIRE_DECL void StatsdServer::run() {
  std::error_code ec;
  run(ec);
  impl_->throw_if(ec);
}

STATWIRE_DECL void StatsdServer::stop() {
  impl_->service.stop();
}

STATWIRE_DECL std::uint16_t StatsdServer::port() const noexcept {
  return impl_->places.udp;
}

STATWIRE_DECL std::uint16_t StatsdServer::tcp_port() const noexcept {
  return impl_->places.tcp;
}

STATWIRE_DECL std::uint16_t StatsdServer::admin_port() const noexcept {
  return impl_->places.admin;
}

STATWIRE_DECL void StatsdServer::flush() {
  impl_->core.flush(detail::unix_now());
}

STATWIRE_DECL void StatsdServer::reconfigure(StatsdServerOptions options) {
  impl_->core.reconfigure(std::move(options));
}

STATWIRE_DECL SeriesSnapshot StatsdServer::snapshot() const {
  return impl_->core.snapshot();
}

STATWIRE_DECL StatsdServerStats StatsdServer::stats() const {
  return impl_->core.stats();
}

STATWIRE_DECL std::string StatsdServer::prometheus_text() const {
  return impl_->core.prometheus_text();
}

STATWIRE_DECL bool StatsdServer::wait_for_packets(std::uint64_t count,
                                                  std::chrono::milliseconds timeout) const {
  return impl_->core.wait_for_packets(count, timeout);
}

}  // namespace statwire::server
