#pragma once

// What became of every sample: counted where it happens, shown by StatsdClient::stats(). Nothing is lost
// silently: every sample that a call brought is in exactly one of the other figures.

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
  std::uint64_t datagrams = 0;     ///< Handed to the transport without an error.
  std::uint64_t bytes = 0;         ///< In those datagrams.

  std::uint64_t dropped() const noexcept {
    return dropped_invalid + dropped_oversize + dropped_queue_full + dropped_send;
  }
};

namespace client {

/// The counters behind DeliveryStats. Any thread.
class DeliveryCounters {
 public:
  using Counter = std::atomic<std::uint64_t>;

  Counter accepted{0}, sent{0}, sampled_out{0}, dropped_invalid{0}, dropped_oversize{0},
      dropped_queue_full{0}, dropped_send{0}, datagrams{0}, bytes{0};

  static void add(Counter& counter, std::uint64_t count = 1) noexcept {
    counter.fetch_add(count, std::memory_order_relaxed);
  }

  DeliveryStats snapshot(std::uint64_t pending) const noexcept {
    const auto read = [](const Counter& counter) { return counter.load(std::memory_order_relaxed); };
    return {.accepted = read(accepted),
            .sent = read(sent),
            .sampled_out = read(sampled_out),
            .pending = pending,
            .dropped_invalid = read(dropped_invalid),
            .dropped_oversize = read(dropped_oversize),
            .dropped_queue_full = read(dropped_queue_full),
            .dropped_send = read(dropped_send),
            .datagrams = read(datagrams),
            .bytes = read(bytes)};
  }
};

}  // namespace client
}  // namespace statwire
