#pragma once

// Runs a dialogue with the metrics server's logic, without a socket.

#include <string>
#include <string_view>

#include "statwire/server/metrics_dialogue.hpp"

namespace statwire::test {

/// Gives one piece and appends every reply to it; returns whether the client stays connected.
inline bool feed(server::MetricsDialogue& dialogue, std::string_view piece, std::string& out) {
  using State = server::MetricsDialogue::State;
  dialogue.give(piece);
  for (;;) {
    std::string replies;
    const State state = dialogue.answer(replies);
    out += replies;
    if (state != State::has_more) return state == State::needs_bytes;
  }
}

}  // namespace statwire::test
