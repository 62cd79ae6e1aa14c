#pragma once

// What error_of.hpp declares; see detail/config.hpp.

#include <system_error>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/config.hpp"
#include "statwire/detail/error_of.hpp"

namespace statwire::detail {

#if defined(ASIO_WINDOWS)
/// The standard name of an error of Windows; none when it has none. The system category of MinGW's library
/// takes these numbers for equal to no std::errc.
inline std::errc standard_name(int number) noexcept {
  struct Error {
    int number;
    std::errc name;
  };
  static constexpr Error errors[] = {
      {WSAEACCES, std::errc::permission_denied},
      {WSAEADDRINUSE, std::errc::address_in_use},
      {WSAEADDRNOTAVAIL, std::errc::address_not_available},
      {WSAEAFNOSUPPORT, std::errc::address_family_not_supported},
      {WSAEALREADY, std::errc::connection_already_in_progress},
      {WSAEBADF, std::errc::bad_file_descriptor},
      {WSAECONNABORTED, std::errc::connection_aborted},
      {WSAECONNREFUSED, std::errc::connection_refused},
      {WSAECONNRESET, std::errc::connection_reset},
      {WSAEHOSTUNREACH, std::errc::host_unreachable},
      {WSAEINPROGRESS, std::errc::operation_in_progress},
      {WSAEINTR, std::errc::interrupted},
      {WSAEINVAL, std::errc::invalid_argument},
      {WSAEISCONN, std::errc::already_connected},
      {WSAEMFILE, std::errc::too_many_files_open},
      {WSAEMSGSIZE, std::errc::message_size},
      {WSAENETDOWN, std::errc::network_down},
      {WSAENETRESET, std::errc::network_reset},
      {WSAENETUNREACH, std::errc::network_unreachable},
      {WSAENOBUFS, std::errc::no_buffer_space},
      {WSAENOTCONN, std::errc::not_connected},
      {WSAENOTSOCK, std::errc::not_a_socket},
      {WSAEOPNOTSUPP, std::errc::operation_not_supported},
      {WSAETIMEDOUT, std::errc::timed_out},
      {WSAEWOULDBLOCK, std::errc::operation_would_block},
      {ERROR_OPERATION_ABORTED, std::errc::operation_canceled},
  };
  for (const Error& error : errors) {
    if (error.number == number) return error.name;
  }
  return {};
}
#endif

STATWIRE_DECL std::error_code standard(std::error_code ec) noexcept {
  if (ec.category() != asio::error::get_system_category()) return ec;
#if defined(ASIO_WINDOWS)
  if (const std::errc name = standard_name(ec.value()); name != std::errc{}) {
    return std::make_error_code(name);
  }
#endif
  return {ec.value(), std::system_category()};
}

}  // namespace statwire::detail
