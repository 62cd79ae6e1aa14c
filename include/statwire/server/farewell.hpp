#pragma once

// The end of a connection that a server gives up: its last words, and time for the client to read them. A
// socket that is closed while bytes of the client's are unread resets the connection, and the client may
// lose what was said to it; so they are read, for a while, and thrown away.

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/server/mishap.hpp"

namespace statwire::server::detail {

/// Counts objects of one thread: each holds a Presence for as long as it lives.
class Presence {
 public:
  explicit Presence(std::shared_ptr<std::size_t> count) : count_{std::move(count)} { ++*count_; }
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;
  ~Presence() { --*count_; }

 private:
  std::shared_ptr<std::size_t> count_;
};

/// Lives as long as an operation of its own is under way: until the client has closed its side, at most a
/// second, also when there is no memory for the next.
class Farewell : public std::enable_shared_from_this<Farewell> {
 public:
  /// `count` is how many there are at the moment.
  static void say(asio::ip::tcp::socket socket, std::string words, std::shared_ptr<std::size_t> count) {
    std::make_shared<Farewell>(std::move(socket), std::move(words), std::move(count))->begin();
  }

  Farewell(asio::ip::tcp::socket socket, std::string words, std::shared_ptr<std::size_t> count)
      : socket_{std::move(socket)},
        deadline_{socket_.get_executor()},
        words_{std::move(words)},
        presence_{std::move(count)} {}

 private:
  void begin() {
    constexpr std::chrono::seconds patience{1};
    deadline_.expires_after(patience);
    deadline_.async_wait([self = shared_from_this()](std::error_code ec) {
      std::error_code ignored;
      if (!ec) self->socket_.close(ignored);
    });
    asio::async_write(socket_, asio::buffer(words_),
                      [self = shared_from_this()](std::error_code ec, std::size_t) {
                        if (!ec) self->socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ec);
                        survives([&] { ec ? self->end() : self->wait(); });
                      });
  }

  void wait() {
    socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](std::error_code ec) {
      survives([&] { ec ? self->end() : self->discard(); });
    });
  }

  void discard() {
    std::array<char, 16384> buffer;
    std::error_code ec;
    socket_.non_blocking(true, ec);
    if (!ec) socket_.read_some(asio::buffer(buffer), ec);
    !ec || ec == asio::error::would_block ? wait() : end();
  }

  void end() { deadline_.cancel(); }

  asio::ip::tcp::socket socket_;
  asio::steady_timer deadline_;
  std::string words_;
  Presence presence_;
};

}  // namespace statwire::server::detail
