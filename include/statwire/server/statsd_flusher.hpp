#pragma once

// The thread of a StatsD server beside the one that receives: it flushes when it is time to, and answers on
// the admin port. Both may take the aggregator for long.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/server/accept_loop.hpp"
#include "statwire/server/mishap.hpp"
#include "statwire/server/statsd_admin_session.hpp"
#include "statwire/server/statsd_core.hpp"

namespace statwire::server::detail {

/// Works from its construction to its end.
class StatsdFlusher {
 public:
  /// Errors: invalid_argument when the admin address is none, else those of the system.
  StatsdFlusher(StatsdCore& core, std::error_code& ec) : core_{core}, sessions_{core} {
    const StatsdServerOptions& options = core.options();
    if (options.admin_port) listen(options, ec);
    if (ec) return;
    if (options.flush == Flush::background) {
      next_flush_ = std::chrono::steady_clock::now();
      flush_later();
    }
    ec = statwire::detail::error_of([this] {
      thread_ = std::thread{[this] {
        const auto work = asio::make_work_guard(io_);
        io_.run();
      }};
    });
  }
  StatsdFlusher(const StatsdFlusher&) = delete;
  StatsdFlusher& operator=(const StatsdFlusher&) = delete;
  ~StatsdFlusher() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  /// 0 when there is no admin port.
  std::uint16_t admin_port() const noexcept { return accepting_ ? accepting_->port() : 0; }

 private:
  void listen(const StatsdServerOptions& options, std::error_code& ec) {
    accepting_ = std::make_unique<AcceptLoop>(
        io_,
        AcceptOptions{.address = options.admin_address,
                      .port = *options.admin_port,
                      .max_connections = options.max_admin_connections,
                      .too_many = "ERROR: too many connections (limit " +
                                  std::to_string(options.max_admin_connections) + ")\n"},
        AcceptCounts{.clients = sessions_.count,
                     .farewells = sessions_.farewells,
                     .refused = &core_.counts().refused_connections},
        [this](asio::ip::tcp::socket socket) {
          std::make_shared<StatsdAdminSession>(std::move(socket), sessions_)->begin();
        },
        ec);
  }

  /// At whole intervals since the start, as the reference daemon; those that a long flush missed are left
  /// out.
  void flush_later() {
    const auto interval = core_.flush_interval();
    const auto now = std::chrono::steady_clock::now();
    next_flush_ += interval;
    if (next_flush_ < now) next_flush_ += (now - next_flush_) / interval * interval + interval;
    timer_.expires_at(next_flush_);
    timer_.async_wait([this](std::error_code ec) {
      if (ec) return;
      // Out of memory: the samples that this flush had not yet taken are in the next.
      survives([this] { core_.flush(unix_now()); });
      flush_later();
    });
  }

  StatsdCore& core_;
  StatsdAdminSessions sessions_;
  asio::io_context io_{1};
  std::unique_ptr<AcceptLoop> accepting_;
  asio::steady_timer timer_{io_};
  std::chrono::steady_clock::time_point next_flush_;
  std::thread thread_;
};

}  // namespace statwire::server::detail
