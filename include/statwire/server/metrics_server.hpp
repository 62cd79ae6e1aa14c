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
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/server/accept_loop.hpp"
#include "statwire/server/memory_store.hpp"
#include "statwire/server/metrics_dialogue.hpp"
#include "statwire/server/metrics_session.hpp"
#include "statwire/server/service.hpp"
#include "statwire/server/store.hpp"

namespace statwire::server {

struct MetricsServerOptions {
  std::string address = "127.0.0.1";  ///< An IPv4 or IPv6 address of this machine.
  std::uint16_t port = 0;             ///< 0 takes a free one; port() says which.
  /// A client that sends a longer line gets an error and is disconnected. Each connection may hold as much.
  std::size_t max_line_bytes = 65536;
  std::size_t max_connections = 10'000;  ///< A client beyond them gets an error and is disconnected.
  /// A put of a new key beyond them gets an error. How many samples these may have is the store's matter:
  /// MemoryStoreOptions::max_samples, SqliteOptions::max_bytes.
  std::size_t max_series = 1'000'000;
};

namespace detail {

/// Serves for as long as it lives.
template <MetricsStore Store>
class MetricsListener {
 public:
  MetricsListener(asio::io_context& io, const MetricsServerOptions& options, Store& store,
                  std::error_code& ec)
      : sessions_{io, store, {.max_line_bytes = options.max_line_bytes, .max_series = options.max_series}},
        accepting_{io,
                   {.address = options.address,
                    .port = options.port,
                    .max_connections = options.max_connections,
                    .too_many = too_many_words(options.max_connections)},
                   {.clients = sessions_.count, .farewells = sessions_.farewells},
                   [this](asio::ip::tcp::socket socket) {
                     std::make_shared<MetricsSession<Store>>(std::move(socket), sessions_)->begin();
                   },
                   ec} {}

  std::uint16_t port() const noexcept { return accepting_.port(); }

 private:
  static std::string too_many_words(std::size_t max_connections) {
    return "error\n" + std::string{protocol::too_many_connections_words} + " (limit " +
           std::to_string(max_connections) + ")\n\n";
  }

  MetricsSessions<Store> sessions_;
  AcceptLoop accepting_;
};

}  // namespace detail

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
  void start(std::error_code& ec) { service_.start(ec, options_, store_); }
  void start() {
    std::error_code ec;
    start(ec);
    detail::throw_if(ec, "metrics server", options_.address, options_.port);
  }

  /// Listens, and serves on this thread until another calls stop(). Errors as start().
  void run(std::error_code& ec) { service_.run(ec, options_, store_); }
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
  Service<detail::MetricsListener<Store>> service_;
};

}  // namespace statwire::server
