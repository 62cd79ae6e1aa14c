#pragma once

// For calls that must not throw, and allocate now and then.

#include <new>
#include <utility>

namespace statwire::detail {

/// Does something that may allocate; false when there was no memory for it.
template <class Action>
bool with_memory(Action&& action) noexcept {
#if defined(__cpp_exceptions)
  try {
    std::forward<Action>(action)();
  } catch (const std::bad_alloc&) {
    return false;
  }
#else
  std::forward<Action>(action)();
#endif
  return true;
}

}  // namespace statwire::detail
