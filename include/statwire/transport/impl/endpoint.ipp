#pragma once

// What endpoint.hpp declares; see detail/config.hpp.

#include "statwire/transport/endpoint.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

#include "statwire/detail/config.hpp"
#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/endpoint.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/null.hpp"
#include "statwire/transport/tcp_lines.hpp"
#include "statwire/transport/udp.hpp"
#include "statwire/transport/unix.hpp"

namespace statwire {

namespace detail {

STATWIRE_DECL Endpoint parsed_endpoint(std::string_view text) {
  EndpointError error;
  if (auto endpoint = parse_endpoint(text, error)) return *std::move(endpoint);
  fail(errc::invalid_option, "statwire: endpoint '" + std::string{text} + "' " + error.message());
}

}  // namespace detail

class EndpointTransport::Impl {
 public:
  explicit Impl(const Endpoint& endpoint) {
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

  std::error_code send(std::string_view datagram) noexcept {
    return std::visit([&](auto& transport) { return transport.send(datagram); }, transport_);
  }

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

static_assert(EndpointTransport::burst_datagrams == UdpTransport::burst_datagrams);

STATWIRE_DECL EndpointTransport::EndpointTransport(const Endpoint& endpoint)
    : impl_{std::make_unique<Impl>(endpoint)} {}

STATWIRE_DECL EndpointTransport::EndpointTransport(std::string_view endpoint)
    : EndpointTransport{detail::parsed_endpoint(endpoint)} {}

STATWIRE_DECL EndpointTransport::~EndpointTransport() = default;

STATWIRE_DECL std::error_code EndpointTransport::send(std::string_view datagram) noexcept {
  return impl_->send(datagram);
}

STATWIRE_DECL std::size_t EndpointTransport::send_batch(const DatagramBatch& batch,
                                                        std::error_code& ec) noexcept {
  return impl_->send_batch(batch, ec);
}

STATWIRE_DECL bool EndpointTransport::ready() noexcept {
  return impl_->ready();
}

STATWIRE_DECL void EndpointTransport::after_fork() noexcept {
  impl_->after_fork();
}

STATWIRE_DECL bool EndpointTransport::wait_ready(Deadline deadline) noexcept {
  return impl_->wait_ready(deadline);
}

STATWIRE_DECL std::string_view EndpointTransport::name() const noexcept {
  return impl_->name();
}

STATWIRE_DECL std::error_code EndpointTransport::last_error() const noexcept {
  return impl_->last_error();
}

}  // namespace statwire
