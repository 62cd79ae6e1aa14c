#pragma once

// What tcp_lines.hpp declares; see detail/config.hpp.

#include "statwire/transport/tcp_lines.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
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
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/framed_stream.hpp"
#include "statwire/transport/impl/lookup_of.hpp"

namespace statwire {

class TcpLinesTransport::Impl {
 public:
  Impl(std::string_view host, std::uint16_t port, TcpLinesOptions options)
      : host_{host},
        port_{port},
        now_{std::move(options.now)},
        find_{detail::lookup_of<asio::ip::tcp>(std::move(options.lookup))} {
    if (host_.empty() || port_ == 0) {
      detail::fail(errc::invalid_option, "statwire: tcp '" + host_ + "' port " + std::to_string(port_));
    }
  }

  std::error_code send(std::string_view datagram) noexcept {
    const Deadline now = now_();
    if (!stream_.is_open()) proceed(now);
    return stream_.send({datagram, std::string_view{"\n"}, {}}, now);
  }

  bool ready() noexcept { return proceed(now_()); }

  std::error_code last_error() const noexcept { return stream_.last_error(); }

  void after_fork() noexcept {
    lookup_.abandon();  // its thread is the parent's
    next_ = endpoints_.size();
    stream_.after_fork();
  }

 private:
  bool proceed(Deadline now) noexcept {
    if (lookup_.is_running()) {
      if (auto result = lookup_.poll()) take(std::move(*result), now);
    } else if (stream_.is_due(now)) {
      look_up(now);
    }
    bool is_ready = stream_.poll(now);
    // The next address of the host is tried at once, the whole again after a pause.
    while (stream_.is_closed() && next_ < endpoints_.size()) {
      stream_.connect(endpoints_[next_++], now);
      is_ready = stream_.poll(now);
    }
    if (stream_.is_open()) next_ = endpoints_.size();
    return is_ready;
  }

  void look_up(Deadline now) noexcept {
    if (const auto literal = detail::literal_endpoint<asio::ip::tcp>(host_, port_)) {
      detail::BackgroundLookup<asio::ip::tcp>::Result found;
      found.ec = detail::error_of([&] { found.endpoints.push_back(*literal); });
      take(std::move(found), now);
    } else {
      lookup_.start(find_, host_, port_);
    }
  }

  void take(detail::BackgroundLookup<asio::ip::tcp>::Result result, Deadline now) noexcept {
    if (result.ec) return stream_.fail(result.ec, now);
    endpoints_ = std::move(result.endpoints);
    next_ = 0;
  }

  std::string host_;
  std::uint16_t port_;
  std::function<Deadline()> now_;
  detail::LookupFunction<asio::ip::tcp> find_;
  detail::Endpoints<asio::ip::tcp> endpoints_;
  std::size_t next_ = 0;  // the endpoint to try next; behind the last one when none is left
  detail::BackgroundLookup<asio::ip::tcp> lookup_;
  detail::FramedStream<asio::ip::tcp> stream_;
};

STATWIRE_DECL TcpLinesTransport::TcpLinesTransport(std::string_view host, std::uint16_t port,
                                                   TcpLinesOptions options)
    : impl_{std::make_unique<Impl>(host, port, std::move(options))} {}

STATWIRE_DECL TcpLinesTransport::~TcpLinesTransport() = default;

STATWIRE_DECL std::error_code TcpLinesTransport::send(std::string_view datagram) noexcept {
  return impl_->send(datagram);
}

STATWIRE_DECL bool TcpLinesTransport::ready() noexcept {
  return impl_->ready();
}

STATWIRE_DECL std::error_code TcpLinesTransport::last_error() const noexcept {
  return impl_->last_error();
}

STATWIRE_DECL void TcpLinesTransport::after_fork() noexcept {
  impl_->after_fork();
}

}  // namespace statwire
