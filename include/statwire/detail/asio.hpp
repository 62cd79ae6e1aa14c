#pragma once

// The one file that includes Asio, standalone and header-only. Everything that opens a socket comes through
// here, so what is included (and paid for in compile time) is decided in one place.

#ifndef ASIO_STANDALONE
#define ASIO_STANDALONE  // NOLINT(readability-identifier-naming): the name is Asio's
#endif

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <system_error>

namespace statwire::detail {

/// Gives a code of the system the standard category. Asio has one of its own, whose codes equal none of
/// std::errc.
inline std::error_code standard(std::error_code ec) noexcept {
  if (ec.category() != asio::error::get_system_category()) return ec;
  return {ec.value(), std::system_category()};
}

}  // namespace statwire::detail
