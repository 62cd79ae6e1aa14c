#pragma once

// What udp.hpp declares; see detail/config.hpp.

#include "statwire/transport/udp.hpp"

#include <algorithm>
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
#include "statwire/detail/resolve.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/batch.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/impl/lookup_of.hpp"

namespace statwire {

class UdpTransport::Impl {
 public:
  Impl(std::string_view host, std::uint16_t port, std::error_code& ec, UdpOptions options)
      : host_{host},
        port_{port},
        now_{std::move(options.now)},
        find_{detail::lookup_of<asio::ip::udp>(std::move(options.lookup))} {
    begin(ec);
  }

  std::error_code send(std::string_view datagram) noexcept {
    if (!can_send()) return errc::not_connected;
    std::error_code ec = try_send(datagram);
    if (ec == asio::error::connection_refused) {
      after_refusal();
      ec = try_send(datagram);
    }
    return detail::standard(ec);
  }

  std::size_t send_batch(const DatagramBatch& batch, std::error_code& ec) noexcept {
    ec.clear();
    if (!can_send()) {
      ec = errc::not_connected;
      return 0;
    }
    std::size_t sent = 0;
    bool was_refused = false;  // since the last datagram that went
    while (sent < batch.sizes.size()) {
      const std::size_t some = send_some(batch, sent, ec);
      sent += some;
      if (some > 0) {
        was_refused = false;
      } else if (ec == std::errc::connection_refused && !was_refused) {
        was_refused = true;
        after_refusal();
      } else {
        return sent;
      }
    }
    ec.clear();
    return sent;
  }

  bool ready() noexcept {
    may_wait_ = false;
    if (!is_valid()) return false;
    const Deadline now = now_();
    if (lookup_.is_running()) {
      if (auto result = lookup_.poll()) take(std::move(*result), now);
    } else if (now >= next_lookup_ || (is_refused_ && now >= last_lookup_ + refusal_pause)) {
      look_up(now);
    }
    return is_open();
  }

  bool wait_ready(Deadline deadline) noexcept {
    if (ready()) return true;
    lookup_.wait(deadline);
    return ready();
  }

  std::error_code last_error() const noexcept { return error_; }

  void after_fork() noexcept {
    if (channel_) {
      // Asio's event loop is shared with the parent until it is told.
      error_ = detail::error_of([&] { channel_->io.notify_fork(asio::execution_context::fork_child); });
      channel_.reset();
    }
    lookup_.abandon();  // its thread is the parent's
    next_lookup_ = Deadline::min();
    if (connected_) error_ = connect_to(asio::ip::udp::endpoint{*connected_});
  }

 private:
  struct Channel {
    Channel() : io{1}, socket{io} {}

    asio::io_context io;
    asio::ip::udp::socket socket;
  };

  static constexpr std::chrono::seconds lookup_interval{30};
  static constexpr std::chrono::seconds refusal_pause{1};
  static constexpr std::chrono::seconds first_retry_pause{1};  // doubles up to lookup_interval
  static constexpr std::chrono::seconds first_send_patience{2};

  void begin(std::error_code& ec) noexcept {
    ec.clear();
    if (!is_valid()) {
      ec = error_ = errc::invalid_option;
      return;
    }
    literal_ = detail::literal_endpoint<asio::ip::udp>(host_, port_);
    look_up(now_());
  }

  bool is_valid() const noexcept { return !host_.empty() && port_ != 0; }
  bool is_open() const noexcept { return channel_ && channel_->socket.is_open(); }

  bool can_send() noexcept {
    if (is_open()) return true;
    return may_wait_ ? wait_ready(std::chrono::steady_clock::now() + first_send_patience) : ready();
  }

  void look_up(Deadline now) noexcept {
    last_lookup_ = now;
    next_lookup_ = now + lookup_interval;
    is_refused_ = false;
    if (!literal_) {
      lookup_.start(find_, host_, port_);
    } else if (!is_open()) {
      detail::BackgroundLookup<asio::ip::udp>::Result found;
      found.ec = detail::error_of([&] { found.endpoints.push_back(*literal_); });
      take(std::move(found), now);
    }
  }

  void take(detail::BackgroundLookup<asio::ip::udp>::Result result, Deadline now) noexcept {
    error_ = result.ec;
    if (!error_) {
      endpoints_ = std::move(result.endpoints);
      next_ = 0;
      const bool is_still_there =
          connected_ && std::find(endpoints_.begin(), endpoints_.end(), *connected_) != endpoints_.end();
      if (!is_still_there || !is_open()) error_ = connect_to_any();
    }
    if (is_open()) {
      retry_pause_ = first_retry_pause;
    } else {
      next_lookup_ = now + retry_pause_;
      retry_pause_ = std::min(retry_pause_ * 2, lookup_interval);
    }
  }

  std::error_code connect_to_any() noexcept {
    std::error_code ec;
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
      ec = connect_to_next();
      if (!ec) break;
    }
    return ec;
  }

  std::error_code connect_to_next() noexcept {
    const asio::ip::udp::endpoint endpoint = endpoints_[next_];
    next_ = (next_ + 1) % endpoints_.size();
    return connect_to(endpoint);
  }

  /// When that fails, the socket that was open stays.
  std::error_code connect_to(const asio::ip::udp::endpoint& endpoint) noexcept {
    std::error_code ec;
    if (!channel_) ec = detail::error_of([&] { channel_.emplace(); });
    if (ec) return ec;
    asio::ip::udp::socket fresh{channel_->io};
    fresh.open(endpoint.protocol(), ec);
    if (!ec) fresh.connect(endpoint, ec);
    if (!ec) fresh.non_blocking(true, ec);
    if (ec) return detail::standard(ec);
    channel_->socket = std::move(fresh);
    connected_ = endpoint;
    return {};
  }

  void after_refusal() noexcept {
    is_refused_ = true;
    if (endpoints_.size() < 2) return;
    if (endpoints_[next_] == *connected_) next_ = (next_ + 1) % endpoints_.size();
    connect_to_next();
  }

  std::error_code try_send(std::string_view datagram) noexcept {
    std::error_code ec;
    do {
      channel_->socket.send(asio::buffer(datagram.data(), datagram.size()), 0, ec);
    } while (ec == asio::error::interrupted);
    return ec;
  }

  std::size_t send_some(const DatagramBatch& batch, std::size_t first, std::error_code& ec) noexcept {
#if defined(__linux__)
    return sender_.send_some(channel_->socket.native_handle(), batch, first, ec);
#else
    ec = detail::standard(try_send(batch.datagram(first)));
    return ec ? 0 : 1;
#endif
  }

  std::string host_;
  std::uint16_t port_;
  std::function<Deadline()> now_;
  detail::LookupFunction<asio::ip::udp> find_;
  std::optional<asio::ip::udp::endpoint> literal_;  // when the host is an address
  std::optional<asio::ip::udp::endpoint> connected_;
  detail::Endpoints<asio::ip::udp> endpoints_;  // of the last lookup that found any
  std::size_t next_ = 0;
  std::optional<Channel> channel_;
  detail::BackgroundLookup<asio::ip::udp> lookup_;
  Deadline last_lookup_{};
  Deadline next_lookup_{};
  std::chrono::seconds retry_pause_ = first_retry_pause;
  std::error_code error_ = errc::not_connected;
  bool is_refused_ = false;
  bool may_wait_ = true;
#if defined(__linux__)
  detail::BatchSender sender_{detail::Segmentation::allowed};
#endif
};

STATWIRE_DECL UdpTransport::UdpTransport(std::string_view host, std::uint16_t port, UdpOptions options) {
  std::error_code ec;
  impl_ = std::make_unique<Impl>(host, port, ec, std::move(options));
  if (ec) detail::fail(ec, "statwire: udp '" + std::string{host} + "' port " + std::to_string(port));
}

STATWIRE_DECL UdpTransport::UdpTransport(std::string_view host, std::uint16_t port, std::error_code& ec,
                                         UdpOptions options)
    : impl_{std::make_unique<Impl>(host, port, ec, std::move(options))} {}

STATWIRE_DECL UdpTransport::~UdpTransport() = default;

STATWIRE_DECL std::error_code UdpTransport::send(std::string_view datagram) noexcept {
  return impl_->send(datagram);
}

STATWIRE_DECL std::size_t UdpTransport::send_batch(const DatagramBatch& batch, std::error_code& ec) noexcept {
  return impl_->send_batch(batch, ec);
}

STATWIRE_DECL bool UdpTransport::ready() noexcept {
  return impl_->ready();
}

STATWIRE_DECL bool UdpTransport::wait_ready(Deadline deadline) noexcept {
  return impl_->wait_ready(deadline);
}

STATWIRE_DECL std::error_code UdpTransport::last_error() const noexcept {
  return impl_->last_error();
}

STATWIRE_DECL void UdpTransport::after_fork() noexcept {
  impl_->after_fork();
}

}  // namespace statwire
