#pragma once

// The way of packets from the sockets of one thread into the aggregator. While another thread has that, for a
// flush say, packets are kept in memory: in the buffer of the system they would soon be lost.

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
    // Out of memory at worst: then it is not known how many of them were summed.
    if (!survives([&] { core_.try_sum(backlog_, packets) ? show(packets) : keep(packets); })) {
      counts().dropped_packets += packets.size();
    }
  }

  /// Sums what was kept, however long that takes. For the end.
  void settle() noexcept {
    if (backlog_.empty()) return;
    survives([this] {
      core_.sum_kept(backlog_);
      show({});
    });
  }

 private:
  /// Who has the aggregator does not know who waits for it; a flush takes many times as long as this.
  static constexpr std::chrono::milliseconds retry_interval{1};

  void keep(std::span<const std::string_view> packets) {
    for (const std::string_view packet : packets) {
      if (!backlog_.add(packet)) ++counts().dropped_packets;
    }
    if (!is_retrying_) retry_later();
  }

  void retry_later() {
    is_retrying_ = true;
    retry_.expires_after(retry_interval);
    retry_.async_wait([this](std::error_code ec) {
      if (ec) return;
      is_retrying_ = false;
      if (backlog_.empty()) return;
      core_.try_sum(backlog_, {}) ? show({}) : retry_later();
    });
  }

  /// Tells of everything that is summed now.
  void show(std::span<const std::string_view> packets) {
    if (const auto& on_datagram = core_.options().on_datagram) {
      backlog_.for_each(on_datagram);
      for (const std::string_view packet : packets) on_datagram(packet);
    }
    backlog_.clear();
  }

  StatsdCore& core_;
  PacketRepeater repeater_;
  PacketBacklog backlog_;
  asio::steady_timer retry_;
  bool is_retrying_ = false;
};

}  // namespace statwire::server::detail
