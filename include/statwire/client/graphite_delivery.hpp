#pragma once

// How one batch reaches Graphite, which acknowledges nothing: over a connection of its own, whose end is the
// receipt. What listens there closes a connection when it has read that nothing more comes, and so all that
// came before; when its program ends earlier, its system resets the connection. No threads.

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::client {

/// What was written and the peer's system has not, as far as ours can say.
template <StreamTransport Transport>
std::size_t bytes_on_the_way([[maybe_unused]] Transport& transport) noexcept {
  if constexpr (HasUnacknowledgedBytes<Transport>) return transport.unacknowledged_bytes();
  return 0;
}

/// Connects, writes everything, says that no more comes, and waits until the peer closes the connection in
/// its turn; what the peer says is of no interest. No error: it has arrived. errc::timed_out: for so long as
/// `patience` says nothing went on; a slow peer may take longer in all.
///
/// A peer that has taken everything and only does not close within the patience has it, too: nothing else can
/// be found out from such a peer, and it would be sent the batch for ever. Over a transport that cannot shut
/// down one direction, what is written counts as arrived.
template <StreamTransport Transport>
void deliver_to_graphite(Transport& transport, std::string_view bytes, std::chrono::milliseconds patience,
                         std::error_code& ec) {
  transport.connect(deadline_after(patience), ec);
  while (!ec && !bytes.empty()) {
    bytes.remove_prefix(transport.write_some(bytes, deadline_after(patience), ec));
  }
  if constexpr (HasShutdownWrite<Transport>) {
    if (!ec) transport.shutdown_write(ec);
    std::array<char, 512> answers;
    std::size_t bytes_left = bytes_on_the_way(transport);
    Deadline deadline = deadline_after(patience);
    while (!ec) {
      transport.read_some(answers, deadline, ec);
      if (ec != errc::timed_out) continue;
      const std::size_t bytes_before = std::exchange(bytes_left, bytes_on_the_way(transport));
      if (bytes_left != 0 && bytes_left >= bytes_before) break;  // nothing goes on
      ec.clear();
      if (bytes_left == 0) break;
      deadline = deadline_after(patience);
    }
    if (ec == errc::end_of_stream) ec.clear();
  }
  transport.close();
}

}  // namespace statwire::client
