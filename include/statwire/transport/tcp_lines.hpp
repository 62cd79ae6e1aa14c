#pragma once

// Datagrams over TCP, each followed by a line feed, for servers that take StatsD lines on a TCP port. Looking
// the name up and connecting happen in the background; nothing ever blocks. A lost connection is made again
// after 100 ms, then after twice as long each time, up to 5 s.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/fail.hpp"
#include "statwire/detail/resolve.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/framed_stream.hpp"

namespace statwire {

/// What a TcpLinesTransport takes from outside; the defaults are right but in tests.
struct TcpLinesOptions {
  /// Finds the endpoints of a host name; called on a thread of its own, and may block.
  detail::LookupFunction<asio::ip::tcp> lookup = &detail::system_lookup<asio::ip::tcp>;
  std::function<Deadline()> now = &std::chrono::steady_clock::now;  ///< When to connect again.
};

/// A DatagramTransport over a TCP connection. One thread at a time.
class TcpLinesTransport {
 public:
  static constexpr std::string_view name() noexcept { return "tcp"; }

  /// Remembers where to connect (a name, or an address without brackets); nothing is opened yet. Throws
  /// ClientError errc::invalid_option for an empty host or port 0.
  TcpLinesTransport(std::string_view host, std::uint16_t port, TcpLinesOptions options = {})
      : host_{host}, port_{port}, options_{std::move(options)} {
    if (host_.empty() || port_ == 0) {
      detail::fail(errc::invalid_option, "statwire: tcp '" + host_ + "' port " + std::to_string(port_));
    }
  }

  /// Writes one datagram and a line feed, and never waits. What the socket takes in part counts as sent; the
  /// rest goes before the next. Errors: would_block when the socket takes nothing now, errc::not_connected
  /// while there is no connection, and what ends it until it is due again: broken_pipe, connection_reset, ...
  std::error_code send(std::string_view datagram) noexcept {
    const Deadline now = options_.now();
    if (!stream_.is_open()) proceed(now);
    return stream_.send({datagram, std::string_view{"\n"}, {}}, now);
  }

  /// Tells whether a datagram could be sent now; looks up and connects when it is time to. Never waits.
  bool ready() noexcept { return proceed(options_.now()); }

  /// Why there is no connection; no error while there is one.
  std::error_code last_error() const noexcept { return stream_.last_error(); }

  /// In the child of a fork: gives it a connection of its own. No other call may have been under way.
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
      take({.endpoints = {*literal}}, now);
    } else {
      lookup_.start(options_.lookup, host_, port_);
    }
  }

  void take(detail::BackgroundLookup<asio::ip::tcp>::Result result, Deadline now) noexcept {
    if (result.ec) return stream_.fail(result.ec, now);
    endpoints_ = std::move(result.endpoints);
    next_ = 0;
  }

  std::string host_;
  std::uint16_t port_;
  TcpLinesOptions options_;
  detail::Endpoints<asio::ip::tcp> endpoints_;
  std::size_t next_ = 0;  // the endpoint to try next; behind the last one when none is left
  detail::BackgroundLookup<asio::ip::tcp> lookup_;
  detail::FramedStream<asio::ip::tcp> stream_;
};

}  // namespace statwire
