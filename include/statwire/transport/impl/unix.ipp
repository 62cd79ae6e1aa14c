#pragma once

// What unix.hpp declares; see detail/config.hpp.

#include "statwire/transport/unix.hpp"

#if defined(STATWIRE_HAS_UNIX_TRANSPORTS)

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/config.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/backoff.hpp"
#include "statwire/transport/batch.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/framed_stream.hpp"
#include "statwire/transport/local_endpoint.hpp"

namespace statwire {

class UnixDatagramTransport::Impl {
  using Protocol = asio::local::datagram_protocol;

 public:
  explicit Impl(std::string_view path, UnixOptions options) : now_{std::move(options.now)} {
    std::error_code ec;
    endpoint_ = detail::local_endpoint<Protocol>(path, ec);
    if (ec) detail::fail(ec, "statwire: unix socket '" + std::string{path} + "'");
  }

  std::error_code send(std::string_view datagram) noexcept {
    if (!channel_ && !ready()) return errc::not_connected;
    return lost_or_kept(detail::standard(try_send(datagram)));
  }

  std::size_t send_batch(const DatagramBatch& batch, std::error_code& ec) noexcept {
    ec.clear();
    std::size_t sent = 0;
    if (!channel_ && !ready()) ec = errc::not_connected;
    while (!ec && sent < batch.sizes.size()) sent += send_some(batch, sent, ec);
    if (channel_) lost_or_kept(ec);
    return sent;
  }

  bool ready() noexcept {
    if (channel_) return true;
    const Deadline now = now_();
    if (!backoff_.is_due(now)) return false;
    error_ = open();
    if (error_) {
      channel_.reset();
      backoff_.failed(now);
    } else {
      backoff_.succeeded();
    }
    return channel_.has_value();
  }

  std::error_code last_error() const noexcept { return error_; }

  void after_fork() noexcept {
    if (channel_) {
      // Asio's event loop is shared with the parent until it is told.
      detail::error_of([&] { channel_->io.notify_fork(asio::execution_context::fork_child); });
    }
    channel_.reset();
    error_ = errc::not_connected;
    backoff_.reset();
  }

 private:
  struct Channel {
    Channel() : io{1}, socket{io} {}

    asio::io_context io;
    Protocol::socket socket;
  };

  std::error_code open() noexcept {
    std::error_code ec = detail::error_of([&] { channel_.emplace(); });
    if (!ec) channel_->socket.open(endpoint_.protocol(), ec);
    if (!ec) channel_->socket.non_blocking(true, ec);
    if (!ec) ec = detail::connect_local(channel_->socket, endpoint_);
    return detail::standard(ec);
  }

  std::error_code try_send(std::string_view datagram) noexcept {
    std::error_code ec;
    do {
      channel_->socket.send(asio::buffer(datagram.data(), datagram.size()), 0, ec);  // without SIGPIPE
    } while (ec == asio::error::interrupted);
    return ec;
  }

  std::size_t send_some(const DatagramBatch& batch, std::size_t first, std::error_code& ec) noexcept {
#if defined(__linux__)
    return detail::BatchSender{detail::Segmentation::refused}.send_some(channel_->socket.native_handle(),
                                                                        batch, first, ec);
#else
    ec = detail::standard(try_send(batch.datagram(first)));
    return ec ? 0 : 1;
#endif
  }

  /// Closes the socket when the error says that its server is gone.
  std::error_code lost_or_kept(std::error_code ec) noexcept {
    if (ec == std::errc::no_such_file_or_directory || ec == std::errc::connection_refused ||
        ec == std::errc::broken_pipe || ec == std::errc::not_connected || ec == std::errc::connection_reset) {
      error_ = ec;
      channel_.reset();
      backoff_.failed(now_());
    }
    return ec;
  }

  std::function<Deadline()> now_;
  Protocol::endpoint endpoint_;
  std::optional<Channel> channel_;  // open and connected, or not there
  detail::Backoff backoff_;
  std::error_code error_ = errc::not_connected;
};

class UnixStreamTransport::Impl {
  using Protocol = asio::local::stream_protocol;

 public:
  explicit Impl(std::string_view path, UnixOptions options) : now_{std::move(options.now)} {
    std::error_code ec;
    endpoint_ = detail::local_endpoint<Protocol>(path, ec);
    if (ec) detail::fail(ec, "statwire: unix socket '" + std::string{path} + "'");
  }

  std::error_code send(std::string_view datagram) noexcept {
    const Deadline now = now_();
    if (!stream_.is_open()) open(now);
    const auto size = static_cast<std::uint32_t>(datagram.size());
    const std::array<char, 4> head{static_cast<char>(size & 0xff), static_cast<char>(size >> 8 & 0xff),
                                   static_cast<char>(size >> 16 & 0xff), static_cast<char>(size >> 24)};
    return stream_.send({std::string_view{head.data(), head.size()}, datagram, {}}, now);
  }

  bool ready() noexcept { return open(now_()); }

  std::error_code last_error() const noexcept { return stream_.last_error(); }

  void after_fork() noexcept { stream_.after_fork(); }

 private:
  bool open(Deadline now) noexcept {
    if (stream_.is_due(now)) stream_.connect(endpoint_, now);
    return stream_.poll(now);
  }

  std::function<Deadline()> now_;
  Protocol::endpoint endpoint_;
  detail::FramedStream<Protocol> stream_;
};

STATWIRE_DECL UnixDatagramTransport::UnixDatagramTransport(std::string_view path, UnixOptions options)
    : impl_{std::make_unique<Impl>(path, std::move(options))} {}

STATWIRE_DECL UnixDatagramTransport::~UnixDatagramTransport() = default;

STATWIRE_DECL std::error_code UnixDatagramTransport::send(std::string_view datagram) noexcept {
  return impl_->send(datagram);
}

STATWIRE_DECL std::size_t UnixDatagramTransport::send_batch(const DatagramBatch& batch,
                                                            std::error_code& ec) noexcept {
  return impl_->send_batch(batch, ec);
}

STATWIRE_DECL bool UnixDatagramTransport::ready() noexcept {
  return impl_->ready();
}

STATWIRE_DECL std::error_code UnixDatagramTransport::last_error() const noexcept {
  return impl_->last_error();
}

STATWIRE_DECL void UnixDatagramTransport::after_fork() noexcept {
  impl_->after_fork();
}

STATWIRE_DECL UnixStreamTransport::UnixStreamTransport(std::string_view path, UnixOptions options)
    : impl_{std::make_unique<Impl>(path, std::move(options))} {}

STATWIRE_DECL UnixStreamTransport::~UnixStreamTransport() = default;

STATWIRE_DECL std::error_code UnixStreamTransport::send(std::string_view datagram) noexcept {
  return impl_->send(datagram);
}

STATWIRE_DECL bool UnixStreamTransport::ready() noexcept {
  return impl_->ready();
}

STATWIRE_DECL std::error_code UnixStreamTransport::last_error() const noexcept {
  return impl_->last_error();
}

STATWIRE_DECL void UnixStreamTransport::after_fork() noexcept {
  impl_->after_fork();
}

}  // namespace statwire

#endif  // STATWIRE_HAS_UNIX_TRANSPORTS
