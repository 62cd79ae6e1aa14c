#pragma once

// What a metrics server says to one client: bytes in, replies out, over a store that all clients share. No
// I/O and no threads, so every dialogue is a unit test; the metrics server puts a socket around it.

#include <cstddef>
#include <string>
#include <string_view>

#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/protocol/metrics_request.hpp"
#include "statwire/server/memory_store.hpp"

namespace statwire::server {

/// One client's side of the protocol. One thread at a time.
class MetricsDialogue {
 public:
  /// The store outlives the dialogue. A line is not longer than `max_line_bytes`.
  MetricsDialogue(MemoryStore& store, std::size_t max_line_bytes) : store_{store}, reader_{max_line_bytes} {}

  /// Takes one piece of what the client sends, cut anywhere, and appends the replies to the requests that end
  /// in it, in order. Returns false when the client is to be disconnected: its line is too long, and an error
  /// was appended.
  bool feed(std::string_view piece, std::string& out) {
    const bool in_step = reader_.feed(piece, [&](std::string_view line) { answer(line, out); });
    if (!in_step) out += protocol::error_reply;
    return in_step;
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
