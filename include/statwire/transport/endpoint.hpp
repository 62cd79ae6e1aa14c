#pragma once

// A transport chosen when the program runs, from a configuration or the environment. Every call goes to the
// transport that the endpoint names; a program that knows it when it is compiled takes that one itself.

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <variant>

#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/endpoint.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/null.hpp"
#include "statwire/transport/tcp_lines.hpp"
#include "statwire/transport/udp.hpp"
#include "statwire/transport/unix.hpp"

namespace statwire {

/// A DatagramTransport to any Endpoint. One thread at a time.
class EndpointTransport {
 public:
  static constexpr std::size_t burst_datagrams = UdpTransport::burst_datagrams;

  /// Opens what the endpoint names; errors are those of the transport's constructor. Throws ClientError
  /// errc::invalid_option also for a Unix socket where the system has none.
  explicit EndpointTransport(const Endpoint& endpoint) {
    switch (endpoint.kind) {
      case Endpoint::Kind::udp:
        transport_.emplace<UdpTransport>(endpoint.host, endpoint.port);
        break;
      case Endpoint::Kind::tcp:
        transport_.emplace<TcpLinesTransport>(endpoint.host, endpoint.port);
        break;
      case Endpoint::Kind::unix_datagram:
      case Endpoint::Kind::unix_stream:
        open_local(endpoint);
        break;
      case Endpoint::Kind::null:
        break;
    }
  }

  /// As above, of a text. Throws ClientError errc::invalid_option that says where the text is wrong and what
  /// would be right.
  explicit EndpointTransport(std::string_view endpoint) : EndpointTransport{parsed(endpoint)} {}

  std::error_code send(std::string_view datagram) noexcept {
    return std::visit([&](auto& transport) { return transport.send(datagram); }, transport_);
  }

  /// Hands over many datagrams: with few system calls where the transport can, else one by one.
  std::size_t send_batch(const DatagramBatch& batch, std::error_code& ec) noexcept {
    return std::visit([&](auto& transport) { return send_all(transport, batch, ec); }, transport_);
  }

  bool ready() noexcept {
    return std::visit(
        [](auto& transport) {
          if constexpr (HasReady<decltype(transport)>) {
            return transport.ready();
          } else {
            return true;
          }
        },
        transport_);
  }

  void after_fork() noexcept {
    std::visit(
        [](auto& transport) {
          if constexpr (HasAfterFork<decltype(transport)>) transport.after_fork();
        },
        transport_);
  }

  /// Waits for the first lookup of a host name, where there is one to wait for; returns ready().
  bool wait_ready(Deadline deadline) noexcept {
    if (auto* const udp = std::get_if<UdpTransport>(&transport_)) return udp->wait_ready(deadline);
    return ready();
  }

  std::string_view name() const noexcept {
    return std::visit(
        [](const auto& transport) -> std::string_view {
          if constexpr (HasName<std::remove_cvref_t<decltype(transport)>>) return transport.name();
          return "null";
        },
        transport_);
  }

  /// Why the transport is not ready; no error when it is.
  std::error_code last_error() const noexcept {
    return std::visit(
        [](const auto& transport) -> std::error_code {
          if constexpr (requires { transport.last_error(); }) {
            return transport.last_error();
          } else {
            return {};
          }
        },
        transport_);
  }

 private:
  static Endpoint parsed(std::string_view text) {
    EndpointError error;
    if (auto endpoint = parse_endpoint(text, error)) return *std::move(endpoint);
    detail::fail(errc::invalid_option, "statwire: endpoint '" + std::string{text} + "' " + error.message());
  }

  void open_local(const Endpoint& endpoint) {
#if defined(STATWIRE_HAS_UNIX_TRANSPORTS)
    if (endpoint.kind == Endpoint::Kind::unix_datagram) {
      transport_.emplace<UnixDatagramTransport>(endpoint.path);
    } else {
      transport_.emplace<UnixStreamTransport>(endpoint.path);
    }
#else
    detail::fail(errc::invalid_option, "statwire: no Unix sockets on this system: " + to_string(endpoint));
#endif
  }

  template <class Transport>
  static std::size_t send_all(Transport& transport, const DatagramBatch& batch,
                              std::error_code& ec) noexcept {
    ec.clear();
    if constexpr (HasSendBatch<Transport>) {
      return transport.send_batch(batch, ec);
    } else {
      std::size_t sent = 0;
      while (sent < batch.sizes.size() && !(ec = transport.send(batch.datagram(sent)))) ++sent;
      return sent;
    }
  }

  std::variant<NullTransport, UdpTransport, TcpLinesTransport
#if defined(STATWIRE_HAS_UNIX_TRANSPORTS)
               ,
               UnixDatagramTransport, UnixStreamTransport
#endif
               >
      transport_;
};

}  // namespace statwire
