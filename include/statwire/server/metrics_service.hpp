#pragma once

// The sockets and the thread of a metrics server, whatever its store is. Used by metrics_server.hpp.

#include <cstdint>
#include <memory>
#include <system_error>

#include "statwire/detail/config.hpp"
#include "statwire/server/metrics_server_options.hpp"

namespace statwire::server::detail {

class AnyDialogues;

/// A Service of metrics clients: threads and errors as there. The options and dialogues outlive it.
class MetricsService {
 public:
  MetricsService();
  MetricsService(const MetricsService&) = delete;
  MetricsService& operator=(const MetricsService&) = delete;
  ~MetricsService();

  void start(std::error_code& ec, const MetricsServerOptions& options, AnyDialogues& dialogues);
  void run(std::error_code& ec, const MetricsServerOptions& options, AnyDialogues& dialogues);
  void stop();
  std::uint16_t port() const noexcept;

 private:
  struct Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace statwire::server::detail

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/server/impl/metrics_service.ipp"
#endif
