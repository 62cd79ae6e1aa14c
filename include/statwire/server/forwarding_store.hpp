#pragma once

// A store that passes on what it keeps: every point goes to an inner store and, once that has accepted it, to
// a listener of Graphite or OpenTSDB (see protocol/graphite_line.hpp, line_forwarder.hpp). Only the inner
// store is read from.
//
//   MetricsServer server{{.port = 8888}, ForwardingStore<>{{.host = "graphite.example"}}};

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/graphite_line.hpp"
#include "statwire/server/line_forwarder.hpp"
#include "statwire/server/memory_store.hpp"
#include "statwire/server/store.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::server {

/// What a listener understands: Graphite's plaintext protocol, or `put` of OpenTSDB's telnet protocol.
enum class ForwardingFormat { graphite, opentsdb };

/// Where a ForwardingStore passes points on to, and what it does while it cannot.
struct ForwardingOptions {
  std::string host = "127.0.0.1";  ///< A name, or an address without brackets.
  std::uint16_t port = 2003;       ///< Graphite's; OpenTSDB's is 4242.
  ForwardingFormat format = ForwardingFormat::graphite;
  std::string tag = "source=statwire";  ///< Of every point of OpenTSDB, which has to have one: name=value.
  /// Bytes of lines, some 40 a point, that wait to be sent, or to be sent again. Those that were sent give
  /// way to new ones; when there are none left, new ones are dropped and counted.
  std::size_t max_queue_bytes = std::size_t{64} * 1024 * 1024;
  /// How long what was sent is kept, to be sent again should the connection be lost: neither protocol says
  /// what was received. Longer than it takes the listener to read and store what has reached its machine. On
  /// Linux the time begins when it has; and when nothing reaches it for so long (five seconds at least, a day
  /// at most), or the listener reads nothing while its buffers are full, the connection is made anew.
  std::chrono::milliseconds resend_window{10'000};
  /// How long the destructor tries to hand over the rest; it waits until the listener has read everything.
  std::chrono::milliseconds close_timeout{2'000};
  /// Finds the endpoints of a host name; called on a thread of its own, and may block. For tests.
  statwire::detail::LookupFunction<asio::ip::tcp> lookup = &statwire::detail::system_lookup<asio::ip::tcp>;
};

/// What became of the points that the inner store accepted: accepted == sent + pending + dropped +
/// unsupported.
struct ForwardingStats {
  std::uint64_t accepted = 0;
  std::uint64_t sent = 0;         ///< Written to a connection once at least.
  std::uint64_t pending = 0;      ///< Not yet written.
  std::uint64_t dropped = 0;      ///< Found the queue full.
  std::uint64_t unsupported = 0;  ///< Cannot be said in these protocols: see protocol::is_forwardable.
  std::uint64_t resent = 0;       ///< Written again after a lost connection; each time counts.
};

/// A MetricsStore; a CommittingStore when `Inner` is one: then points are passed on when they are committed,
/// and not at all when that fails. Points arrive at least once and in the order of their puts, so the last
/// value of a key and second wins there too.
///
/// Threads: as a store, one at a time; stats(), last_error() and flush() may be called from any at the same
/// time. A put costs what the inner one does, the text of a number or two, a lock and a copy: it never waits
/// for the listener.
template <MetricsStore Inner = MemoryStore>
class ForwardingStore {
 public:
  /// Starts to connect, and does not wait for it. Throws ClientError: errc::invalid_option for an empty host,
  /// port 0, a tag that is none or a duration below 0; what the system says when there is no thread.
  explicit ForwardingStore(ForwardingOptions options, Inner inner = Inner())
      : inner_{std::move(inner)}, format_{options.format}, tag_{std::move(options.tag)} {
    if (!protocol::is_valid_opentsdb_tag(tag_)) {
      statwire::detail::fail(errc::invalid_option,
                             "statwire: '" + tag_ + "' is not name=value of letters, digits and -_./");
    }
    forwarding_ = std::make_unique<Forwarding>(LineForwarderOptions{
        .peer = {.host = std::move(options.host), .port = options.port, .lookup = std::move(options.lookup)},
        .max_queue_bytes = options.max_queue_bytes,
        .resend_window = options.resend_window,
        .close_timeout = options.close_timeout});
  }

  /// Stores a point in the inner store, and passes it on unless that refuses it.
  void put(std::string_view key, double value, std::int64_t timestamp, std::error_code& ec) {
    inner_.put(key, value, timestamp, ec);
    if (ec) return;
    if (protocol::is_forwardable(value, timestamp)) {
      append(key, value, timestamp);
      ++line_count_;
    } else {
      ++unsupported_;
    }
    if constexpr (!CommittingStore<Inner>) pass_on();
  }

  Cursor find(std::string_view key) const { return inner_.find(key); }

  template <class OnRow>
  void read(Cursor& cursor, OnRow&& on_row, std::error_code& ec) {
    inner_.read(cursor, std::forward<OnRow>(on_row), ec);
  }

  bool contains(std::string_view key) const { return inner_.contains(key); }
  std::size_t series_count() const { return inner_.series_count(); }

  bool has_uncommitted() const requires CommittingStore<Inner> { return inner_.has_uncommitted(); }

  /// Commits the inner store and passes on what that made safe.
  void commit(std::error_code& ec) requires CommittingStore<Inner> {
    inner_.commit(ec);
    ec ? forget() : pass_on();
  }

  Inner& inner() noexcept { return inner_; }
  const Inner& inner() const noexcept { return inner_; }

  ForwardingStats stats() const noexcept {
    const LineForwarderStats lines = forwarding_->forwarder.stats();
    const std::uint64_t unsupported = forwarding_->unsupported.load(std::memory_order_relaxed);
    return {.accepted = lines.sent + lines.pending + lines.dropped + unsupported,
            .sent = lines.sent,
            .pending = lines.pending,
            .dropped = lines.dropped,
            .unsupported = unsupported,
            .resent = lines.resent};
  }

  /// Why there is no connection to the listener; no error while there is one.
  std::error_code last_error() const noexcept { return forwarding_->forwarder.last_error(); }

  /// Waits until all that was passed on is written to a connection; false when the deadline comes first. What
  /// is written need not have been read: no listener would say so.
  bool flush(Deadline deadline) noexcept { return forwarding_->forwarder.flush(deadline); }

 private:
  /// What does not move with the store: a thread works on it.
  struct Forwarding {
    explicit Forwarding(LineForwarderOptions options) : forwarder{std::move(options)} {}

    LineForwarder forwarder;
    std::atomic<std::uint64_t> unsupported{0};
  };

  void append(std::string_view key, double value, std::int64_t timestamp) {
    if (format_ == ForwardingFormat::graphite) {
      protocol::append_graphite(lines_, key, value, timestamp);
    } else {
      protocol::append_opentsdb(lines_, key, value, timestamp, tag_);
    }
  }

  void pass_on() {
    if (line_count_ != 0) forwarding_->forwarder.append(lines_, line_count_);
    if (unsupported_ != 0) forwarding_->unsupported.fetch_add(unsupported_, std::memory_order_relaxed);
    forget();
  }

  void forget() noexcept {
    lines_.clear();
    line_count_ = 0;
    unsupported_ = 0;
  }

  Inner inner_;
  ForwardingFormat format_;
  std::string tag_;
  // Accepted, but not yet committed.
  std::string lines_;
  std::size_t line_count_ = 0;
  std::uint64_t unsupported_ = 0;
  std::unique_ptr<Forwarding> forwarding_;
};

}  // namespace statwire::server
