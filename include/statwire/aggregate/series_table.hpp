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
  std::uint32_t find_or_add(const SeriesText& wanted, SeriesUse use, Seen&& seen);

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
