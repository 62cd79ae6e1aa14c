#pragma once

// A server of the test's own that reads Redis' commands and answers with bytes that the test chose, right or
// wrong, or with silence.

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "support/peer_listener.hpp"

namespace statwire::test {

class RedisPeer {
  using Tcp = asio::ip::tcp;

 public:
  /// How a connection goes on when an answer is written.
  enum class Then {
    go_on,
    close,
    reset,   ///< Ends without a farewell.
    hang,    ///< Stays connected, and reads nothing more.
    repeat,  ///< Writes the answer again, for ever, as fast as it can.
    drip,    ///< Writes the answer again, for ever, a hundred times a second.
  };

  struct Answer {
    std::string bytes{};
    Then then = Then::go_on;
  };

  using Command = std::vector<std::string>;

  /// Answers the commands, all of them on one thread of the peer's own.
  using Script = std::function<Answer(const Command& command)>;

  explicit RedisPeer(Script script)
      : script_{std::move(script)}, listener_{"127.0.0.1", 0, [this](Connection& connection) {
                                                read(connection);
                                              }} {}

  /// What an empty Redis says that keeps nothing.
  static Answer obey(const Command& command) {
    if (command[0] == "PING") return {"+PONG\r\n"};
    if (command[0] == "GET") return {"$-1\r\n"};
    return {"+OK\r\n"};
  }

  std::uint16_t port() const { return listener_.port(); }

  std::size_t connection_count() const { return listener_.connection_count(); }

  /// What a connection brought.
  std::string text(std::size_t connection = 0) const {
    return listener_.look_at(
        [connection](const auto& connections) { return connections.at(connection)->text; });
  }

 private:
  struct Connection {
    explicit Connection(asio::io_context& io) : socket{io}, timer{io} {}

    Tcp::socket socket;
    asio::steady_timer timer;
    std::string text;
    std::size_t done = 0;  ///< Of the text.
    std::array<char, 65'536> buffer;
    Answer answer;
  };

  void read(Connection& connection) {
    listener_.read(connection, [this, &connection] { answer(connection); });
  }

  /// Answers what commands there are, up to one after which the connection does not go on.
  void answer(Connection& connection) {
    connection.answer = {};
    while (connection.answer.then == Then::go_on) {
      const std::optional<Command> command = next_command(connection);
      if (!command) break;
      Answer next = script_(*command);
      connection.answer.then = next.then;
      connection.answer.bytes += next.bytes;
    }
    write(connection);
  }

  /// Empty until it has come as a whole.
  static std::optional<Command> next_command(Connection& connection) {
    std::size_t at = connection.done;
    const std::string& text = connection.text;
    const auto number_after = [&](char type) -> std::optional<std::size_t> {
      const std::size_t end = text.find("\r\n", at);
      if (end == std::string::npos) return std::nullopt;
      CHECK(text[at] == type);
      const std::size_t number = std::stoul(text.substr(at + 1, end - at - 1));
      at = end + 2;
      return number;
    };
    const std::optional<std::size_t> words = number_after('*');
    Command command;
    while (words && command.size() < *words) {
      const std::optional<std::size_t> size = number_after('$');
      if (!size || text.size() - at < *size + 2) return std::nullopt;
      command.push_back(text.substr(at, *size));
      at += *size + 2;
    }
    if (!words) return std::nullopt;
    connection.done = at;
    return command;
  }

  void write(Connection& connection) {
    asio::async_write(connection.socket, asio::buffer(connection.answer.bytes),
                      [this, &connection](std::error_code ec, std::size_t) {
                        if (ec) return connection.socket.close();
                        go_on(connection);
                      });
  }

  void go_on(Connection& connection) {
    switch (connection.answer.then) {
      case Then::go_on:
        return read(connection);
      case Then::hang:
        return;
      case Then::repeat:
        return write(connection);
      case Then::drip:
        connection.timer.expires_after(std::chrono::milliseconds{10});
        return connection.timer.async_wait([this, &connection](std::error_code ec) {
          if (!ec) write(connection);
        });
      case Then::reset:
        connection.socket.set_option(asio::socket_base::linger{true, 0});
        [[fallthrough]];
      case Then::close:
        connection.socket.close();
    }
  }

  const Script script_;
  PeerListener<Connection> listener_;
};

}  // namespace statwire::test
