#pragma once

// A metrics server to embed: takes `put key value timestamp` and `get key` from any number of TCP clients,
// keeps the points in memory for as long as it lives, and answers on one thread. For demos, tests and
// side-cars; it listens on loopback and a free port unless told otherwise, for the protocol has no password.
//
//   statwire::server::MetricsServer server;
//   server.start();
//   statwire::MetricsClient client{"127.0.0.1", server.port()};

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/error.hpp"
#include "statwire/server/memory_store.hpp"
#include "statwire/server/metrics_dialogue.hpp"
#include "statwire/server/service.hpp"

namespace statwire::server {

struct MetricsServerOptions {
  std::string address = "127.0.0.1";  ///< An IPv4 or IPv6 address of this machine.
  std::uint16_t port = 0;             ///< 0 takes a free one; port() says which.
  /// A client that sends a longer line gets an error and is disconnected.
  std::size_t max_line_bytes = 65536;
};

namespace detail {

/// One client: reads requests, answers them in order, and reads on only when its answers are written, so a
/// client that does not read costs the server one reply and a little more. Lives as long as an operation of
/// its own is under way.
class MetricsSession : public std::enable_shared_from_this<MetricsSession> {
 public:
  MetricsSession(asio::ip::tcp::socket socket, MemoryStore& store, std::size_t max_line_bytes)
      : socket_{std::move(socket)}, dialogue_{store, max_line_bytes} {}

  void read() {
    socket_.async_read_some(asio::buffer(in_),
                            [self = shared_from_this()](std::error_code ec, std::size_t bytes) {
                              if (ec) return;
                              self->dialogue_.give({self->in_.data(), bytes});
                              self->answer();
                            });
  }

 private:
  void answer() {
    const MetricsDialogue::State state = dialogue_.answer(out_);
    if (out_.empty()) return read();
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this(), state](std::error_code ec, std::size_t) {
                        if (ec || state == MetricsDialogue::State::is_broken) return;
                        self->discard_written();
                        state == MetricsDialogue::State::has_more ? self->answer() : self->read();
                      });
  }

  /// Empties the buffer; one that a large reply has swollen is given back, for most connections are idle most
  /// of the time.
  void discard_written() {
    constexpr std::size_t kept_bytes = 1 << 18;
    if (out_.capacity() > kept_bytes) out_ = {};
    out_.clear();
  }

  asio::ip::tcp::socket socket_;
  MetricsDialogue dialogue_;
  std::array<char, 16384> in_;
  std::string out_;
};

/// Accepts clients for as long as it lives.
class MetricsListener {
 public:
  MetricsListener(asio::io_context& io, const MetricsServerOptions& options, MemoryStore& store,
                  std::error_code& ec)
      : acceptor_{io}, pause_{io}, store_{store}, max_line_bytes_{options.max_line_bytes} {
    const asio::ip::tcp::endpoint endpoint{asio::ip::make_address(options.address, ec), options.port};
    if (!ec) acceptor_.open(endpoint.protocol(), ec);
    if (!ec) acceptor_.set_option(asio::socket_base::reuse_address{true}, ec);
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
    if (!ec) port_ = acceptor_.local_endpoint(ec).port();
    if (!ec) accept();
  }

  std::uint16_t port() const noexcept { return port_; }

 private:
  void accept() {
    acceptor_.async_accept([this](std::error_code ec, asio::ip::tcp::socket socket) {
      if (ec == asio::error::operation_aborted) return;
      if (ec) return accept_later();
      // An answer is whole when it is written, so there is nothing to wait for.
      socket.set_option(asio::ip::tcp::no_delay{true}, ec);
      std::make_shared<MetricsSession>(std::move(socket), store_, max_line_bytes_)->read();
      accept();
    });
  }

  /// Out of descriptors or memory, most likely: trying again at once would only burn the processor.
  void accept_later() {
    constexpr std::chrono::milliseconds pause{50};
    pause_.expires_after(pause);
    pause_.async_wait([this](std::error_code ec) {
      if (!ec) accept();
    });
  }

  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  MemoryStore& store_;
  std::size_t max_line_bytes_;
  std::uint16_t port_ = 0;
};

}  // namespace detail

/// The server. What it stores outlives stop() and is there after another start().
/// Threads: stop() and port() from any, everything else from the one that owns the server.
class MetricsServer {
 public:
  explicit MetricsServer(MetricsServerOptions options = {}) : options_{std::move(options)} {}

  /// Listens, and serves on a thread of its own. Errors: those of the system (address_in_use,
  /// permission_denied, ...); invalid_argument when the address is none; operation_in_progress when the
  /// server runs already.
  void start(std::error_code& ec) { service_.start(ec, options_, store_); }
  void start() {
    std::error_code ec;
    start(ec);
    throw_if(ec);
  }

  /// Listens, and serves on this thread until another calls stop(). Errors as start().
  void run(std::error_code& ec) { service_.run(ec, options_, store_); }
  void run() {
    std::error_code ec;
    run(ec);
    throw_if(ec);
  }

  /// Stops serving: clients find their connections closed. Harmless when the server does not run.
  void stop() { service_.stop(); }

  /// The port that is listened on; 0 before start().
  std::uint16_t port() const noexcept { return service_.port(); }

 private:
  void throw_if(std::error_code ec) const {
    if (!ec) return;
    throw ClientError{
        ec, "statwire: metrics server on '" + options_.address + "' port " + std::to_string(options_.port) +
                (ec == std::errc::invalid_argument ? ", which is no IPv4 or IPv6 address" : "")};
  }

  MetricsServerOptions options_;
  MemoryStore store_;
  Service<detail::MetricsListener> service_;
};

}  // namespace statwire::server
