#pragma once

// What a metrics server says to one client: bytes in, replies out, over a store that all clients share. No
// I/O and no threads, so every dialogue is a unit test; the metrics server puts a socket around it.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/protocol/metrics_request.hpp"
#include "statwire/server/memory_store.hpp"

namespace statwire::server {

/// One client's side of the protocol. One thread at a time.
class MetricsDialogue {
 public:
  enum class State {
    needs_bytes,  ///< Every request is answered.
    has_more,     ///< There are replies enough to be sent before answer() is called again.
    is_broken,    ///< A line was too long: an error was appended, and the client is to be disconnected.
  };

  /// The store outlives the dialogue. A line is not longer than `max_line_bytes`.
  MetricsDialogue(MemoryStore& store, std::size_t max_line_bytes) : store_{store}, reader_{max_line_bytes} {}

  /// Takes one piece of what the client sends, cut anywhere. The bytes stay where they are until they are
  /// answered.
  void give(std::string_view piece) noexcept { reader_.give(piece); }

  /// Appends replies to the requests that were given, in order. Pauses between two replies when there is
  /// enough to send: a few bytes can ask for many replies, and a client that does not read must not make the
  /// server hold more than one.
  State answer(std::string& out) {
    constexpr std::size_t enough_bytes = 65536;
    while (out.size() < enough_bytes) {
      const std::optional<std::string_view> line = reader_.next();
      if (!line && !reader_.is_too_long()) return State::needs_bytes;
      if (!line) {
        out += protocol::error_reply;
        return State::is_broken;
      }
      answer(*line, out);
    }
    return State::has_more;
  }

 private:
  void answer(std::string_view line, std::string& out) {
    const protocol::Request request = protocol::parse_request(line);
    switch (request.kind) {
      case protocol::Request::Kind::put:
        store_.put(request.key, request.value, request.timestamp);
        out += protocol::ok_reply;
        break;
      case protocol::Request::Kind::get:
        out += protocol::rows_begin;
        store_.for_each(request.key, [&](const protocol::Row& row) { protocol::append_row(out, row); });
        out += protocol::rows_end;
        break;
      case protocol::Request::Kind::malformed:
        out += protocol::error_reply;
        break;
    }
  }

  MemoryStore& store_;
  protocol::RequestReader reader_;
};

}  // namespace statwire::server
