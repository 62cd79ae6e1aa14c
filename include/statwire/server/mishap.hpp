#pragma once

// What the handlers of one client may throw, caught before it leaves the event loop that all clients share:
// no memory, or whatever a store of the user's throws. It costs that client its connection, not the program.

#include <exception>
#include <utility>

namespace statwire::server::detail {

/// Calls a handler. False when it threw a std::exception, std::bad_alloc among them; whoever calls gives up
/// what the handler worked on. Anything else that is thrown passes through.
template <class Handler>
bool survives(Handler&& handler) {
  try {
    std::forward<Handler>(handler)();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace statwire::server::detail
