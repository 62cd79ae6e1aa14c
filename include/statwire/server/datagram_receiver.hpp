#pragma once

// Receives datagrams, many with one system call where there is one for that (recvmmsg, Linux).

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/server/packet_intake.hpp"

#if defined(__linux__)
#include <linux/sock_diag.h>
#include <sys/socket.h>
#endif

namespace statwire::server::detail {

/// Asks the system for a buffer of so many bytes, beyond the usual limit where the process may. It may grant
/// less, and that is fine.
template <class Socket>
void raise_receive_buffer(Socket& socket, std::size_t bytes) {
  const int wanted = static_cast<int>(bytes);
#if defined(SO_RCVBUFFORCE)
  if (::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof(wanted)) == 0) return;
#endif
  std::error_code ignored;
  socket.set_option(asio::socket_base::receive_buffer_size{wanted}, ignored);
}

/// Receives for as long as it lives, on the thread of its event loop. Opened and bound by who makes it.
template <class Socket>
class DatagramReceiver {
 public:
  DatagramReceiver(Socket socket, PacketIntake& intake, std::size_t buffer_bytes, std::error_code& ec)
      : socket_{std::move(socket)}, intake_{intake} {
    statwire::detail::close_on_exec(socket_);
    if (buffer_bytes > 0) raise_receive_buffer(socket_, buffer_bytes);
    socket_.non_blocking(true, ec);
    if (ec) return;
    prepare();
    wait();
  }
  DatagramReceiver(const DatagramReceiver&) = delete;
  DatagramReceiver& operator=(const DatagramReceiver&) = delete;

  /// Takes what has come up to now; for the end. A sender that does not stop cannot hold it up.
  void settle() {
    constexpr int max_rounds = 1024;
    receive(max_rounds);
  }

 private:
#if defined(__linux__)
  static constexpr std::size_t slot_count = 32;
#else
  static constexpr std::size_t slot_count = 1;
#endif
  static constexpr std::size_t slot_bytes = 65'536;  // no UDP datagram is longer
  /// Between two slots, so that their first bytes do not all meet in the same sets of the cache.
  static constexpr std::size_t gap_bytes = 192;
  static constexpr std::size_t stride = slot_bytes + gap_bytes;

  void wait() {
    socket_.async_wait(Socket::wait_read, [this](std::error_code ec) {
      if (ec == asio::error::operation_aborted) return;
      // What has come, but the other sockets of the loop are to have their turn.
      constexpr int rounds_in_turn = 8;
      receive(rounds_in_turn);
      wait();
    });
  }

  void receive(int max_rounds) {
    std::size_t in_all = 0;
    for (int round = 0; round < max_rounds; ++round) {
      const std::size_t received = receive_some();
      intake_.add({packets_.data(), received});
      in_all += received;
      if (received < slot_count) break;
    }
    if (in_all > 1) count_losses();  // a buffer that has overflowed holds more than one
  }

  char* slot(std::size_t index) noexcept {
    return memory_.get() + index * stride;
  }

  void take(std::size_t index, std::size_t bytes, bool is_cut) {
    packets_[index] = {slot(index), bytes};
    if (!is_cut) return;
    ++intake_.counts().long_lines;
    packets_[index] = packets_[index].substr(0, packets_[index].rfind('\n') + 1);
  }

#if defined(__linux__)
  void prepare() {
    for (std::size_t i = 0; i < slot_count; ++i) {
      parts_[i] = {slot(i), slot_bytes};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  std::size_t receive_some() {
    const int received =
        ::recvmmsg(socket_.native_handle(), messages_.data(), slot_count, MSG_DONTWAIT, nullptr);
    if (received <= 0) return 0;  // nothing there, or an error that the next datagram gets over
    for (int i = 0; i < received; ++i) {
      const mmsghdr& message = messages_[static_cast<std::size_t>(i)];
      take(static_cast<std::size_t>(i), message.msg_len, (message.msg_hdr.msg_flags & MSG_TRUNC) != 0);
    }
    return static_cast<std::size_t>(received);
  }

  void count_losses() {
    std::array<std::uint32_t, SK_MEMINFO_VARS> figures{};
    socklen_t size = sizeof(figures);
    const int failed = ::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_MEMINFO, figures.data(), &size);
    if (failed != 0) return;
    const std::uint32_t losses = figures[SK_MEMINFO_DROPS];
    intake_.counts().lost_datagrams += losses - losses_;  // the system's count wraps, and so does this
    losses_ = losses;
  }

  std::array<mmsghdr, slot_count> messages_{};
  std::array<iovec, slot_count> parts_{};
  std::uint32_t losses_ = 0;
#else
  void prepare() {}

  std::size_t receive_some() {
    std::error_code ec;
    const std::size_t bytes = socket_.receive(asio::buffer(slot(0), slot_bytes), 0, ec);
    if (ec) return 0;
    take(0, bytes, false);
    return 1;
  }

  void count_losses() {}
#endif

  Socket socket_;
  PacketIntake& intake_;
  std::unique_ptr<char[]> memory_{new char[slot_count * stride]};
  std::array<std::string_view, slot_count> packets_{};
};

}  // namespace statwire::server::detail
