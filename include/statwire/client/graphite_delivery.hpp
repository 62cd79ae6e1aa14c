#pragma once

// How one batch reaches Graphite, which acknowledges nothing: over a connection of its own, whose end is the
// receipt. What listens there closes a connection when it has read that nothing more comes, and so all that
// came before; when its program ends earlier, its system resets the connection. No threads.

#include <array>
#include <cstddef>
#include <string_view>
#include <system_error>

#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::client {

/// Connects, writes everything, says that no more comes, and waits until the peer closes the connection in
/// its turn; what the peer says is of no interest. No error: it has arrived. That is also so for a peer that
/// has taken everything and only does not close until the deadline: nothing else can be found out from such
/// a peer, and it would be sent the batch for ever.
///
/// Over a transport that cannot shut down one direction, what is written counts as arrived.
template <StreamTransport Transport>
void deliver_to_graphite(Transport& transport, std::string_view bytes, Deadline deadline,
                         std::error_code& ec) {
  transport.connect(deadline, ec);
  while (!ec && !bytes.empty()) bytes.remove_prefix(transport.write_some(bytes, deadline, ec));
  if constexpr (HasShutdownWrite<Transport>) {
    if (!ec) transport.shutdown_write(ec);
    std::array<char, 512> answers;
    bool has_ended = static_cast<bool>(ec);
    while (!has_ended) {
      transport.read_some(answers, deadline, ec);
      has_ended = static_cast<bool>(ec);
      if (ec == errc::end_of_stream) ec.clear();
      if (ec != errc::timed_out) continue;
      bool is_taken = true;
      if constexpr (HasUnacknowledgedBytes<Transport>) is_taken = transport.unacknowledged_bytes() == 0;
      if (is_taken) ec.clear();
    }
  }
  transport.close();
}

}  // namespace statwire::client
