#pragma once

// One client of the metrics server, from its first byte to its last: a socket around a dialogue, and what
// all sessions of a server share. Everything happens on the thread of the server's event loop.

#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/server/any_dialogue.hpp"
#include "statwire/server/farewell.hpp"
#include "statwire/server/group_commit.hpp"
#include "statwire/server/keep_alive.hpp"
#include "statwire/server/metrics_dialogue.hpp"
#include "statwire/server/mishap.hpp"

namespace statwire::server::detail {

class MetricsSession;

/// What the sessions of a server share. Their handlers run only while it lives; the counts outlive it, for
/// sessions end with the event loop.
struct MetricsSessions {
  MetricsSessions(asio::io_context& io, AnyDialogues& shared_dialogues)
      : dialogues{shared_dialogues}, commits{io, shared_dialogues} {}

  AnyDialogues& dialogues;
  GroupCommit<AnyDialogues, MetricsSession> commits;
  /// Where every session reads: idle ones own no buffer. One that cannot answer at once keeps a copy.
  std::vector<char> buffer = std::vector<char>(65536);
  std::shared_ptr<std::size_t> count = std::make_shared<std::size_t>(0);
  std::shared_ptr<std::size_t> farewells = std::make_shared<std::size_t>(0);
};

/// Reads requests, answers them in order, and reads on only when its answers are written, so a client that
/// does not read costs the server one buffer of requests and one of replies. Handles one buffer in a turn of
/// the loop, so that others have theirs; over a store that commits, up to eight, so that a commit has more.
/// Lives as long as an operation of its own is under way.
class MetricsSession : public std::enable_shared_from_this<MetricsSession> {
 public:
  MetricsSession(asio::ip::tcp::socket socket, MetricsSessions& sessions)
      : socket_{std::move(socket)},
        sessions_{sessions},
        dialogue_{sessions.dialogues.begin()},
        presence_{sessions.count} {}

  void begin() {
    std::error_code ec;
    // An answer is whole when it is written, so there is nothing to wait for.
    socket_.set_option(asio::ip::tcp::no_delay{true}, ec);
    set_keep_alive(socket_);
    socket_.non_blocking(true, ec);
    if (!ec) wait();
  }

  /// Sends what waited for its puts to be safe, or says that they are not.
  void on_commit(std::error_code ec) {
    guard([&] {
      if (!ec) {
        dialogue_->committed();
      } else if (!dialogue_->not_stored(out_, ec)) {
        state_ = DialogueState::is_broken;
      }
      send();
    });
  }

 private:
  /// Every handler runs in here: one that throws ends the session, and with it the connection. The client may
  /// be owed answers, and cannot know which of its puts were stored.
  template <class Handler>
  void guard(Handler&& handler) {
    if (survives(std::forward<Handler>(handler))) return;
    std::error_code ignored;
    socket_.close(ignored);
  }

  void wait() {
    reads_ = 0;
    // Gives memory back: most connections are idle most of the time.
    std::string{}.swap(out_);
    dialogue_->release();
    socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](std::error_code ec) {
      if (!ec) self->guard([&] { self->read(); });
    });
  }

  void read() {
    std::error_code ec;
    const std::size_t bytes = socket_.read_some(asio::buffer(sessions_.buffer), ec);
    if (ec && !out_.empty()) return commit();  // whatever it is, another read will tell
    if (ec == asio::error::would_block || ec == asio::error::interrupted) return wait();
    if (ec) return;
    ++reads_;
    dialogue_->give({sessions_.buffer.data(), bytes});
    answer();
  }

  void answer() {
    state_ = dialogue_->answer(out_);
    if (state_ == DialogueState::has_more) dialogue_->keep_rest();
    if (out_.empty() && state_ == DialogueState::needs_bytes) return wait();
    if (dialogue_->uncommitted_count() == 0) return send();
    // The more puts a commit has, the less each of them costs: what has come already is to be part of it.
    constexpr int reads_for_a_commit = 8;
    const bool may_read = state_ == DialogueState::needs_bytes && reads_ < reads_for_a_commit;
    may_read ? read() : commit();
  }

  /// Answers once the puts are safe.
  void commit() { sessions_.commits.join(shared_from_this(), dialogue_->uncommitted_count()); }

  void send() {
    if (state_ == DialogueState::is_broken) {
      return Farewell::say(std::move(socket_), std::move(out_), sessions_.farewells);
    }
    // Most answers are short and fit; waiting for a handler would cost as much as writing them.
    std::error_code ec;
    const std::size_t written = socket_.write_some(asio::buffer(out_), ec);
    if (!ec && written == out_.size() && state_ == DialogueState::needs_bytes) return wait();
    if (ec && ec != asio::error::would_block) return;
    asio::async_write(
        socket_, asio::buffer(out_) + written,
        [self = shared_from_this()](std::error_code result, std::size_t) {
          if (result) return;
          self->out_.clear();
          self->guard([&] { self->state_ == DialogueState::has_more ? self->answer() : self->wait(); });
        });
  }

  asio::ip::tcp::socket socket_;
  MetricsSessions& sessions_;
  std::unique_ptr<AnyDialogue> dialogue_;
  DialogueState state_ = DialogueState::needs_bytes;  ///< After what is being sent.
  std::string out_;
  int reads_ = 0;  ///< Since it last waited.
  Presence presence_;
};

}  // namespace statwire::server::detail
