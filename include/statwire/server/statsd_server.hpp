#pragma once

// A StatsD server to embed: receives datagrams, sums them, and shows the totals. For demos, tests and to see
// what a program sends; it listens on loopback and a free port unless told otherwise, for anyone who reaches
// it can write.
//
//   statwire::server::StatsdServer server{{.on_datagram = [](std::string_view bytes) { ... }}};
//   server.start();
//   statwire::StatsdClient statsd{"127.0.0.1", server.port()};

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/error.hpp"
#include "statwire/server/service.hpp"
#include "statwire/server/statsd_tally.hpp"

namespace statwire::server {

struct StatsdServerOptions {
  std::string address = "127.0.0.1";  ///< An IPv4 or IPv6 address of this machine.
  std::uint16_t port = 0;             ///< 0 takes a free one; port() says which.
  std::size_t max_entries = 100'000;  ///< Bound of names and set members together; the rest is only counted.
  /// Sees every datagram, on the server's thread, once it is summed: totals() holds it then. Must not throw.
  std::function<void(std::string_view datagram)> on_datagram{};
};

namespace detail {

/// The sums, shared by the thread that receives and those that look.
class SharedTally {
 public:
  explicit SharedTally(std::size_t max_entries) : tally_{max_entries} {}

  void add(std::string_view datagram) {
    const std::lock_guard lock{mutex_};
    tally_.add(datagram);
    added_.notify_all();
  }

  bool wait_for_datagrams(std::uint64_t count, std::chrono::milliseconds timeout) const {
    std::unique_lock lock{mutex_};
    return added_.wait_for(lock, timeout, [&] { return tally_.totals().datagrams >= count; });
  }

  StatsdTotals totals() const {
    const std::lock_guard lock{mutex_};
    return tally_.totals();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable added_;
  StatsdTally tally_;
};

/// Receives datagrams for as long as it lives.
class StatsdListener {
 public:
  StatsdListener(asio::io_context& io, const StatsdServerOptions& options, SharedTally& tally,
                 std::error_code& ec)
      : socket_{io}, on_datagram_{options.on_datagram}, tally_{tally} {
    const asio::ip::udp::endpoint endpoint{asio::ip::make_address(options.address, ec), options.port};
    if (!ec) socket_.open(endpoint.protocol(), ec);
    if (!ec) socket_.bind(endpoint, ec);
    if (!ec) port_ = socket_.local_endpoint(ec).port();
    if (ec) return;
    // Bursts are lost in the kernel when this is small; the kernel may grant less than is asked for, and that
    // is fine.
    constexpr int receive_buffer_bytes = 4 << 20;
    std::error_code ignored;
    socket_.set_option(asio::socket_base::receive_buffer_size{receive_buffer_bytes}, ignored);
    receive();
  }

  std::uint16_t port() const noexcept { return port_; }

 private:
  void receive() {
    socket_.async_receive(asio::buffer(datagram_), [this](std::error_code ec, std::size_t bytes) {
      if (ec == asio::error::operation_aborted) return;
      if (!ec) {
        const std::string_view datagram{datagram_.data(), bytes};
        tally_.add(datagram);
        if (on_datagram_) on_datagram_(datagram);
      }
      receive();
    });
  }

  asio::ip::udp::socket socket_;
  const std::function<void(std::string_view)>& on_datagram_;
  SharedTally& tally_;
  std::uint16_t port_ = 0;
  std::array<char, 65536> datagram_;
};

}  // namespace detail

/// The server. What it has summed outlives stop() and goes on after another start().
/// Threads: stop(), port(), totals() and wait_for_datagrams() from any, everything else from the one that
/// owns the server.
class StatsdServer {
 public:
  explicit StatsdServer(StatsdServerOptions options = {})
      : options_{std::move(options)}, tally_{options_.max_entries} {}

  /// Listens, and serves on a thread of its own. Errors: those of the system (address_in_use,
  /// permission_denied, ...); invalid_argument when the address is none; operation_in_progress when the
  /// server runs already.
  void start(std::error_code& ec) { service_.start(ec, options_, tally_); }
  void start() {
    std::error_code ec;
    start(ec);
    detail::throw_if(ec, "StatsD server", options_.address, options_.port);
  }

  /// Listens, and serves on this thread until another calls stop(). Errors as start().
  void run(std::error_code& ec) { service_.run(ec, options_, tally_); }
  void run() {
    std::error_code ec;
    run(ec);
    detail::throw_if(ec, "StatsD server", options_.address, options_.port);
  }

  /// Stops receiving. Harmless when the server does not run.
  void stop() { service_.stop(); }

  /// The port that is listened on; 0 before start().
  std::uint16_t port() const noexcept { return service_.port(); }

  /// A copy of everything that was summed so far.
  StatsdTotals totals() const { return tally_.totals(); }

  /// Waits until so many datagrams were summed since the first start(), and returns true, or false after the
  /// timeout: a datagram may be lost on its way.
  bool wait_for_datagrams(std::uint64_t count, std::chrono::milliseconds timeout) const {
    return tally_.wait_for_datagrams(count, timeout);
  }

 private:
  StatsdServerOptions options_;
  detail::SharedTally tally_;
  Service<detail::StatsdListener> service_;
};

}  // namespace statwire::server
