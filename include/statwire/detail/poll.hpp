#pragma once

// Waits until a socket can be read or written, or a deadline: one system call, where an event loop takes
// two. For blocking clients, which wait for one socket at a time.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <system_error>

#if defined(_WIN32)
#include <winsock2.h>
#else
#include <poll.h>
#endif

#include "statwire/error.hpp"

namespace statwire::detail {

/// What a wait is for.
enum class Readiness { read, write, read_or_write };

/// Returns once the socket is ready, or has an error that reading will tell; sets errc::timed_out past the
/// deadline.
template <class Socket>
void wait_until_ready(Socket fd, Readiness readiness, std::chrono::steady_clock::time_point deadline,
                      std::error_code& ec) noexcept {
  ec.clear();
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      ec = errc::timed_out;
      return;
    }
    constexpr std::chrono::milliseconds longest{std::numeric_limits<int>::max()};
    const int timeout = static_cast<int>(std::min(left, longest).count());
    const auto events = static_cast<short>(readiness == Readiness::read    ? POLLIN
                                           : readiness == Readiness::write ? POLLOUT
                                                                           : POLLIN | POLLOUT);
#if defined(_WIN32)
    WSAPOLLFD waited{fd, events, 0};
    const int ready = ::WSAPoll(&waited, 1, timeout);
    const int error = ready < 0 ? ::WSAGetLastError() : 0;
#else
    pollfd waited{fd, events, 0};
    const int ready = ::poll(&waited, 1, timeout);
    const int error = ready < 0 ? errno : 0;
    if (error == EINTR) continue;
#endif
    if (ready > 0) return;
    if (error != 0) {
      ec = {error, std::system_category()};
      return;
    }
  }
}

}  // namespace statwire::detail
