#pragma once

// What a metrics server says to one client: bytes in, replies out, over a store that all clients share. No
// I/O of its own and no threads, so every dialogue is a unit test; the metrics server puts a socket around
// it.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/protocol/metrics_request.hpp"
#include "statwire/server/error_text.hpp"
#include "statwire/server/store.hpp"

namespace statwire::server {

/// What a client may ask for.
struct MetricsLimits {
  std::size_t max_line_bytes = 65536;  ///< Of a request, its line feed left out.
  std::size_t max_series = 1'000'000;  ///< A put of a new key beyond it is refused.
};

/// How a dialogue goes on.
enum class DialogueState {
  needs_bytes,  ///< Every request is answered.
  has_more,     ///< There is enough to be sent before answer() is called again.
  is_broken,    ///< What was appended is the last; the client is to be disconnected.
};

/// One client's side of the protocol. One thread at a time.
///
/// Over a CommittingStore a reply may rest on puts that are not yet safe: while is_uncommitted(), what
/// answer() appended is not to be sent. The store's commit() is followed by committed() or not_stored().
template <MetricsStore Store>
class MetricsDialogue {
 public:
  using State = DialogueState;

  /// The store outlives the dialogue.
  MetricsDialogue(Store& store, const MetricsLimits& limits)
      : store_{store}, limits_{limits}, reader_{limits.max_line_bytes} {}

  /// Takes one piece of what the client sends, cut anywhere. The bytes stay where they are until they are
  /// answered, or keep_rest() was called.
  void give(std::string_view piece) noexcept { reader_.give(piece); }

  /// Copies the bytes that are not answered yet: those that were given may go.
  void keep_rest() { reader_.keep_rest(); }

  /// Gives back the memory of requests that are answered; the beginning of one that is not yet whole stays.
  void release() noexcept { reader_.give({}); }

  /// Appends replies to the requests that were given, in order. Pauses when there is enough to send, also in
  /// the middle of a reply: a few bytes can ask for very many, and a client that does not read must not make
  /// the server hold them.
  State answer(std::string& out) {
    while (out.size() < enough_bytes) {
      const std::size_t begin = out.size();
      const bool continues_reply = reading_.has_value();
      if (!continues_reply) {
        const std::optional<std::string_view> line = reader_.next();
        if (!line) return reader_.is_too_long() ? end_for_long_line(out) : State::needs_bytes;
        answer(*line, out);
      }
      const bool is_whole = !reading_ || read_rows(out, begin, continues_reply);
      count_uncommitted(begin, continues_reply);
      if (!is_whole) return State::is_broken;
    }
    return State::has_more;
  }

  /// Whether what was appended rests on puts that are not committed.
  bool is_uncommitted() const noexcept { return uncommitted_replies_ != 0; }

  /// How many replies of what was appended do.
  std::size_t uncommitted_count() const noexcept { return uncommitted_replies_; }

  /// The puts are safe, the replies may be sent.
  void committed() noexcept { uncommitted_replies_ = 0; }

  /// The puts are lost: replaces every reply in `out` that rests on them by an error. False when one cannot
  /// be taken back, because its beginning was sent already: the client is to be disconnected.
  bool not_stored(std::string& out, std::error_code ec) {
    out.resize(uncommitted_begin_);
    if (uncommitted_continues_) return false;
    const std::string words = std::string{protocol::not_stored_words} + ": " + error_text(ec);
    for (; uncommitted_replies_ != 0; --uncommitted_replies_) append_error(out, words);
    reading_.reset();
    if (reader_.is_too_long()) end_for_long_line(out);
    return true;
  }

 private:
  static constexpr std::size_t enough_bytes = 65536;

  static void append_error(std::string& out, std::string_view message) {
    out.append("error\n").append(message).append("\n\n");
  }

  State end_for_long_line(std::string& out) const {
    append_error(out, "line too long (limit " + std::to_string(limits_.max_line_bytes) + " bytes)");
    return State::is_broken;
  }

  void answer(std::string_view line, std::string& out) {
    const protocol::Request request = protocol::parse_request(line);
    switch (request.kind) {
      case protocol::Request::Kind::put:
        put(request, out);
        break;
      case protocol::Request::Kind::get:
        out += protocol::rows_begin;
        reading_ = store_.find(request.key);
        break;
      case protocol::Request::Kind::malformed:
        out += protocol::error_reply;
        break;
    }
  }

  void put(const protocol::Request& request, std::string& out) {
    if (store_.series_count() >= limits_.max_series && !store_.contains(request.key)) {
      append_error(out, "too many series (limit " + std::to_string(limits_.max_series) + ")");
      return;
    }
    std::error_code ec;
    store_.put(request.key, request.value, request.timestamp, ec);
    if (ec) {
      append_error(out, error_text(ec));
    } else {
      out += protocol::ok_reply;
    }
  }

  /// Appends rows until there are no more or enough of them. When the store fails, an error takes the place
  /// of the reply, or false is returned: a part of it was sent already.
  bool read_rows(std::string& out, std::size_t begin, bool continues_reply) {
    std::error_code ec;
    store_.read(
        *reading_,
        [&](const protocol::Row& row) {
          protocol::append_row(out, row);
          return out.size() < enough_bytes;
        },
        ec);
    if (ec) {
      out.resize(begin);
      reading_.reset();
      if (!continues_reply) append_error(out, error_text(ec));
      return !continues_reply;
    }
    if (reading_->series == reading_->end) {
      out += protocol::rows_end;
      reading_.reset();
    }
    return true;
  }

  void count_uncommitted(std::size_t begin, bool continues_reply) {
    if constexpr (CommittingStore<Store>) {
      if (uncommitted_replies_ == 0) {
        if (!store_.has_uncommitted()) return;
        uncommitted_begin_ = begin;
        uncommitted_continues_ = continues_reply;
      }
      ++uncommitted_replies_;
    }
  }

  Store& store_;
  MetricsLimits limits_;
  protocol::RequestReader reader_;
  std::optional<Cursor> reading_;  ///< Of the get that is being answered.
  std::size_t uncommitted_replies_ = 0;
  std::size_t uncommitted_begin_ = 0;   ///< Where the first of them begins in what was appended.
  bool uncommitted_continues_ = false;  ///< Whether the first began in an earlier call.
};

}  // namespace statwire::server
