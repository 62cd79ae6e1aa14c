#pragma once

// The two ends of a loopback benchmark, on Linux: a socket that drops what it gets, and the floor of all
// clients, a loop that writes lines into a buffer and hands it to the kernel.

#if defined(__linux__)

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"

namespace bench {

inline asio::ip::udp::endpoint loopback(std::uint16_t port) {
  return {asio::ip::make_address("127.0.0.1"), port};
}

/// A socket with the kernel's default buffer. Nobody reads it while times are taken: once its buffer is full,
/// the kernel throws datagrams away after the same work on the sender's side.
class Sink {
 public:
  std::uint16_t port() const { return socket_.local_endpoint().port(); }
  int fd() { return socket_.native_handle(); }

  /// The next datagram without the line feeds at its end, which are no lines; empty when none comes within a
  /// second.
  std::string receive() {
    std::string bytes(65'536, '\0');
    pollfd readable{.fd = fd(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, 1000) <= 0) return {};
    const ssize_t size = ::recv(fd(), bytes.data(), bytes.size(), 0);
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes.substr(0, bytes.find_last_not_of('\n') + 1);
  }

 private:
  asio::io_context io_;
  asio::ip::udp::socket socket_{io_, loopback(0)};
};

/// A socket as UdpTransport has one, connected and non-blocking, with nothing around it.
class BareSocket {
 public:
  explicit BareSocket(std::uint16_t port) {
    socket_.connect(loopback(port));
    socket_.non_blocking(true);
  }
  int fd() { return socket_.native_handle(); }

 private:
  asio::io_context io_;
  asio::ip::udp::socket socket_{io_, asio::ip::udp::v4()};
};

/// Many datagrams with one system call: cut by the kernel (UDP GSO), or a message for each.
enum class Batching { segments, messages };

/// What a counter costs at least: its line is put together from parts that are known only at run time, and
/// full datagrams leave by the buffer.
class BareSender {
 public:
  BareSender(std::uint16_t port, Batching batching, std::string prefix, std::string name)
      : socket_{port}, batching_{batching}, prefix_{std::move(prefix)}, name_{std::move(name)} {}

  /// Sends so many times "prefix" "name" ":1|c"; the last datagram as far as it has come.
  void send_lines(std::size_t lines) {
    const std::int64_t value = one_;
    char* next = buffer_.get();
    char* limit = next + datagram_bytes;
    for (; lines > 0; --lines) {
      char* end = write_line(next, limit, value);
      if (end == nullptr) {
        std::memset(next, '\n', static_cast<std::size_t>(limit - next));
        next = limit;
        if (next == buffer_.get() + batch_bytes) {
          send(batch_bytes);
          next = buffer_.get();
        }
        limit = next + datagram_bytes;
        end = write_line(next, limit, value);
      }
      next = end;
    }
    send(static_cast<std::size_t>(next - buffer_.get()));
  }

  std::size_t errors() const { return errors_; }

 private:
  static constexpr std::size_t datagram_bytes = 1432;
  static constexpr std::size_t datagrams = 45;  // 65,507 bytes are the most of one run of segments
  static constexpr std::size_t batch_bytes = datagrams * datagram_bytes;

  /// Returns where the line ends, or null when it does not fit.
  char* write_line(char* out, char* limit, std::int64_t value) const {
    constexpr std::string_view tail = "|c\n";
    const std::size_t head_bytes = prefix_.size() + name_.size() + 1;
    if (static_cast<std::size_t>(limit - out) < head_bytes + tail.size()) return nullptr;
    std::memcpy(out, prefix_.data(), prefix_.size());
    out += prefix_.size();
    std::memcpy(out, name_.data(), name_.size());
    out += name_.size();
    *out++ = ':';
    const auto [end, ec] = std::to_chars(out, limit - tail.size(), value);
    if (ec != std::errc{}) return nullptr;
    std::memcpy(end, tail.data(), tail.size());
    return end + tail.size();
  }

  void send(std::size_t bytes) {
    const bool is_sent = batching_ == Batching::segments ? send_segments(bytes) : send_messages(bytes);
    if (!is_sent) ++errors_;
  }

  bool send_segments(std::size_t bytes) {
    constexpr int udp_segment_option = 103;  // UDP_SEGMENT, which older C libraries do not name
    constexpr auto segment_bytes = static_cast<std::uint16_t>(datagram_bytes);
    iovec run{buffer_.get(), bytes};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof segment_bytes)> control{};
    msghdr message{};
    message.msg_iov = &run;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = udp_segment_option;
    header->cmsg_len = CMSG_LEN(sizeof segment_bytes);
    std::memcpy(CMSG_DATA(header), &segment_bytes, sizeof segment_bytes);
    return ::sendmsg(socket_.fd(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes);
  }

  bool send_messages(std::size_t bytes) {
    std::array<mmsghdr, datagrams> messages{};
    std::array<iovec, datagrams> parts{};
    unsigned count = 0;
    for (std::size_t at = 0; at < bytes; at += datagram_bytes, ++count) {
      parts[count] = {buffer_.get() + at, std::min(datagram_bytes, bytes - at)};
      messages[count].msg_hdr.msg_iov = &parts[count];
      messages[count].msg_hdr.msg_iovlen = 1;
    }
    return ::sendmmsg(socket_.fd(), messages.data(), count, MSG_NOSIGNAL) == static_cast<int>(count);
  }

  BareSocket socket_;
  Batching batching_;
  std::string prefix_, name_;
  const volatile std::int64_t one_ = 1;  // the compiler may not write it into the line in advance
  std::unique_ptr<char[]> buffer_ = std::make_unique<char[]>(batch_bytes);
  std::size_t errors_ = 0;
};

}  // namespace bench

#endif  // defined(__linux__)
