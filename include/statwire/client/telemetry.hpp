#pragma once

// What a client tells about itself on the wire, for those who ask: how much was sent and how much was lost,
// under the names and with the tags that Datadog's clients use, which are not billed there. Source:
// docs.datadoghq.com, "High throughput", client side telemetry.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "statwire/client/delivery_stats.hpp"
#include "statwire/protocol/statsd_line.hpp"
#include "statwire/version.hpp"

namespace statwire::client {

/// One thread at a time.
class Telemetry {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds interval{10};

  Telemetry(const Profile& profile, std::string_view transport)
      : profile_{&profile},
        tags_{{{"client", "cpp"},
               {"client_version", STATWIRE_DETAIL_VERSION_TEXT},
               {"client_transport", transport}}} {}

  /// Calls `out(std::string_view line)` for each figure that has changed since the last time, when it is time
  /// again.
  template <class Out>
  void write(TimePoint now, const DeliveryStats& stats, Out&& out) {
    if (now < next_) return;
    next_ = now + interval;
    const auto write = [&](std::string_view name, std::uint64_t DeliveryStats::*figure) {
      const std::uint64_t change = stats.*figure - last_.*figure;
      if (change == 0) return;
      char line[256];
      const std::size_t size = protocol::write_counter(
          line, {.prefix = "datadog.dogstatsd.client.", .name = name, .profile = profile_, .tags = tags_},
          change);
      out(std::string_view{line, size});
    };
    write("metrics", &DeliveryStats::accepted);
    write("packets_sent", &DeliveryStats::datagrams);
    write("packets_dropped", &DeliveryStats::dropped_datagrams);
    write("packets_dropped_writer", &DeliveryStats::dropped_datagrams);
    write("bytes_sent", &DeliveryStats::bytes);
    write("bytes_dropped", &DeliveryStats::dropped_bytes);
    write("bytes_dropped_writer", &DeliveryStats::dropped_bytes);
    write("metric_dropped_on_receive", &DeliveryStats::dropped_queue_full);
    last_ = stats;
  }

 private:
  const Profile* profile_;
  std::array<Tag, 3> tags_;
  DeliveryStats last_;
  TimePoint next_ = TimePoint::min();
};

}  // namespace statwire::client
