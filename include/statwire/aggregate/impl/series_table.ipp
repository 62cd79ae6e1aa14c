#pragma once

// What series_table.hpp declares; see detail/config.hpp.

#include "statwire/aggregate/series_table.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "statwire/detail/config.hpp"

namespace statwire::aggregate {

STATWIRE_DECL SeriesTable::SeriesTable(std::size_t max_series, std::chrono::seconds max_idle)
    : max_series_{max_series},
      max_idle_{max_idle},
      table_{std::make_unique<std::atomic<Series*>[]>(capacity(max_series))} {}

STATWIRE_DECL SeriesTable::~SeriesTable() {
  for (std::uint32_t i = 0; i < size(); ++i) delete table_[i].load(std::memory_order_relaxed);
}

STATWIRE_DECL void SeriesTable::evict(TimePoint now) {
  now_ = now;
  replaced_.clear();
  free_retired(now);
  if (4 * numbers_.size() < 3 * max_series_ || now < next_eviction_) return;
  next_eviction_ = now + grace;
  bool any = false;
  for (std::uint32_t i = 0; i < size(); ++i) {
    Series& series = (*this)[i];
    if (series.is_pinned || series.key.empty() || now - series.last_use < max_idle_) continue;
    retired_.push_back({i, now});
    numbers_.erase(numbers_.find(std::string{series.key}));
    series.key = {};
    any = true;
  }
  if (any) generation_.fetch_add(1, std::memory_order_relaxed);
}

STATWIRE_DECL void SeriesTable::free_retired(TimePoint now) {
  std::erase_if(retired_, [&](Retired& retired) {
    if (++retired.flushes <= grace_flushes || now - retired.since < grace) return false;
    free_.push_back(retired.index);
    return true;
  });
}

}  // namespace statwire::aggregate
