#pragma once

// A server to embed that takes the contexts of instances over HTTP (POST /register, as contexts.hpp sends it)
// and lists what it has (GET /contexts). It answers on one thread and keeps the contexts in memory. For
// demos, tests and side-cars; it listens on loopback and a free port unless told otherwise, for there is no
// password.
//
//   statwire::server::ContextsServer server;
//   server.start();
//   // METRICS_CONTEXTS_URL=http://127.0.0.1:<server.port()>/register

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/error.hpp"
#include "statwire/server/accept_loop.hpp"
#include "statwire/server/contexts_session.hpp"
#include "statwire/server/contexts_store.hpp"
#include "statwire/server/service.hpp"
#include "statwire/server/start_error.hpp"

namespace statwire::server {

/// Options of a ContextsServer.
struct ContextsServerOptions {
  std::string address = "127.0.0.1";     ///< An IPv4 or IPv6 address of this machine.
  std::uint16_t port = 0;                ///< 0 takes a free one; port() says which.
  std::size_t max_body_bytes = 1 << 20;  ///< A longer body is refused with 413.
  std::size_t max_instances = 10'000;    ///< A new instance beyond them is refused with 507.
  std::size_t max_bytes = 64 << 20;      ///< Of JSON, all instances together; more is refused with 507.
  std::size_t max_connections = 1000;    ///< A client beyond them is refused with 503.
  /// How long the whole request, and then the whole answer, may take; a request that takes longer gets 408.
  std::chrono::milliseconds request_timeout{5000};
};

namespace detail {

/// Serves for as long as it lives.
class ContextsListener {
 public:
  ContextsListener(asio::io_context& io, const ContextsServerOptions& options, ContextsStore& store,
                   std::error_code& ec)
      : sessions_{store, options.max_body_bytes, options.request_timeout},
        accepting_{io,
                   {.address = options.address,
                    .port = options.port,
                    .max_connections = options.max_connections,
                    .too_many = plain_answer(
                        "503 Service Unavailable",
                        "too many connections (limit " + std::to_string(options.max_connections) + ")")},
                   {.clients = sessions_.count},
                   [this](asio::ip::tcp::socket socket) {
                     std::make_shared<ContextsSession>(std::move(socket), sessions_)->begin();
                   },
                   ec} {}

  std::uint16_t port() const noexcept { return accepting_.port(); }

 private:
  ContextsSessions sessions_;
  AcceptLoop accepting_;
};

}  // namespace detail

/// The server. What it keeps outlives stop() and is there after another start().
/// Threads: stop(), port() and contexts() from any, everything else from the one that owns the server.
///
/// Requests:
///
///   POST /register   200 "ok" when the body is a contexts document (see read_contexts_document); it replaces
///                    what the same identity registered before. Else 400, 413 or 507.
///   GET /contexts    200, and all contexts as contexts() gives them.
///
/// Whatever is not 200 comes with one line of text that says why: also 404 for other paths, 405 for other
/// methods, 411 for a body without a Content-Length, 431 for a head above 16 KiB. Each connection carries one
/// request.
///
/// Slow clients hold up nobody: each costs a connection and as many bytes as it sent, until request_timeout.
/// What remains: `max_connections` of them at once keep others out until then, and may hold as many times
/// `max_body_bytes`; so may those hold the answer to GET /contexts that ask for it and do not read it.
///
/// Side effect: cpp-httplib has the program ignore SIGPIPE, at every start.
class ContextsServer {
 public:
  explicit ContextsServer(ContextsServerOptions options = {})
      : options_{std::move(options)},
        store_{{.max_instances = options_.max_instances, .max_bytes = options_.max_bytes}} {}

  /// Listens, and serves on a thread of its own. Errors: those of the system (address_in_use,
  /// permission_denied, ...); invalid_argument when the address is none; operation_in_progress when the
  /// server runs already.
  void start(std::error_code& ec) { service_.start(ec, options_, store_); }
  void start() {
    std::error_code ec;
    start(ec);
    detail::throw_if(ec, "contexts server", options_.address, options_.port);
  }

  /// Listens, and serves on this thread until another calls stop(). Errors as start().
  void run(std::error_code& ec) { service_.run(ec, options_, store_); }
  void run() {
    std::error_code ec;
    run(ec);
    detail::throw_if(ec, "contexts server", options_.address, options_.port);
  }

  /// Stops serving: clients find their connections closed. Harmless when the server does not run.
  void stop() { service_.stop(); }

  /// The port that is listened on; 0 before start().
  std::uint16_t port() const noexcept { return service_.port(); }

  /// All contexts as JSON, ordered by identity:
  /// `{"contexts": [{"identity": {...}, "timestamp": n, "info": {...}}, ...]}`.
  std::string contexts() const { return store_.json(); }

  /// How many instances have registered.
  std::size_t instance_count() const { return store_.size(); }

 private:
  ContextsServerOptions options_;
  ContextsStore store_;
  Service<detail::ContextsListener> service_;
};

}  // namespace statwire::server
