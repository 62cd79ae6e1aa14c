#pragma once

// Every way into a StatsD server, and the threads that wait there: one for everything, one more for each
// further UDP socket, and the flusher.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/server/accept_loop.hpp"
#include "statwire/server/datagram_receiver.hpp"
#include "statwire/server/packet_intake.hpp"
#include "statwire/server/statsd_core.hpp"
#include "statwire/server/statsd_flusher.hpp"
#include "statwire/server/statsd_lines_session.hpp"
#include "statwire/server/unix_listen.hpp"

namespace statwire::server::detail {

/// What a listener tells of its places.
struct StatsdPlaces {
  // The ports that were taken; 0 for what is not listened on.
  std::atomic<std::uint16_t> udp{0};
  std::atomic<std::uint16_t> tcp{0};
  std::atomic<std::uint16_t> admin{0};
  std::string opening{};  ///< The place that it was about to listen on when it failed.
};

/// Opens and binds a UDP socket; `is_one_of_many` lets others have the same port. Errors: invalid_argument
/// when the address is none, not_supported where a port cannot be shared, else those of the system.
inline asio::ip::udp::socket open_udp(asio::io_context& io, const std::string& address, std::uint16_t port,
                                      bool is_one_of_many, std::error_code& ec) {
  asio::ip::udp::socket socket{io};
  const asio::ip::udp::endpoint endpoint{asio::ip::make_address(address, ec), port};
  if (!ec) socket.open(endpoint.protocol(), ec);
#if defined(__linux__)
  using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  if (!ec && is_one_of_many) socket.set_option(ReusePort{true}, ec);
#else
  if (!ec && is_one_of_many) ec = std::make_error_code(std::errc::not_supported);
#endif
  if (!ec) socket.bind(endpoint, ec);
  return socket;
}

/// A further UDP socket on the port of the first, with a thread of its own.
class StatsdLane {
 public:
  StatsdLane(StatsdCore& core, std::uint16_t port, std::error_code& ec) : intake_{io_, core} {
    const StatsdServerOptions& options = core.options();
    auto socket = open_udp(io_, options.address, port, true, ec);
    if (!ec) receiver_.emplace(std::move(socket), intake_, options.receive_buffer_bytes, ec);
    if (ec) return;
    ec = statwire::detail::error_of([this] { thread_ = std::thread{[this] { io_.run(); }}; });
  }
  StatsdLane(const StatsdLane&) = delete;
  StatsdLane& operator=(const StatsdLane&) = delete;
  ~StatsdLane() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    if (receiver_) receiver_->settle();
    intake_.settle();
  }

 private:
  asio::io_context io_{1};
  PacketIntake intake_;
  std::optional<DatagramReceiver<asio::ip::udp::socket>> receiver_;
  std::thread thread_;
};

/// Serves for as long as it lives; its end brings everything that has come into the last flush.
class StatsdListener {
 public:
  StatsdListener(asio::io_context& io, StatsdCore& core, StatsdPlaces& places, std::error_code& ec)
      : core_{core}, intake_{io, core}, lines_{intake_, core.options().max_line_bytes} {
    const StatsdServerOptions& options = core.options();
    const auto place = [](const char* what, const std::string& address, std::uint16_t port) {
      return what + (" '" + address) + "' port " + std::to_string(port);
    };
    places.opening = place("UDP", options.address, options.port);
    listen_udp(io, options, ec);
    if (!ec && options.tcp_port) {
      places.opening = place("TCP", options.address, *options.tcp_port);
      listen_tcp(io, options, ec);
    }
    if (!ec && !options.unix_path.empty()) {
      places.opening = "Unix socket '" + options.unix_path + "'";
      listen_local(io, options, ec);
    }
    if (ec) return;
    places.opening = place("the admin port", options.admin_address, options.admin_port.value_or(0));
    flusher_.emplace(core, ec);
    if (ec) return;
    is_complete_ = true;
    places.udp = port_;
    places.tcp = accepting_ ? accepting_->port() : std::uint16_t{0};
    places.admin = flusher_->admin_port();
  }
  StatsdListener(const StatsdListener&) = delete;
  StatsdListener& operator=(const StatsdListener&) = delete;
  ~StatsdListener() {
    lanes_.clear();
    lines_.settle();
    if (udp_) udp_->settle();
#if defined(STATWIRE_HAS_UNIX_TRANSPORTS)
    if (local_) local_->settle();
#endif
    intake_.settle();
    flusher_.reset();
    if (!is_complete_) return;
    if (core_.options().flush == Flush::background) {
      // Out of memory at worst: the samples are in the next flush, if the server starts again.
      survives([this] { core_.flush_last(); });
    }
    core_.settle();
  }

  std::uint16_t port() const noexcept {
    return port_;
  }

 private:
  void listen_udp(asio::io_context& io, const StatsdServerOptions& options, std::error_code& ec) {
    auto socket = open_udp(io, options.address, options.port, options.udp_sockets > 1, ec);
    if (!ec) port_ = socket.local_endpoint(ec).port();
    if (!ec) udp_.emplace(std::move(socket), intake_, options.receive_buffer_bytes, ec);
    for (std::size_t i = 1; i < options.udp_sockets && !ec; ++i) lanes_.emplace_back(core_, port_, ec);
  }

  void listen_tcp(asio::io_context& io, const StatsdServerOptions& options, std::error_code& ec) {
    accepting_ = std::make_unique<AcceptLoop>(
        io,
        AcceptOptions{.address = options.address,
                      .port = *options.tcp_port,
                      .max_connections = options.max_connections,
                      .too_many = "error: too many connections (limit " +
                                  std::to_string(options.max_connections) + ")\n"},
        AcceptCounts{.clients = lines_.count, .refused = &core_.counts().refused_connections},
        [this](asio::ip::tcp::socket socket) {
          std::make_shared<StatsdLinesSession>(std::move(socket), lines_)->begin();
        },
        ec);
  }

#if defined(STATWIRE_HAS_UNIX_TRANSPORTS)
  void listen_local(asio::io_context& io, const StatsdServerOptions& options, std::error_code& ec) {
    auto socket = listen_on(io, options.unix_path, file_, ec);
    if (!ec) local_.emplace(std::move(socket), intake_, options.receive_buffer_bytes, ec);
  }
#else
  void listen_local(asio::io_context&, const StatsdServerOptions&, std::error_code& ec) {
    ec = std::make_error_code(std::errc::not_supported);
  }
#endif

  StatsdCore& core_;
  PacketIntake intake_;
  StatsdLinesSessions lines_;
  std::uint16_t port_ = 0;
  bool is_complete_ = false;
  std::optional<DatagramReceiver<asio::ip::udp::socket>> udp_;
  std::list<StatsdLane> lanes_;
  std::unique_ptr<AcceptLoop> accepting_;
#if defined(STATWIRE_HAS_UNIX_TRANSPORTS)
  UnixSocketFile file_;
  std::optional<DatagramReceiver<asio::local::datagram_protocol::socket>> local_;
#endif
  std::optional<StatsdFlusher> flusher_;
};

}  // namespace statwire::server::detail
