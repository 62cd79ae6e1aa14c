#pragma once

// One client of the contexts server: one request, its answer, and the end. It is read on the event loop until
// it is whole, so a client that dawdles costs memory and no thread, and a deadline ends it. Everything
// happens on the thread of the server's event loop.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/server/contexts_http.hpp"
#include "statwire/server/farewell.hpp"
#include "statwire/server/mishap.hpp"

namespace statwire::server::detail {

/// What the sessions of a server share. Their handlers run only while it lives; the count outlives it, for
/// sessions end with the event loop.
struct ContextsSessions {
  ContextsSessions(ContextsStore& store, std::size_t max_body, std::chrono::milliseconds timeout)
      : http{store}, max_body_bytes{max_body}, request_timeout{timeout} {}

  ContextsHttp http;
  std::size_t max_body_bytes;
  std::chrono::milliseconds request_timeout;
  std::vector<char> buffer = std::vector<char>(65536);  ///< Where every session reads.
  std::shared_ptr<std::size_t> count = std::make_shared<std::size_t>(0);
};

/// Lives as long as an operation of its own is under way.
class ContextsSession : public std::enable_shared_from_this<ContextsSession> {
 public:
  ContextsSession(asio::ip::tcp::socket socket, ContextsSessions& sessions)
      : socket_{std::move(socket)},
        deadline_{socket_.get_executor()},
        sessions_{sessions},
        presence_{sessions.count} {}

  void begin() {
    std::error_code ec;
    socket_.non_blocking(true, ec);
    if (ec) return;
    limit_time();
    wait();
  }

 private:
  static constexpr std::size_t max_head_bytes = 16384;

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

  /// For the whole request, and then for the whole answer: pauses between bytes could add up for ever.
  void limit_time() {
    deadline_.expires_after(sessions_.request_timeout);
    deadline_.async_wait([self = shared_from_this()](std::error_code ec) {
      if (ec || self->deadline_.expiry() > std::chrono::steady_clock::now()) return;
      self->guard([&] { self->give_up(); });
    });
  }

  void give_up() {
    if (is_answered_ || in_.empty()) return end();
    send(plain_answer("408 Request Timeout", "the request did not come in time"));
  }

  void wait() {
    socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](std::error_code ec) {
      self->guard([&] {
        if (self->is_answered_) return;  // the deadline was first
        ec ? self->end() : self->read();
      });
    });
  }

  void read() {
    std::error_code ec;
    const std::size_t bytes = socket_.read_some(asio::buffer(sessions_.buffer), ec);
    if (ec == asio::error::would_block || ec == asio::error::interrupted) return wait();
    if (ec) return end();
    in_.append(sessions_.buffer.data(), bytes);
    frame_ ? read_body() : read_head(bytes);
  }

  void read_head(std::size_t new_bytes) {
    constexpr std::string_view ending = "\r\n\r\n";
    const std::size_t seen = in_.size() - new_bytes;
    const std::size_t found = in_.find(ending, seen < ending.size() ? 0 : seen - ending.size());
    if (std::min(found, in_.size()) > max_head_bytes) {
      return send(plain_answer("431 Request Header Fields Too Large",
                               "the head is longer than " + std::to_string(max_head_bytes) + " bytes"));
    }
    if (found == std::string::npos) return wait();
    frame_ = read_frame(std::string_view{in_}.substr(0, found + ending.size()), sessions_.max_body_bytes);
    if (!frame_->refusal.empty()) return send(std::move(frame_->refusal));
    if (frame_->awaits_continue && in_.size() == frame_->head_bytes && frame_->body_bytes > 0) {
      std::error_code ignored;  // these bytes are the first, and fit
      socket_.write_some(asio::buffer(std::string_view{"HTTP/1.1 100 Continue\r\n\r\n"}), ignored);
    }
    read_body();
  }

  void read_body() {
    if (in_.size() < frame_->head_bytes + frame_->body_bytes) return wait();
    const std::string_view request = in_;
    send(sessions_.http.answer(request.substr(0, frame_->head_bytes),
                               request.substr(frame_->head_bytes, frame_->body_bytes)));
  }

  void send(std::string answer) {
    is_answered_ = true;
    std::string{}.swap(in_);
    out_ = std::move(answer);
    limit_time();
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this()](std::error_code ec, std::size_t) {
                        self->guard([&] { ec ? self->end() : self->take_leave(); });
                      });
  }

  /// Counts as a client until it is gone.
  void take_leave() {
    deadline_.cancel();
    if (socket_.is_open()) Farewell::say(std::move(socket_), {}, sessions_.count);
  }

  asio::ip::tcp::socket socket_;
  asio::steady_timer deadline_;
  ContextsSessions& sessions_;
  std::string in_;
  std::optional<RequestFrame> frame_;
  std::string out_;
  bool is_answered_ = false;
  Presence presence_;
};

}  // namespace statwire::server::detail
