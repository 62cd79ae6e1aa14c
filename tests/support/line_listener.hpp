#pragma once

// A TCP listener of the test's own, on a thread: keeps what each connection brought, and can vanish and come
// back as a server that is restarted does.

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "support/loopback.hpp"
#include "support/text.hpp"

namespace statwire::test {

/// Calls a condition until it holds; the test fails when it never does.
template <class Condition>
void wait_until(const std::string& what, Condition&& condition) {
  const Deadline deadline = soon();
  while (!condition()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "it never came to that: " << what);
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

/// Whether a listener reads what comes, or leaves it in the buffers of its sockets.
enum class Reading { always, never };

class LineListener {
  using Tcp = asio::ip::tcp;

 public:
  /// Listens on a port of loopback; 0 takes a free one.
  explicit LineListener(std::uint16_t port = 0, Reading reading = Reading::always)
      : reading_{reading}, acceptor_{io_, Tcp::endpoint{asio::ip::make_address("127.0.0.1"), port}} {
    port_ = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread{[this] { io_.run(); }};
  }
  LineListener(const LineListener&) = delete;
  LineListener& operator=(const LineListener&) = delete;

  /// Ends as a killed server does: what was not read is lost.
  ~LineListener() {
    io_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

  std::size_t connection_count() const {
    const std::lock_guard lock{mutex_};
    return connections_.size();
  }

  /// Bytes of all connections.
  std::size_t size() const {
    const std::lock_guard lock{mutex_};
    std::size_t size = 0;
    for (const auto& connection : connections_) size += connection->text.size();
    return size;
  }

  /// Bytes that have come and are not read.
  std::size_t unread() const {
    const std::lock_guard lock{mutex_};
    std::size_t size = 0;
    for (const auto& connection : connections_) size += connection->socket.available();
    return size;
  }

  /// What one connection brought, cut into lines; the last one is empty unless it is unfinished.
  std::vector<std::string> lines(std::size_t connection = 0) const {
    const std::lock_guard lock{mutex_};
    return connection < connections_.size() ? split(connections_[connection]->text, '\n')
                                            : std::vector<std::string>{""};
  }

  /// What all connections brought, one after the other.
  std::string text() const {
    const std::lock_guard lock{mutex_};
    std::string text;
    for (const auto& connection : connections_) text += connection->text;
    return text;
  }

 private:
  struct Connection {
    explicit Connection(asio::io_context& io) : socket{io} {}

    Tcp::socket socket;
    std::string text;
    std::array<char, 65'536> buffer;
  };

  void accept() {
    pending_ = std::make_unique<Connection>(io_);
    acceptor_.async_accept(pending_->socket, [this](std::error_code ec) {
      if (ec) return;
      Connection& connection = *pending_;
      {
        const std::lock_guard lock{mutex_};
        connections_.push_back(std::move(pending_));
      }
      if (reading_ == Reading::always) read(connection);
      accept();
    });
  }

  void read(Connection& connection) {
    connection.socket.async_read_some(asio::buffer(connection.buffer),
                                      [this, &connection](std::error_code ec, std::size_t size) {
                                        if (ec) return connection.socket.close();
                                        {
                                          const std::lock_guard lock{mutex_};
                                          connection.text.append(connection.buffer.data(), size);
                                        }
                                        read(connection);
                                      });
  }

  Reading reading_;
  mutable std::mutex mutex_;
  asio::io_context io_{1};
  Tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::unique_ptr<Connection> pending_;
  std::deque<std::unique_ptr<Connection>> connections_;
  std::thread thread_;
};

}  // namespace statwire::test
