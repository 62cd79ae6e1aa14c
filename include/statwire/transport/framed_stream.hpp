#pragma once

// What the transports that send datagrams over a stream share: a connection made without blocking, frames
// that are never torn (what the socket does not take at once is kept, and goes before the next frame), and
// when to connect again. Used by unix.hpp and tcp_lines.hpp, which say where to and what a frame looks like.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/socket.h>

#include <cerrno>
#endif

#include "statwire/detail/asio.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/detail/memory.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/backoff.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::detail {

#if defined(ASIO_HAS_LOCAL_SOCKETS)
/// Connects a socket of the file system. That never takes long; but a full queue of the server is EAGAIN, on
/// which Asio's own connect would wait.
template <class Socket>
std::error_code connect_local(Socket& socket, const typename Socket::endpoint_type& endpoint) noexcept {
  const auto size = static_cast<socklen_t>(endpoint.size());
  if (::connect(socket.native_handle(), endpoint.data(), size) == 0) return {};
  return {errno, std::system_category()};
}
#endif

/// One outgoing connection. `Protocol` is asio::ip::tcp or asio::local::stream_protocol. One thread at a
/// time.
template <class Protocol>
class FramedStream {
 public:
  using Endpoint = typename Protocol::endpoint;

  FramedStream() = default;
  FramedStream(const FramedStream&) = delete;  // the event loop holds its address
  FramedStream& operator=(const FramedStream&) = delete;

  bool is_closed() const noexcept { return state_ == State::closed; }
  bool is_open() const noexcept { return state_ == State::open; }
  bool is_due(Deadline now) const noexcept { return is_closed() && backoff_.is_due(now); }

  /// Why the connection was lost or not made; no error while it is open.
  std::error_code last_error() const noexcept { return error_; }

  /// Begins to connect; poll() sees the end of it.
  void connect(const Endpoint& endpoint, Deadline now) noexcept {
    drop();
    std::error_code ec = error_of([&] { channel_.emplace(); });
    if (!ec) channel_->socket.open(endpoint.protocol(), ec);
    if (!ec) channel_->socket.non_blocking(true, ec);
    if (ec) return fail(ec, now);
    state_ = State::connecting;
    give_up_ = now + connect_patience;
    if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) {
      channel_->socket.async_connect(endpoint, [this](std::error_code result) { connected_ = result; });
    } else {
      connected_ = connect_local(channel_->socket, endpoint);
    }
  }

  /// Goes on with what is under way. True when a frame could be sent now: connected, and nothing is left of
  /// the frame before.
  bool poll(Deadline now) noexcept {
    if (state_ == State::connecting) poll_connecting(now);
    if (!is_open()) return false;
    if (const std::error_code ec = read_and_forget()) {
      fail(ec, now);
      return false;
    }
    return !finish_frame(now);
  }

  /// Sends one frame. would_block when the connection takes nothing now; then nothing of this frame has gone.
  /// A frame of which a part has gone is a success: the rest goes before the next one, or in poll().
  std::error_code send(const std::array<std::string_view, 3>& frame, Deadline now) noexcept {
    if (!is_open()) return errc::not_connected;
    if (const std::error_code ec = finish_frame(now)) return ec;
    const std::array<asio::const_buffer, 3> parts{asio::buffer(frame[0]), asio::buffer(frame[1]),
                                                  asio::buffer(frame[2])};
    std::error_code ec;
    std::size_t written = write_some(parts, ec);
    if (ec) return not_written(ec, now);
    const bool has_memory = with_memory([&] {
      for (const std::string_view part : frame) {
        const std::size_t gone = std::min(written, part.size());
        unsent_.append(part.substr(gone));
        written -= gone;
      }
    });
    if (has_memory) return {};
    // Half a frame would spoil all that come after it.
    ec = std::make_error_code(std::errc::not_enough_memory);
    fail(ec, now);
    return ec;
  }

  /// Closes; to be tried again after a pause.
  void fail(std::error_code ec, Deadline now) noexcept {
    drop();
    error_ = standard(ec);
    backoff_.failed(now);
  }

  /// In the child of a fork: the connection, and what is left of a frame, are the parent's.
  void after_fork() noexcept {
    if (channel_) {
      // Asio's event loop is shared with the parent until it is told.
      error_of([&] { channel_->io.notify_fork(asio::execution_context::fork_child); });
    }
    drop();
    error_ = errc::not_connected;
    backoff_.reset();
  }

 private:
  enum class State { closed, connecting, open };

  struct Channel {
    Channel() : io{1}, socket{io} {}

    asio::io_context io;
    typename Protocol::socket socket;
  };

  static constexpr std::chrono::seconds connect_patience{5};

  void drop() noexcept {
    channel_.reset();  // a handler that has not run never will
    connected_.reset();
    unsent_.clear();
    unsent_from_ = 0;
    state_ = State::closed;
  }

  void poll_connecting(Deadline now) noexcept {
    channel_->io.restart();
    error_of([&] { channel_->io.poll(); });
    if (connected_ && !*connected_) {
      state_ = State::open;
      error_.clear();
      backoff_.succeeded();
    } else if (connected_ || now >= give_up_) {
      fail(connected_ ? *connected_ : errc::timed_out, now);
    }
  }

  /// Sees that the server has closed the connection before a frame is lost to it. What a server says is of no
  /// interest here.
  std::error_code read_and_forget() noexcept {
    std::array<char, 512> bytes;
    std::error_code ec;
    for (int i = 0; i < 8 && !ec; ++i) channel_->socket.read_some(asio::buffer(bytes), ec);
    if (ec == asio::error::eof) return errc::end_of_stream;
    if (ec == asio::error::would_block || ec == asio::error::interrupted) return {};
    return ec;
  }

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, std::error_code& ec) noexcept {
    std::size_t written = 0;
    do {
      written = channel_->socket.write_some(buffers, ec);  // Asio asks for no SIGPIPE
    } while (ec == asio::error::interrupted);
    return written;
  }

  std::error_code finish_frame(Deadline now) noexcept {
    while (unsent_from_ < unsent_.size()) {
      std::error_code ec;
      const std::string_view rest = std::string_view{unsent_}.substr(unsent_from_);
      unsent_from_ += write_some(asio::buffer(rest), ec);
      if (ec) return not_written(ec, now);
    }
    unsent_.clear();
    unsent_from_ = 0;
    return {};
  }

  std::error_code not_written(std::error_code ec, Deadline now) noexcept {
    if (ec != asio::error::would_block && ec != asio::error::no_buffer_space) fail(ec, now);
    return standard(ec);
  }

  State state_ = State::closed;
  std::optional<Channel> channel_;
  std::optional<std::error_code> connected_;  // how connecting ended
  Deadline give_up_{};
  Backoff backoff_;
  std::error_code error_ = errc::not_connected;
  std::string unsent_;  // the rest of a frame
  std::size_t unsent_from_ = 0;
};

}  // namespace statwire::detail
