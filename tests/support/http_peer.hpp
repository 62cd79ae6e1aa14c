#pragma once

// An HTTP server of the test's own, on a thread: keeps the first request as it came and answers with bytes
// that the test chose, or with silence, or badly.

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "support/peer_listener.hpp"

namespace statwire::test {

/// How a peer goes on when its answer is written.
enum class Ending {
  close,
  hang,      ///< Stays connected.
  repeat,    ///< Writes the answer again, for ever, as fast as it can.
  drip,      ///< Writes the answer a byte at a time, and its last byte for ever.
  reset,     ///< Ends the connection without a farewell.
  be_rude,   ///< Ends its writing at once, before a request has come, and reads on.
  leave,     ///< Closes as soon as something of a request has come.
  be_blind,  ///< Reads nothing and writes nothing.
};

class HttpPeer {
  using Tcp = asio::ip::tcp;

 public:
  explicit HttpPeer(std::string answer, Ending ending = Ending::close,
                    const std::string& address = "127.0.0.1")
      : answer_{std::move(answer)}, ending_{ending}, listener_{address, 0, [this](auto& connection) {
                                                                 begin(connection);
                                                               }} {}

  std::uint16_t port() const { return listener_.port(); }

  std::string url(const std::string& target = "/register") const {
    return "http://127.0.0.1:" + std::to_string(port()) + target;
  }

  std::size_t connection_count() const { return listener_.connection_count(); }

  /// Header and body of what the first connection brought.
  std::string request() const {
    return listener_.look_at(
        [](const auto& connections) { return connections.empty() ? "" : connections.front()->text; });
  }

 private:
  struct Connection {
    explicit Connection(asio::io_context& io) : socket{io}, timer{io} {}

    Tcp::socket socket;
    asio::steady_timer timer;
    std::string text;
    std::array<char, 4096> buffer;
    std::size_t dripped = 0;
    bool is_answered = false;
  };

  void begin(Connection& connection) {
    std::error_code ignored;  // of a client that is gone already
    if (ending_ == Ending::be_rude) connection.socket.shutdown(Tcp::socket::shutdown_send, ignored);
    if (ending_ != Ending::be_blind) read(connection);
  }

  void read(Connection& connection) {
    listener_.read(connection, [this, &connection] {
      look_at(connection);
      if (connection.socket.is_open()) read(connection);
    });
  }

  void look_at(Connection& connection) {
    if (ending_ == Ending::leave) return end(connection);
    if (connection.is_answered || !is_whole(connection.text)) return;
    connection.is_answered = true;
    if (ending_ == Ending::drip) {
      drip(connection);
    } else if (ending_ != Ending::be_rude) {
      answer(connection);
    }
  }

  static bool is_whole(const std::string& text) {
    const std::string name = "\r\nContent-Length: ";
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const std::size_t length = text.find(name);
    if (length > end) return true;  // a request without a body
    return text.size() - end - 4 >= static_cast<std::size_t>(std::stoul(text.substr(length + name.size())));
  }

  void answer(Connection& connection) {
    asio::async_write(connection.socket, asio::buffer(answer_),
                      [this, &connection](std::error_code ec, std::size_t) {
                        if (!ec) end(connection);
                      });
  }

  void end(Connection& connection) {
    std::error_code ignored;  // of a client that is gone already
    if (ending_ == Ending::repeat) return answer(connection);
    if (ending_ == Ending::hang) return;
    if (ending_ == Ending::reset) connection.socket.set_option(asio::socket_base::linger{true, 0}, ignored);
    connection.socket.close(ignored);
  }

  void drip(Connection& connection) {
    const char& byte = answer_[std::min(connection.dripped++, answer_.size() - 1)];
    asio::async_write(connection.socket, asio::buffer(&byte, 1),
                      [this, &connection](std::error_code ec, std::size_t) {
                        if (ec) return;
                        connection.timer.expires_after(std::chrono::milliseconds{10});
                        connection.timer.async_wait([this, &connection](std::error_code cancelled) {
                          if (!cancelled) drip(connection);
                        });
                      });
  }

  const std::string answer_;
  const Ending ending_;
  PeerListener<Connection> listener_;
};

}  // namespace statwire::test
