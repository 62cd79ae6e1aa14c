#pragma once

// Listens on a TCP port and hands every client on, for as long as it lives: through bursts, without
// descriptors, and with a word to those that are too many. For the listeners that a Service runs.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/server/farewell.hpp"
#include "statwire/server/mishap.hpp"

namespace statwire::server::detail {

struct AcceptOptions {
  std::string address{};  ///< IPv4 or IPv6.
  std::uint16_t port = 0;
  std::size_t max_connections = 0;
  std::string too_many{};  ///< What a client beyond them is told before it is disconnected.
};

/// How many connections a server has, each held by a Presence.
struct AcceptCounts {
  std::shared_ptr<std::size_t> clients = std::make_shared<std::size_t>(0);
  /// Clients beyond the limit take descriptors, too, while they are told so.
  std::shared_ptr<std::size_t> farewells = std::make_shared<std::size_t>(0);
  /// If not null, counts the clients beyond the limit; must outlive the AcceptLoop.
  std::atomic<std::uint64_t>* refused = nullptr;
};

class AcceptLoop {
 public:
  using Take = std::function<void(asio::ip::tcp::socket)>;

  /// `take` gets the next client, and counts it. Errors: invalid_argument when the address is none, else
  /// those of the system.
  AcceptLoop(asio::io_context& io, AcceptOptions options, AcceptCounts counts, Take take, std::error_code& ec)
      : acceptor_{io},
        pause_{io},
        counts_{std::move(counts)},
        max_connections_{options.max_connections},
        too_many_{std::move(options.too_many)},
        take_{std::move(take)} {
    const asio::ip::tcp::endpoint endpoint{asio::ip::make_address(options.address, ec), options.port};
    if (!ec) acceptor_.open(endpoint.protocol(), ec);
    if (!ec) statwire::detail::close_on_exec(acceptor_);
    if (!ec) acceptor_.set_option(asio::socket_base::reuse_address{true}, ec);
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
    if (!ec) acceptor_.non_blocking(true, ec);
    // Otherwise Asio would wait for the next client when one has gone before it was taken.
    if (!ec) acceptor_.set_option(asio::socket_base::enable_connection_aborted{true}, ec);
    if (!ec) port_ = acceptor_.local_endpoint(ec).port();
    if (!ec) accept();
  }
  AcceptLoop(const AcceptLoop&) = delete;
  AcceptLoop& operator=(const AcceptLoop&) = delete;

  std::uint16_t port() const noexcept { return port_; }

 private:
  void accept() {
    if (has_too_many_farewells()) return accept_later();
    acceptor_.async_accept([this](std::error_code ec, asio::ip::tcp::socket socket) {
      if (ec == asio::error::operation_aborted) return;
      // What is thrown is for want of memory; it costs the client that is being taken its connection.
      const bool is_well = survives([&] {
        if (!ec) take(std::move(socket));
        if (!ec) ec = accept_more();
      });
      // Out of descriptors or memory, most likely. A client that has gone again is no reason to wait.
      const bool is_short = !is_well || (ec && ec != asio::error::connection_aborted);
      is_short ? accept_later() : accept();
    });
  }

  /// Takes those that wait already: a turn of the loop may be long, and one client a turn would be too few.
  std::error_code accept_more() {
    constexpr int max_clients_a_turn = 128;
    for (int i = 0; i < max_clients_a_turn && !has_too_many_farewells(); ++i) {
      std::error_code ec;
      asio::ip::tcp::socket socket = acceptor_.accept(ec);
      if (ec == asio::error::would_block || ec == asio::error::interrupted) break;
      if (ec) return ec;
      take(std::move(socket));
    }
    return {};
  }

  void take(asio::ip::tcp::socket socket) {
    statwire::detail::close_on_exec(socket);
    if (*counts_.clients < max_connections_) return take_(std::move(socket));
    if (counts_.refused != nullptr) ++*counts_.refused;
    Farewell::say(std::move(socket), too_many_, counts_.farewells);
  }

  bool has_too_many_farewells() const noexcept {
    constexpr std::size_t max_farewells = 128;
    return *counts_.farewells >= max_farewells;
  }

  /// Trying again at once would only burn the processor.
  void accept_later() {
    constexpr std::chrono::milliseconds pause{50};
    pause_.expires_after(pause);
    pause_.async_wait([this](std::error_code ec) {
      if (!ec) accept();
    });
  }

  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  AcceptCounts counts_;
  std::size_t max_connections_;
  std::string too_many_;
  Take take_;
  std::uint16_t port_ = 0;
};

}  // namespace statwire::server::detail
