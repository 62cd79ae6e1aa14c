#pragma once

// A metrics server to embed: takes `put key value timestamp` and `get key` from thousands of TCP clients and
// answers on one thread. It keeps the points in a store, in memory unless it is given another
// (sqlite_store.hpp, forwarding_store.hpp, or one of your own). For demos, tests and side-cars; it listens on
// loopback and a free port unless told otherwise, for the protocol has no password.
//
//   statwire::server::MetricsServer server;
//   server.start();
//   statwire::MetricsClient client{"127.0.0.1", server.port()};

#include <concepts>
#include <cstdint>
#include <system_error>
#include <utility>

#include "statwire/error.hpp"
#include "statwire/server/any_dialogue.hpp"
#include "statwire/server/memory_store.hpp"
#include "statwire/server/metrics_dialogue.hpp"
#include "statwire/server/metrics_server_options.hpp"
#include "statwire/server/metrics_service.hpp"
#include "statwire/server/start_error.hpp"
#include "statwire/server/store.hpp"

namespace statwire::server {

/// The server. What it stores outlives stop() and is there after another start().
/// Threads: stop() and port() from any, everything else from the one that owns the server.
///
/// A client that does not read its replies costs 64 KiB of them, one read of its requests (64 KiB), and the
/// buffers of the system; an idle one less than 1 KiB.
///
/// Exceptions: a std::exception that comes up while a client is served (std::bad_alloc, or what the store
/// throws) costs that client its connection; one of a commit, all clients that waited for it. Anything else
/// that a store throws leaves run(), which has stopped serving then, or ends the program after start().
template <MetricsStore Store = MemoryStore>
class MetricsServer {
 public:
  explicit MetricsServer(MetricsServerOptions options = {}) requires std::default_initializable<Store>
      : options_{std::move(options)} {}

  MetricsServer(MetricsServerOptions options, Store store)
      : options_{std::move(options)}, store_{std::move(store)} {}

  /// Listens, and serves on a thread of its own. Errors: those of the system (address_in_use,
  /// permission_denied, ...); invalid_argument when the address is none; operation_in_progress when the
  /// server runs already.
  void start(std::error_code& ec) { service_.start(ec, options_, dialogues_); }
  void start() {
    std::error_code ec;
    start(ec);
    detail::throw_if(ec, "metrics server", options_.address, options_.port);
  }

  /// Listens, and serves on this thread until another calls stop(). Errors as start().
  void run(std::error_code& ec) { service_.run(ec, options_, dialogues_); }
  void run() {
    std::error_code ec;
    run(ec);
    detail::throw_if(ec, "metrics server", options_.address, options_.port);
  }

  /// Stops serving: clients find their connections closed. Harmless when the server does not run.
  void stop() { service_.stop(); }

  /// The port that is listened on; 0 before start().
  std::uint16_t port() const noexcept { return service_.port(); }

  /// What the server keeps its points in. The thread that serves uses it while the server runs.
  Store& store() noexcept { return store_; }
  const Store& store() const noexcept { return store_; }

 private:
  MetricsServerOptions options_;
  Store store_;
  detail::DialoguesOver<Store> dialogues_{
      store_, {.max_line_bytes = options_.max_line_bytes, .max_series = options_.max_series}};
  detail::MetricsService service_;
};

}  // namespace statwire::server
