#pragma once

// Where a StatsD server listens, where its flushes go and what it may hold. What of that is refused, before
// anything is opened, stands in statsd_option_check.hpp.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/client/delivery.hpp"
#include "statwire/server/flushed_batch.hpp"
#include "statwire/server/statsd_options.hpp"

namespace statwire::server {

/// Options of a StatsdServer: the ways in, the ways out, and bounds.
struct StatsdServerOptions {
  std::string address = "127.0.0.1";  ///< An IPv4 or IPv6 address of this machine, for UDP and TCP.
  std::uint16_t port = 0;             ///< Of UDP. 0 takes a free one; port() says which.
  /// Above zero. Takes the place of the aggregation's own.
  std::chrono::milliseconds flush_interval{10'000};
  /// Flush::manual: only flush() flushes, so that everything since the start can be seen.
  Flush flush = Flush::background;
  /// `HOST:PORT`, or `pickle://HOST:PORT`; empty for none. See GraphiteClient.
  std::string graphite{};
  AggregatorOptions aggregation{};  ///< Whose numbers and names, percentiles, idle rules, bounds of series.

  // More ways in.
  std::optional<std::uint16_t> tcp_port{};    ///< Lines over TCP; 0 takes a free port: tcp_port() says which.
  std::string unix_path{};                    ///< A Unix datagram socket; `@name`: abstract (Linux).
  std::optional<std::uint16_t> admin_port{};  ///< The admin commands over TCP; 0 takes a free port.
  std::string admin_address = "127.0.0.1";    ///< Apart from the address: whoever reaches it may delete.
  /// UDP sockets on one port, each with a thread and a buffer of the system; the system deals clients out
  /// among them. More than 1: Linux alone.
  std::size_t udp_sockets = 1;

  // More ways out.
  /// Gets the lines of every flush as text for Graphite, as `path value timestamp`. Not closed. A pipe that
  /// nobody reads holds up the flushes, and stop().
  std::FILE* console = nullptr;
  /// Gets every flush, one at a time, on the thread that flushes; the next waits for it. Must not throw.
  std::function<void(const FlushedBatch&)> on_flush{};
  /// Endpoints, as `udp://host:8125`, that get every packet as it came, as the repeater of the reference.
  std::vector<std::string> repeat_to{};
  bool prometheus = false;  ///< Keeps what prometheus_text() needs: the totals since the start.
  /// Sees every packet, on the thread that receives, once it is summed: snapshot() holds it then. With more
  /// than one UDP socket by several threads at once. Must not throw.
  std::function<void(std::string_view packet)> on_datagram{};

  // Bounds.
  /// Asked of the system for each UDP and Unix socket; it may grant less (net.core.rmem_max). 0: not asked.
  std::size_t receive_buffer_bytes = 16 << 20;
  /// What comes during a flush waits in memory, so much of it at most for each UDP socket; the first shares
  /// it with TCP and the Unix socket.
  std::size_t max_backlog_bytes = 64 << 20;
  /// For flushes that Graphite has not taken; when it is full, the oldest give way. A line takes some 60
  /// bytes, so a flush of 100,000 timers takes 80 MB. At least 65,536.
  std::size_t max_spool_bytes = 256 << 20;
  /// A longer line over TCP is passed over and counted. Each connection may hold as much, twice at worst.
  std::size_t max_line_bytes = 16'384;
  std::size_t max_connections = 10'000;    ///< A TCP client beyond them is told so and disconnected.
  std::size_t max_admin_connections = 64;  ///< The same for the admin port.
  std::chrono::seconds admin_idle{60};     ///< An admin client that says nothing for so long is disconnected.
  /// How long stop() waits for Graphite to take the last flush, and the server's end once more.
  std::chrono::milliseconds close_timeout{5'000};
};

}  // namespace statwire::server
