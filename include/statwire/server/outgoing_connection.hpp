#pragma once

// A TCP connection that is made again whenever it is lost: looks the name up, tries each address, and after a
// pause that grows with each failure begins anew. It sees that the peer has gone also while there is nothing
// to write. Used by line_forwarder.hpp, which decides what is written.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/detail/resolve.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/backoff.hpp"
#include "statwire/transport/concepts.hpp"

#if defined(__linux__)
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#endif

namespace statwire::server {

/// Where an OutgoingConnection leads.
struct Peer {
  std::string host;  ///< A name, or an address without brackets.
  std::uint16_t port;
  /// Finds the endpoints of a host name; called on a thread of its own, and may block.
  statwire::detail::LookupFunction<asio::ip::tcp> lookup;
  /// How long a connection may acknowledge nothing of what was written before it counts as lost, where the
  /// system can say (Linux); five seconds at least.
  std::chrono::milliseconds patience{10'000};
};

/// Tells its owner, on the thread of the event loop: `on_open()`; `on_written(bytes)`, when the connection
/// has taken some; `on_lost(ec)`, after which it is made again; `on_farewell()`, when the peer has read all
/// up to shut_down() and closed the connection in its turn. Used by the thread of the event loop.
template <class Owner>
class OutgoingConnection {
 public:
  OutgoingConnection(asio::io_context& io, Peer peer, Owner& owner)
      : io_{io}, peer_{std::move(peer)}, owner_{owner}, timer_{io} {}

  OutgoingConnection(const OutgoingConnection&) = delete;
  OutgoingConnection& operator=(const OutgoingConnection&) = delete;

  /// Begins to connect.
  void open() {
    const std::uint64_t step = begin(State::opening);
    next_ = 0;
    if (const auto literal = statwire::detail::literal_endpoint<Tcp>(peer_.host, peer_.port)) {
      endpoints_ = {*literal};
      return connect();
    }
    endpoints_.clear();
    lookup_.start(peer_.lookup, peer_.host, peer_.port);
    poll_lookup(step);
  }

  /// Begins to connect now if it would only after a pause.
  void hurry() {
    if (state_ != State::pausing) return;
    backoff_.succeeded();
    open();
  }

  bool is_open() const noexcept { return state_ == State::open; }

  /// Of the bytes that were written, those that the peer's system has not acknowledged; 0 where the system
  /// cannot say. Also valid in on_lost().
  std::size_t unacknowledged_bytes() noexcept {
#if defined(SIOCOUTQ)
    int bytes = 0;
    if (socket_ && ::ioctl(socket_->native_handle(), SIOCOUTQ, &bytes) == 0 && bytes > 0) {
      return static_cast<std::size_t>(bytes);
    }
#endif
    return 0;
  }

  /// Writes some of the bytes, which stay where they are until on_written() or on_lost(). One write at a
  /// time, while it is open.
  void write(std::string_view bytes) {
    const auto on_written = [this, step = step_](std::error_code ec, std::size_t size) {
      if (step != step_) return;
      if (size != 0 || !ec) owner_.on_written(size);
      if (ec && step == step_) lose(ec);
    };
    socket_->async_write_some(asio::buffer(bytes), on_written);
  }

  /// Says that no more will be written. A peer that then closes the connection has read everything; one that
  /// resets it has not.
  void shut_down() {
    is_shut_down_ = true;
    std::error_code ignored;  // then the connection is gone, which read() sees
    socket_->shutdown(Tcp::socket::shutdown_send, ignored);
  }

  /// Gives the connection up; it is made again after a pause. Throws when there is no memory for that: then
  /// it is to be called again.
  void lose(std::error_code ec) {
    const auto now = std::chrono::steady_clock::now();
    if (is_open() && now - opened_at_ >= good_life) backoff_.succeeded();
    const std::uint64_t step = begin(State::pausing);
    owner_.on_lost(statwire::detail::standard(ec));
    socket_.reset();
    after(backoff_.next_pause(), step, [this] { open(); });
  }

 private:
  using Tcp = asio::ip::tcp;
  enum class State { opening, open, pausing };

  static constexpr std::chrono::seconds connect_patience{5};
  static constexpr std::chrono::milliseconds lookup_interval{20};
  /// A connection that lived so long was a good one: the next is made after the shortest pause.
  static constexpr std::chrono::seconds good_life{1};

  /// Every step has a number; what comes of an earlier step is ignored.
  std::uint64_t begin(State state) noexcept {
    state_ = state;
    is_shut_down_ = false;
    return ++step_;
  }

  void poll_lookup(std::uint64_t step) {
    if (auto result = lookup_.poll()) {
      if (result->ec) return lose(result->ec);
      endpoints_ = std::move(result->endpoints);
      return connect();
    }
    after(lookup_interval, step, [this, step] { poll_lookup(step); });
  }

  void connect() {
    const std::uint64_t step = begin(State::opening);
    const Tcp::endpoint& endpoint = endpoints_[next_++];
    socket_.emplace(io_);
    std::error_code ignored;  // async_connect says it again
    socket_->open(endpoint.protocol(), ignored);
    if (!ignored) statwire::detail::close_on_exec(*socket_);
    socket_->async_connect(endpoint, [this, step](std::error_code ec) {
      if (step == step_) ec ? not_connected(ec) : connected();
    });
    after(connect_patience, step, [this] { not_connected(errc::timed_out); });
  }

  void not_connected(std::error_code ec) {
    next_ < endpoints_.size() ? connect() : lose(ec);
  }

  void connected() {
    std::error_code ignored;
    // On loopback, a port that nobody listens on may be given to the connection itself, which then reaches
    // itself.
    if (socket_->local_endpoint(ignored) == endpoints_[next_ - 1]) {
      return not_connected(asio::error::connection_refused);
    }
    const std::uint64_t step = begin(State::open);
    opened_at_ = std::chrono::steady_clock::now();
    socket_->set_option(Tcp::no_delay{true}, ignored);  // what leaves together is written together
    limit_silence();
    read(step);
    owner_.on_open();
  }

  /// Without it the system tries for a quarter of an hour to reach a machine that is gone.
  void limit_silence() noexcept {
#if defined(TCP_USER_TIMEOUT)
    constexpr std::chrono::milliseconds longest = std::chrono::hours{24};
    const auto patience = std::clamp<std::chrono::milliseconds>(peer_.patience, connect_patience, longest);
    const auto milliseconds = static_cast<unsigned>(patience.count());
    ::setsockopt(socket_->native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds,
                 sizeof milliseconds);  // where it is unknown, it takes longer
#endif
  }

  /// What the peer says is of no interest, but that it closes the connection is.
  void read(std::uint64_t step) {
    socket_->async_read_some(asio::buffer(answers_), [this, step](std::error_code ec, std::size_t) {
      if (step != step_) return;
      if (!ec) return read(step);
      if (ec == asio::error::eof && is_shut_down_) return owner_.on_farewell();
      lose(ec == asio::error::eof ? std::error_code{errc::end_of_stream} : ec);
    });
  }

  template <class Action>
  void after(std::chrono::steady_clock::duration time, std::uint64_t step, Action action) {
    timer_.expires_after(time);
    timer_.async_wait([this, step, action](std::error_code ec) {
      if (!ec && step == step_) action();
    });
  }

  asio::io_context& io_;
  Peer peer_;
  Owner& owner_;
  State state_ = State::opening;
  std::uint64_t step_ = 0;
  statwire::detail::BackgroundLookup<Tcp> lookup_;
  statwire::detail::Endpoints<Tcp> endpoints_;
  std::size_t next_ = 0;  // the endpoint to try next
  std::optional<Tcp::socket> socket_;
  asio::steady_timer timer_;
  statwire::detail::Backoff backoff_;
  Deadline opened_at_{};
  bool is_shut_down_ = false;
  std::array<char, 512> answers_;
};

}  // namespace statwire::server
