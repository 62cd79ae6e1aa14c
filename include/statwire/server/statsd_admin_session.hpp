#pragma once

// One client of the admin port: what one read brings is a command, as with the reference daemon, and the next
// is read when the answer is written.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/server/farewell.hpp"
#include "statwire/server/mishap.hpp"
#include "statwire/server/statsd_core.hpp"

namespace statwire::server::detail {

/// What the admin sessions of a server share. Their handlers run only while it lives; the counts outlive it.
struct StatsdAdminSessions {
  StatsdCore& core;
  std::vector<char> buffer = std::vector<char>(65'536);  ///< Where every session reads.
  std::shared_ptr<std::size_t> count = std::make_shared<std::size_t>(0);
  std::shared_ptr<std::size_t> farewells = std::make_shared<std::size_t>(0);
};

/// Lives as long as an operation of its own is under way.
class StatsdAdminSession : public std::enable_shared_from_this<StatsdAdminSession> {
 public:
  StatsdAdminSession(asio::ip::tcp::socket socket, StatsdAdminSessions& sessions)
      : socket_{std::move(socket)},
        deadline_{socket_.get_executor()},
        sessions_{sessions},
        presence_{sessions.count} {}

  void begin() {
    std::error_code ec;
    socket_.non_blocking(true, ec);
    if (!ec) guard([&] { wait(); });
  }

 private:
  /// Every handler runs in here: one that throws, for want of memory, ends the session.
  template <class Handler>
  void guard(Handler&& handler) {
    if (!survives(std::forward<Handler>(handler))) end();
  }

  void end() {
    std::error_code ignored;
    socket_.close(ignored);
    deadline_.cancel();
  }

  /// For the next command, and then for reading its answer.
  void limit_time() {
    deadline_.expires_after(sessions_.core.options().admin_idle);
    deadline_.async_wait([self = shared_from_this()](std::error_code ec) {
      if (ec || self->deadline_.expiry() > std::chrono::steady_clock::now()) return;
      self->end();
    });
  }

  void wait() {
    limit_time();
    socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](std::error_code ec) {
      self->guard([&] { ec ? self->end() : self->read(); });
    });
  }

  void read() {
    std::error_code ec;
    const std::size_t bytes = socket_.read_some(asio::buffer(sessions_.buffer), ec);
    if (ec == asio::error::would_block || ec == asio::error::interrupted) return wait();
    if (ec) return end();
    answer({sessions_.buffer.data(), bytes});
  }

  void answer(std::string_view command) {
    // What fills the buffer may go on in the next read: it would be cut anywhere.
    AdminReply reply = command.size() < sessions_.buffer.size() ? sessions_.core.answer(command)
                                                                : AdminReply{.text = "ERROR\n"};
    if (reply.text == "ERROR\n") ++sessions_.core.counts().refused_commands;
    if (reply.closes) {
      deadline_.cancel();
      return Farewell::say(std::move(socket_), std::move(reply.text), sessions_.farewells);
    }
    out_ = std::move(reply.text);
    limit_time();
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this()](std::error_code ec, std::size_t) {
                        std::string{}.swap(self->out_);
                        self->guard([&] { ec ? self->end() : self->wait(); });
                      });
  }

  asio::ip::tcp::socket socket_;
  asio::steady_timer deadline_;
  StatsdAdminSessions& sessions_;
  std::string out_;
  Presence presence_;
};

}  // namespace statwire::server::detail
