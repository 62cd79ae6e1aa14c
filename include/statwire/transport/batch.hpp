#pragma once

// Many datagrams with one system call, on Linux: UDP segmentation offload (the kernel cuts one long buffer
// into datagrams) where kernel, route and batch allow it, else sendmmsg. Used by udp.hpp and unix.hpp, which
// have the socket and decide what to do about an error.

#if defined(__linux__)

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <system_error>

#include "statwire/transport/concepts.hpp"

namespace statwire::detail {

/// Whether the kernel may be asked to cut datagrams.
enum class Segmentation { refused, allowed };

/// Hands datagrams to a connected, non-blocking socket. One thread at a time.
class BatchSender {
 public:
  explicit BatchSender(Segmentation segmentation) noexcept : segmentation_{segmentation} {}

  /// Hands over as many datagrams from `first` on as one system call takes, and returns how many those are; 0
  /// when the first of them could not go, for the reason in `ec`. Datagrams behind the returned ones have not
  /// been tried.
  std::size_t send_some(int socket, const DatagramBatch& batch, std::size_t first,
                        std::error_code& ec) noexcept {
    ec.clear();
    if (batch.padded && segmentation_ == Segmentation::allowed) {
      const std::size_t sent = send_segments(socket, batch, first);
      if (sent > 0) return sent;
      if (!is_refusal_to_segment(errno)) {
        ec.assign(errno, std::system_category());
        return 0;
      }
      segmentation_ = Segmentation::refused;  // by an old kernel, or a route that cannot: for good
    }
    const std::size_t sent = send_messages(socket, batch, first);
    if (sent == 0) ec.assign(errno, std::system_category());
    return sent;
  }

  Segmentation segmentation() const noexcept { return segmentation_; }

 private:
  static constexpr std::size_t max_datagrams = 64;  // UDP_MAX_SEGMENTS of the older kernels
  static constexpr std::size_t max_bytes =
      65'507;                                     // of one datagram over IPv4, and so of one run of segments
  static constexpr int udp_segment_option = 103;  // UDP_SEGMENT, which older C libraries do not name

  static bool is_refusal_to_segment(int error) noexcept {
    return error == EINVAL || error == EIO || error == ENOPROTOOPT || error == EMSGSIZE ||
           error == EOPNOTSUPP;
  }

  static std::size_t send_segments(int socket, const DatagramBatch& batch, std::size_t first) noexcept {
    const std::size_t room = std::max<std::size_t>(1, max_bytes / batch.slot_bytes);
    const std::size_t count = std::min({batch.sizes.size() - first, max_datagrams, room});
    const std::size_t bytes = (count - 1) * batch.slot_bytes + batch.sizes[first + count - 1];

    iovec run{const_cast<char*>(batch.bytes + first * batch.slot_bytes), bytes};  // sendmsg only reads it
    msghdr message{};
    message.msg_iov = &run;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> control{};
    if (count > 1) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      cmsghdr* const header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = IPPROTO_UDP;
      header->cmsg_type = udp_segment_option;
      header->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
      const auto segment_bytes = static_cast<std::uint16_t>(batch.slot_bytes);
      std::memcpy(CMSG_DATA(header), &segment_bytes, sizeof segment_bytes);
    }
    ssize_t result = 0;
    do {
      result = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? 0 : count;
  }

  static std::size_t send_messages(int socket, const DatagramBatch& batch, std::size_t first) noexcept {
    std::array<mmsghdr, max_datagrams> messages{};
    std::array<iovec, max_datagrams> parts{};
    const std::size_t count = std::min(batch.sizes.size() - first, max_datagrams);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view datagram = batch.datagram(first + i);
      parts[i] = {const_cast<char*>(datagram.data()), datagram.size()};  // sendmmsg only reads it
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    int result = 0;
    do {
      result = ::sendmmsg(socket, messages.data(), static_cast<unsigned>(count), MSG_NOSIGNAL);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? 0 : static_cast<std::size_t>(result);
  }

  Segmentation segmentation_;
};

}  // namespace statwire::detail

#endif  // defined(__linux__)
