#pragma once

// A series: name, tags and type, rendered once into what stands before and after the value on the wire, and
// what all threads share of its state. What each thread has for itself is a Cell (cell.hpp).

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "statwire/aggregate/gauge_value.hpp"
#include "statwire/aggregate/member_set.hpp"
#include "statwire/detail/hash.hpp"
#include "statwire/protocol/tag.hpp"

namespace statwire::aggregate {

enum class SeriesType : std::uint8_t { counter, gauge, timing, histogram, distribution, set };

/// What names a series, as the caller gave it.
struct SeriesName {
  std::uint32_t context = 0;  ///< Which client or scope: its prefix and its tags.
  SeriesType type = SeriesType::counter;
  std::uint32_t one_in = 1;  ///< The rate; series of different rates are not mixed.
  std::string_view name{};
  std::span<const Tag> tags{};
};

struct Series {
  SeriesType type = SeriesType::counter;
  std::uint32_t one_in = 1;
  std::string head{};       ///< `prefix.name:`
  std::string type_text{};  ///< `|c`; the rate stands between it and the tags.
  std::string tags_text{};  ///< `|#key:value`, or nothing.
  std::string tail{};       ///< All that follows a value: type, rate, tags.

  std::atomic<double> fraction{0};  ///< Counter: what is no integer below 2^53; taken at each flush.
  GaugeValue gauge{};
  MemberSet members{};        ///< Set; guarded by the registry's lock.
  MemberSet taken_members{};  ///< Those that the flusher is sending; its alone.
  /// Of a client that buffers: samples are in cells, so further ones go there, too.
  std::atomic<bool> is_summed{false};

  std::uint64_t seen_total = 0;  ///< What the flusher saw of all cells; its alone.
  std::uint64_t seen_count = 0;
  std::chrono::steady_clock::time_point
      last_use{};  ///< The flush that found it changed; the flusher's alone.

  std::string_view key{};  ///< In the table of series; empty once that has given it up.
  bool is_pinned = false;  ///< Never given up.
  bool is_overflow = false;
};

}  // namespace statwire::aggregate
