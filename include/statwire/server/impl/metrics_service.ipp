#pragma once

// What metrics_service.hpp declares; see detail/config.hpp.

#include "statwire/server/metrics_service.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/config.hpp"
#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/server/accept_loop.hpp"
#include "statwire/server/any_dialogue.hpp"
#include "statwire/server/metrics_server_options.hpp"
#include "statwire/server/metrics_session.hpp"
#include "statwire/server/service.hpp"

namespace statwire::server::detail {

/// Serves for as long as it lives.
class MetricsListener {
 public:
  MetricsListener(asio::io_context& io, const MetricsServerOptions& options, AnyDialogues& dialogues,
                  std::error_code& ec)
      : sessions_{io, dialogues},
        accepting_{io,
                   {.address = options.address,
                    .port = options.port,
                    .max_connections = options.max_connections,
                    .too_many = too_many_words(options.max_connections)},
                   {.clients = sessions_.count, .farewells = sessions_.farewells},
                   [this](asio::ip::tcp::socket socket) {
                     std::make_shared<MetricsSession>(std::move(socket), sessions_)->begin();
                   },
                   ec} {}

  std::uint16_t port() const noexcept { return accepting_.port(); }

 private:
  static std::string too_many_words(std::size_t max_connections) {
    return "error\n" + std::string{protocol::too_many_connections_words} + " (limit " +
           std::to_string(max_connections) + ")\n\n";
  }

  MetricsSessions sessions_;
  AcceptLoop accepting_;
};

struct MetricsService::Impl {
  Service<MetricsListener> service;
};

STATWIRE_DECL MetricsService::MetricsService() : impl_{std::make_unique<Impl>()} {}

STATWIRE_DECL MetricsService::~MetricsService() = default;

STATWIRE_DECL void MetricsService::start(std::error_code& ec, const MetricsServerOptions& options,
                                         AnyDialogues& dialogues) {
  impl_->service.start(ec, options, dialogues);
}

STATWIRE_DECL void MetricsService::run(std::error_code& ec, const MetricsServerOptions& options,
                                       AnyDialogues& dialogues) {
  impl_->service.run(ec, options, dialogues);
}

STATWIRE_DECL void MetricsService::stop() {
  impl_->service.stop();
}

STATWIRE_DECL std::uint16_t MetricsService::port() const noexcept {
  return impl_->service.port();
}

}  // namespace statwire::server::detail
