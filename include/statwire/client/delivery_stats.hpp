#pragma once

// What became of every sample: counted where it happens, shown by StatsdClient::stats(). Nothing is lost
// silently: every sample that a call brought is in exactly one of the other figures.

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace statwire {

/// A snapshot. When no call is running, accepted == sent + sampled_out + dropped() + pending.
struct DeliveryStats {
  std::uint64_t accepted = 0;     ///< Samples that calls brought.
  std::uint64_t sent = 0;         ///< Samples handed to the transport without an error.
  std::uint64_t sampled_out = 0;  ///< Left out by their rate; those that were sent stand for them.
  std::uint64_t pending = 0;      ///< Waiting in the buffer.
  std::uint64_t dropped_invalid =
      0;  ///< Empty name, NaN or infinity, negative duration, rate that is no rate.
  std::uint64_t dropped_oversize = 0;  ///< Longer than a datagram, or than 8192 bytes.
  std::uint64_t dropped_queue_full =
      0;                           ///< The buffer was full: samples came faster than they could be sent.
  std::uint64_t dropped_send = 0;  ///< The transport returned an error.
  std::uint64_t dropped_unsupported =
      0;  ///< The server's profile has no such thing: events, sets, timestamps, ...
  std::uint64_t dropped_series_limit = 0;  ///< There were max_series series, or a set had its most members.
  std::uint64_t overflowed = 0;  ///< Of those sent: with the tag `overflow:true` in place of their own, for
                                 ///< there were max_series series.
  std::uint64_t datagrams = 0;   ///< Handed to the transport without an error.
  std::uint64_t bytes = 0;       ///< In those datagrams.
  std::uint64_t dropped_datagrams = 0;  ///< Those that the transport returned an error for ...
  std::uint64_t dropped_bytes = 0;      ///< ... and the bytes in them.

  std::uint64_t dropped() const noexcept {
    return dropped_invalid + dropped_oversize + dropped_queue_full + dropped_send + dropped_unsupported +
           dropped_series_limit;
  }
};

namespace client {

/// The counters behind DeliveryStats. Any thread.
class DeliveryCounters {
 public:
  using Counter = std::atomic<std::uint64_t>;

  Counter accepted{0}, sent{0}, sampled_out{0}, dropped_invalid{0}, dropped_oversize{0},
      dropped_queue_full{0}, dropped_send{0}, dropped_unsupported{0}, dropped_series_limit{0}, overflowed{0},
      datagrams{0}, bytes{0}, dropped_datagrams{0}, dropped_bytes{0};

  static void add(Counter& counter, std::uint64_t count = 1) noexcept {
    counter.fetch_add(count, std::memory_order_relaxed);
  }

  /// Counts a call that goes no further.
  void settle(Counter& as) noexcept {
    add(accepted);
    add(as);
  }

  /// Starts anew; no other thread may be there.
  void clear() noexcept {
    for (Counter* counter : {&accepted, &sent, &sampled_out, &dropped_invalid, &dropped_oversize,
                             &dropped_queue_full, &dropped_send, &dropped_unsupported, &dropped_series_limit,
                             &overflowed, &datagrams, &bytes, &dropped_datagrams, &dropped_bytes}) {
      counter->store(0, std::memory_order_relaxed);
    }
  }

  /// `recorded` calls, of which `left_out` were left out by their rate, were counted by their threads, beside
  /// those that are counted here. What is in no other figure yet is pending. The figures are read one after
  /// the other: a call that comes in between may show in a later one only, so the sum is taken for what was
  /// accepted at least.
  DeliveryStats snapshot(std::uint64_t recorded, std::uint64_t left_out = 0) const noexcept {
    const auto read = [](const Counter& counter) { return counter.load(std::memory_order_relaxed); };
    DeliveryStats stats{.sent = read(sent),
                        .sampled_out = read(sampled_out) + left_out,
                        .dropped_invalid = read(dropped_invalid),
                        .dropped_oversize = read(dropped_oversize),
                        .dropped_queue_full = read(dropped_queue_full),
                        .dropped_send = read(dropped_send),
                        .dropped_unsupported = read(dropped_unsupported),
                        .dropped_series_limit = read(dropped_series_limit),
                        .overflowed = read(overflowed),
                        .datagrams = read(datagrams),
                        .bytes = read(bytes),
                        .dropped_datagrams = read(dropped_datagrams),
                        .dropped_bytes = read(dropped_bytes)};
    const std::uint64_t settled = stats.sent + stats.sampled_out + stats.dropped();
    stats.accepted = std::max(read(accepted) + recorded, settled);
    stats.pending = stats.accepted - settled;
    return stats;
  }
};

}  // namespace client
}  // namespace statwire
