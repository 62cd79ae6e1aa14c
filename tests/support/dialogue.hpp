#pragma once

// Runs a dialogue with the metrics server's logic, without a socket.

#include <string>
#include <string_view>
#include <system_error>

#include "statwire/server/metrics_dialogue.hpp"
#include "statwire/server/store.hpp"

namespace statwire::test {

/// Gives one piece and appends every reply to it, as the server does: what rests on puts is shown once they
/// are committed. Returns whether the client stays connected.
template <server::MetricsStore Store>
bool feed(server::MetricsDialogue<Store>& dialogue, Store& store, std::string_view piece, std::string& out) {
  using State = server::DialogueState;
  dialogue.give(piece);
  for (;;) {
    std::string replies;
    State state = dialogue.answer(replies);
    if constexpr (server::CommittingStore<Store>) {
      std::error_code ec;
      if (dialogue.is_uncommitted()) store.commit(ec);
      if (!ec) {
        dialogue.committed();
      } else if (!dialogue.not_stored(replies, ec)) {
        state = State::is_broken;
      }
    }
    out += replies;
    if (state != State::has_more) return state == State::needs_bytes;
  }
}

}  // namespace statwire::test
