#pragma once

// What series_table.hpp declares; see detail/config.hpp.

#include "statwire/aggregate/series_table.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
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

template <class Seen>
std::uint32_t SeriesTable::find_or_add(const SeriesText& wanted, SeriesUse use, Seen&& seen) {
  std::string key = std::to_string(static_cast<int>(wanted.type)) + ' ' + std::to_string(wanted.one_in);
  key.append(1, ' ').append(wanted.head).append(1, ' ').append(wanted.tags_text);
  if (const auto found = numbers_.find(key); found != numbers_.end()) {
    if (use == SeriesUse::handle) (*this)[found->second].is_pinned = true;
    return found->second;
  }
  const std::size_t most = use == SeriesUse::overflow ? capacity(max_series_) : max_series_;
  if (numbers_.size() + retired_.size() >= most) return none;
  auto series = std::make_unique<Series>();
  series->type = wanted.type;
  series->one_in = wanted.one_in;
  series->head = wanted.head;
  series->type_text = wanted.type_text;
  series->tags_text = wanted.tags_text;
  series->tail = wanted.tail;
  series->is_pinned = use != SeriesUse::name;
  series->is_overflow = use == SeriesUse::overflow;
  series->last_use = now_;
  const bool is_reused = !free_.empty();
  replaced_.reserve(replaced_.size() + 1);  // so that nothing is half done when there is no memory
  const std::uint32_t index = is_reused ? free_.back() : size_.load(std::memory_order_relaxed);
  if (is_reused) std::tie(series->seen_total, series->seen_count) = seen(index);
  const auto entry = numbers_.emplace(std::move(key), index).first;
  series->key = entry->first;
  if (is_reused) {
    free_.pop_back();
    replaced_.emplace_back(table_[index].load(std::memory_order_relaxed));
  }
  table_[index].store(series.release(), std::memory_order_release);
  if (!is_reused) size_.store(index + 1, std::memory_order_release);
  return index;
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
