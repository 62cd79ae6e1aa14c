#pragma once

// The pages that Prometheus scrapes.

#include <array>
#include <cstdint>
#include <string>

#include "online_store/event.hpp"
#include "online_store/figures.hpp"
#include "online_store/store_windows.hpp"

namespace online_store {

/// What became of the events.
struct EventCounts {
  std::uint64_t taken = 0;
  std::array<std::uint64_t, all_bad_events.size()> bad{};  ///< By BadEvent.
  StoreWindows::LateCounts late{};
  std::uint64_t refused_sessions = 0;  ///< Of the windows that are open: more than memory is granted for.
};

/// The five figures, and what became of the events.
std::string metrics_page(const Figures& figures, const EventCounts& counts);

/// The five figures, byte for byte as the original's page on port 8013 had them.
std::string compatible_page(const Figures& figures);

/// The original's page on port 8012, which its republisher read.
std::string raw_page(const Figures& figures, std::int64_t last_message_time);

}  // namespace online_store
