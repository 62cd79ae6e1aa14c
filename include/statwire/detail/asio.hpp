#pragma once

// The one file that includes Asio, standalone and header-only. Everything that opens a socket comes through
// here, so what is included (and paid for in compile time) is decided in one place, and so is what happens in
// a build without exceptions: where Asio would throw, the program says why and aborts.

#ifndef ASIO_STANDALONE
#define ASIO_STANDALONE  // NOLINT(readability-identifier-naming): the name is Asio's
#endif
#if !defined(__cpp_exceptions) && !defined(ASIO_NO_EXCEPTIONS)
#define ASIO_NO_EXCEPTIONS  // NOLINT(readability-identifier-naming): the name is Asio's
#endif
#if !defined(__cpp_rtti) && !defined(ASIO_NO_TYPEID)
#define ASIO_NO_TYPEID  // NOLINT(readability-identifier-naming): the name is Asio's
#endif

// Asio before 1.24 looks for the coroutines that Clang had before they were standard, and finds none.
#if defined(__clang__) && __clang_major__ >= 16 && defined(__cpp_impl_coroutine) && \
    !defined(ASIO_DETAIL_CONFIG_HPP) && !defined(ASIO_HAS_CO_AWAIT)
#define ASIO_HAS_CO_AWAIT       // NOLINT(readability-identifier-naming): the name is Asio's
#define ASIO_HAS_STD_COROUTINE  // NOLINT(readability-identifier-naming): the name is Asio's
#endif

#include <asio/detail/config.hpp>

#include <cstdio>
#include <cstdlib>

#if defined(ASIO_NO_EXCEPTIONS)
namespace asio::detail {

template <typename Exception>
void throw_exception(const Exception& exception) {
  std::fprintf(stderr, "statwire: %s\n", exception.what());
  std::abort();
}

}  // namespace asio::detail
#endif

#include <asio/bind_executor.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/post.hpp>
#include <asio/recycling_allocator.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/write.hpp>
#if __has_include(<fcntl.h>)
#include <fcntl.h>
#endif
#if defined(ASIO_HAS_LOCAL_SOCKETS)
#include <asio/local/datagram_protocol.hpp>
#include <asio/local/stream_protocol.hpp>
#endif

namespace statwire::detail {

/// Keeps a socket or acceptor out of the programs that this one starts, where the system knows of it.
template <class Socket>
void close_on_exec([[maybe_unused]] Socket& socket) noexcept {
#if defined(FD_CLOEXEC)
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
#endif
}

}  // namespace statwire::detail
