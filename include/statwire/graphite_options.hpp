#pragma once

// What a GraphiteClient can be told, and what it tells of its points; see graphite.hpp.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include "statwire/client/delivery.hpp"
#include "statwire/protocol/graphite_address.hpp"

namespace statwire {

/// Options of a GraphiteClient.
struct GraphiteOptions {
  GraphiteFormat format = GraphiteFormat::plaintext;
  std::chrono::milliseconds flush_interval{1000};  ///< A point waits for others so long at most.
  /// Flush::manual: the client's thread sends only while a flush() waits, and when the client ends.
  Flush flush = Flush::background;
  /// For points while Graphite is away, some 40 bytes each. When it is full, the oldest give way, a batch at
  /// a time. At least 65536.
  std::size_t max_spool_bytes = std::size_t{64} * 1024 * 1024;
  /// Of the points of one connection; at least 16384, and never more than a quarter of the spool.
  std::size_t max_batch_bytes = std::size_t{1024} * 1024;
  /// How long nothing may go on while a batch is sent; a slow Graphite may take longer for the whole.
  std::chrono::milliseconds timeout{5000};
  std::chrono::milliseconds close_timeout{5000};  ///< For what is left when the client ends; and a connect.
};

/// What became of points: accepted = delivered + pending + dropped, at every moment.
struct GraphiteStats {
  std::uint64_t accepted = 0;
  std::uint64_t delivered = 0;     ///< Graphite has read them, or a peer that never says so has taken them.
  std::uint64_t pending = 0;       ///< Wait, or are being sent.
  std::uint64_t dropped = 0;       ///< Gave way to newer ones, or there was no memory for them.
  std::uint64_t refused = 0;       ///< Never accepted: a path, value or time that Graphite has not.
  std::uint64_t batches = 0;       ///< Connections that delivered one.
  std::uint64_t failures = 0;      ///< Tries that delivered nothing.
  std::error_code last_error{};    ///< Of the last try; no error when it delivered.
  std::int64_t last_delivery = 0;  ///< When, in Unix seconds; 0: never.
  std::int64_t last_failure = 0;   ///< The same.
  std::chrono::milliseconds delivery_time{0};  ///< What the last batch that was delivered took ...
  std::size_t delivery_bytes = 0;              ///< ... and its size.
};

}  // namespace statwire
