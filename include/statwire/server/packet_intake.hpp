#pragma once

// The way of packets from the sockets of one thread into the aggregator. While another thread has that, for a
// flush say, packets are kept in memory: in the buffer of the system they would soon be lost.

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>

#include "statwire/detail/asio.hpp"
#include "statwire/server/mishap.hpp"
#include "statwire/server/packet_backlog.hpp"
#include "statwire/server/packet_repeater.hpp"
#include "statwire/server/statsd_core.hpp"

namespace statwire::server::detail {

/// Belongs to one event loop and its thread.
class PacketIntake {
 public:
  /// Errors as of PacketRepeater.
  PacketIntake(asio::io_context& io, StatsdCore& core)
      : core_{core},
        repeater_{core.options().repeat_to},
        backlog_{core.options().max_backlog_bytes},
        retry_{io} {}

  StatsdCounts& counts() noexcept { return core_.counts(); }

  /// Takes packets, which may be any bytes. What cannot be kept is counted.
  void add(std::span<const std::string_view> packets) {
    if (packets.empty()) return;
    if (const std::size_t failures = repeater_.repeat(packets)) counts().unrepeated += failures;
    // In their order: what is kept goes first.
    if (!backlog_.empty() || !sum(packets, Waiting::never)) keep(packets);
  }

  /// Sums what was kept, however long that takes. For the end.
  void settle() {
    while (!backlog_.empty()) sum_kept(Waiting::always);
  }

 private:
  /// Who has the aggregator does not know who waits for it; a flush takes many times as long as this.
  static constexpr std::chrono::milliseconds retry_interval{1};

  /// False when another thread has the aggregator. For want of memory some may be lost: it is not known which
  /// of them were summed, so all are counted as dropped.
  bool sum(std::span<const std::string_view> packets, Waiting waiting) {
    bool is_free = true;
    const bool is_well = survives([&] { is_free = core_.sum(packets, waiting); });
    if (!is_well) counts().dropped_packets += packets.size();
    const auto& on_datagram = core_.options().on_datagram;
    if (is_well && is_free && on_datagram) {
      for (const std::string_view packet : packets) on_datagram(packet);
    }
    return is_free;
  }

  void keep(std::span<const std::string_view> packets) {
    for (const std::string_view packet : packets) {
      if (!backlog_.add(packet)) ++counts().dropped_packets;
    }
    if (!is_retrying_) retry_after(retry_interval);
  }

  void retry_after(std::chrono::milliseconds time) {
    is_retrying_ = true;
    retry_.expires_after(time);
    retry_.async_wait([this](std::error_code ec) {
      if (ec) return;
      is_retrying_ = false;
      // A part at a time, and at once the next: the sockets of the loop have their turn in between.
      const bool is_free = sum_kept(Waiting::never);
      if (!backlog_.empty()) retry_after(is_free ? std::chrono::milliseconds{0} : retry_interval);
    });
  }

  /// Sums the oldest of what was kept; false when another thread has the aggregator.
  bool sum_kept(Waiting waiting) {
    std::array<std::string_view, 256> packets;
    const std::span<const std::string_view> oldest{packets.data(), backlog_.front(packets)};
    if (!sum(oldest, waiting)) return false;
    backlog_.pop(oldest.size());
    return true;
  }

  StatsdCore& core_;
  PacketRepeater repeater_;
  PacketBacklog backlog_;
  asio::steady_timer retry_;
  bool is_retrying_ = false;
};

}  // namespace statwire::server::detail
