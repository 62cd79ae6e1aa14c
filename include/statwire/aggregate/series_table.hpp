#pragma once

// The series of a client by number, within a budget. When the budget is nearly used up, series that only
// names used, and none for a while, are given up and their numbers given to others.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "statwire/aggregate/series.hpp"

namespace statwire::aggregate {

/// How a series is written; what is equal here is one series.
struct SeriesText {
  SeriesType type;
  std::uint32_t one_in;
  std::string_view head, type_text, tags_text, tail;
};

/// Why a series is asked for.
enum class SeriesUse {
  name,      ///< By a name, which is looked up again when the generation changes.
  handle,    ///< By a handle, which keeps the number for good.
  overflow,  ///< Instead of those that there is no room for; it may take what is reserved.
};

/// Threads: operator[], size() and generation() for any; the others for one at a time.
class SeriesTable {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::uint32_t none = ~std::uint32_t{0};
  /// How long a thread may take between looking a number up and recording in its cell; and as many flushes,
  /// lest the whole process was stopped in between.
  static constexpr std::chrono::seconds grace{60};
  static constexpr int grace_flushes = 10;

  /// Of `max_series`, and a tenth more for overflows, but sixteen at least.
  SeriesTable(std::size_t max_series, std::chrono::seconds max_idle);

  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;

  ~SeriesTable();

  /// How many cells a thread needs.
  static std::size_t capacity(std::size_t max_series) noexcept {
    return max_series + std::max<std::size_t>(max_series / 10, 16);
  }

  std::uint32_t size() const noexcept { return size_.load(std::memory_order_acquire); }
  Series& operator[](std::uint32_t index) const noexcept {
    return *table_[index].load(std::memory_order_acquire);
  }

  /// Changes when numbers were given up: names are to be looked up anew.
  std::uint32_t generation() const noexcept { return generation_.load(std::memory_order_relaxed); }

  /// The number of the series that is written like `wanted`; a new one when there is none, `none` when there
  /// is no room. `seen(index)` tells what the cells of a number that is used again hold: {total, count}.
  template <class Seen>
  std::uint32_t find_or_add(const SeriesText& wanted, SeriesUse use, Seen&& seen) {
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

  /// Once a flush: gives up idle series when three quarters of the budget are used, and frees numbers that
  /// were given up long enough ago. A series that is given up is still collected until its number has
  /// another, so a call that was under way is not lost.
  void evict(TimePoint now);

 private:
  struct Retired {
    std::uint32_t index;
    TimePoint since;
    int flushes = 0;
  };

  void free_retired(TimePoint now);

  std::size_t max_series_;
  std::chrono::seconds max_idle_;
  std::unique_ptr<std::atomic<Series*>[]> table_;
  std::atomic<std::uint32_t> size_{0};
  std::atomic<std::uint32_t> generation_{0};
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<Retired> retired_;
  std::vector<std::uint32_t> free_;
  std::vector<std::unique_ptr<Series>> replaced_;  ///< The flusher may still look at them.
  TimePoint now_{};                                ///< Of the last flush.
  TimePoint next_eviction_{};
};

}  // namespace statwire::aggregate

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/aggregate/impl/series_table.ipp"
#endif
