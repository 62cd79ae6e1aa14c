#pragma once

// What the TCP servers of tests share: they listen on loopback, on a thread of their own, and keep each
// connection with what it brought.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"

namespace statwire::test {

/// `Connection` is made of an asio::io_context, and has a `socket`, a `text` and a `buffer`. To be the last
/// member of a server: it ends before what its connections look at, as a killed server does.
template <class Connection>
class PeerListener {
  using Tcp = asio::ip::tcp;

 public:
  /// Calls `on_accept` on its thread. Port 0 takes a free one.
  PeerListener(const std::string& address, std::uint16_t port, std::function<void(Connection&)> on_accept)
      : on_accept_{std::move(on_accept)},
        acceptor_{io_, Tcp::endpoint{asio::ip::make_address(address), port}},
        port_{acceptor_.local_endpoint().port()} {
    accept();
    thread_ = std::thread{[this] { io_.run(); }};
  }
  PeerListener(const PeerListener&) = delete;
  PeerListener& operator=(const PeerListener&) = delete;
  ~PeerListener() {
    io_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

  /// Reads once into the buffer, adds it to the text, and calls `go_on(bytes)`, on its thread; closes the
  /// connection when it has ended.
  template <class GoOn>
  void read(Connection& connection, GoOn go_on) {
    connection.socket.async_read_some(asio::buffer(connection.buffer),
                                      [this, &connection, go_on](std::error_code ec, std::size_t size) {
                                        if (ec) return connection.socket.close();
                                        {
                                          const std::lock_guard lock{mutex_};
                                          connection.text.append(connection.buffer.data(), size);
                                        }
                                        go_on();
                                      });
  }

  /// What `look` makes of all connections, in the order in which they came; their texts stay meanwhile.
  template <class Look>
  auto look_at(Look&& look) const {
    const std::lock_guard lock{mutex_};
    return look(connections_);
  }

  std::size_t connection_count() const {
    return look_at([](const auto& connections) { return connections.size(); });
  }

 private:
  void accept() {
    pending_ = std::make_unique<Connection>(io_);
    acceptor_.async_accept(pending_->socket, [this](std::error_code ec) {
      if (ec) return;
      Connection& connection = *pending_;
      {
        const std::lock_guard lock{mutex_};
        connections_.push_back(std::move(pending_));
      }
      on_accept_(connection);
      accept();
    });
  }

  const std::function<void(Connection&)> on_accept_;
  mutable std::mutex mutex_;
  asio::io_context io_{1};
  Tcp::acceptor acceptor_;
  const std::uint16_t port_;
  std::unique_ptr<Connection> pending_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::thread thread_;
};

}  // namespace statwire::test
