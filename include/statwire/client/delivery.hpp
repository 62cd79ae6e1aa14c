#pragma once

// How and when samples leave: options of StatsdClient.

#include <cstdint>
#include <functional>
#include <system_error>

namespace statwire {

/// How samples leave.
enum class Delivery {
  immediate,  ///< One datagram a call, sent by the calling thread: one system call.
  /// Each call a line in memory of its thread, packed into datagrams up to max_packet_bytes. When a thread is
  /// quicker than the network and its memory is full, its further calls are summed as if aggregated.
  buffered,
  /// Summed in memory and sent every flush_interval: counters as their sum, gauges as their last value, sets
  /// without doubles, timings and histograms packed.
  aggregated,
};

/// Who sends what is buffered or summed.
enum class Flush {
  background,  ///< A thread of the client.
  /// flush(), on the thread that calls it; and a thread whose lines half fill its memory sends the full
  /// datagrams. The client has no thread.
  manual,
};

/// What went wrong on the way to the server.
struct DeliveryError {
  std::error_code code;          ///< Of the transport: the last one.
  std::uint64_t suppressed = 0;  ///< Datagrams that could not go since the last report, but for this one.
};

/// Is told of errors, ten seconds apart at least. It runs on the thread that sends, with no lock held, one
/// call at a time; it must not throw.
using ErrorCallback = std::function<void(const DeliveryError&)>;

}  // namespace statwire
