#pragma once

// Errors of the system, whoever tells them, as codes of the standard's categories.

#include <new>
#include <system_error>

#include "statwire/detail/config.hpp"

namespace statwire::detail {

/// Gives a code of the system the standard category. Asio has one of its own, whose codes equal none of
/// std::errc.
STATWIRE_DECL std::error_code standard(std::error_code ec) noexcept;

/// Returns what `action` throws as a code: an event loop takes descriptors and a thread its stack, of which
/// the process may have no more.
template <class Action>
std::error_code error_of(Action&& action) noexcept {
#if defined(__cpp_exceptions)
  try {
    action();
  } catch (const std::system_error& error) {
    return standard(error.code());
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
#else
  action();
#endif
  return {};
}

}  // namespace statwire::detail

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/detail/impl/error_of.ipp"
#endif
