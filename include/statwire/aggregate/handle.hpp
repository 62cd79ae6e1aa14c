#pragma once

// What each kind of metric does to its cell, and the tie between a handle and its series.

#include <cmath>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "statwire/aggregate/registry.hpp"
#include "statwire/aggregate/series_line.hpp"
#include "statwire/protocol/number.hpp"

namespace statwire {

namespace aggregate {

/// Whether a count is added as an integer: all integers and whole doubles that are exact.
template <protocol::Numeric Value>
bool as_exact_integer(Value value, std::int64_t& integer) noexcept {
  constexpr std::int64_t limit = std::int64_t{1} << 53;
  if constexpr (std::floating_point<Value>) {
    if (!(value > -static_cast<Value>(limit) && value < static_cast<Value>(limit))) return false;
    integer = static_cast<std::int64_t>(value);
    return static_cast<Value>(integer) == value;
  } else {
    integer = static_cast<std::int64_t>(value);
    if constexpr (sizeof(Value) < sizeof(std::int64_t)) return true;
    return std::cmp_less_equal(value, limit) && std::cmp_greater_equal(value, -limit);
  }
}

/// Adds to a counter: integers in the thread's cell, the rest in the series.
template <protocol::Numeric Value>
void count(Series& series, Cell& cell, Value value) noexcept {
  std::int64_t integer = 0;
  if (as_exact_integer(value, integer)) return cell.add(integer);
  GaugeValue::add_to(series.fraction, static_cast<double>(value));
  cell.add(0);
}

/// Sets or changes a gauge.
template <protocol::Numeric Value>
void set_gauge(Series& series, Cell& cell, Value value) noexcept {
  if constexpr (std::same_as<Value, float>) series.single_precision.store(true, std::memory_order_relaxed);
  series.gauge.set(static_cast<double>(value));
  cell.add(0);
}

template <protocol::Numeric Value>
void change_gauge(Series& series, Cell& cell, Value delta, const Profile& profile) noexcept {
  if (profile.signed_gauges) {
    series.gauge.add(static_cast<double>(delta));
  } else {
    series.gauge.add_from_zero(static_cast<double>(delta));
  }
  cell.add(0);
}

/// Whether this sample of one in `one_in` is kept. The number of samples to leave out is drawn once for each
/// that is kept (it is geometrically distributed), which costs a decrement for the others.
inline bool is_kept(Cell& cell, std::uint32_t one_in, std::uint64_t (*random)() noexcept) noexcept {
  if (one_in == 1) return true;
  // 0 is a cell that has not drawn yet; else 1 + the samples left to skip.
  const auto draw = [&] {
    const double uniform =
        (static_cast<double>(random() >> 11) + 1) * (1.0 / 9007199254740992.0);  // in (0, 1]
    return static_cast<std::uint64_t>(std::log(uniform) / std::log1p(-1.0 / one_in));
  };
  if (cell.skip == 0) cell.skip = 1 + draw();
  if (--cell.skip == 0) return true;
  cell.add(1);
  return false;
}

/// The same for a line, which has no cell: drawn for each sample.
inline bool is_kept_by_chance(std::uint32_t one_in, std::uint64_t (*random)() noexcept) noexcept {
  constexpr double two_to_minus_53 = 1.0 / 9007199254740992.0;
  return static_cast<double>(random() >> 11) * two_to_minus_53 * one_in <= 1;
}

/// A series and the registry that has it; none when there was no room or the client is disabled.
class SeriesHandle {
 public:
  SeriesHandle() = default;
  // Copied also where it could be moved: a handle that was moved from would have to be checked at each call.
  SeriesHandle(const SeriesHandle&) = default;
  SeriesHandle& operator=(const SeriesHandle&) = default;
  SeriesHandle(std::shared_ptr<Registry> registry, std::uint32_t index) noexcept
      : registry_{std::move(registry)},
        key_{registry_->options().aggregates && index != Registry::overflow
                 ? static_cast<const void*>(registry_.get())
                 : &never},
        index_{index} {}

  /// Calls `record(Series&, Cell&)` if the client aggregates, else `write(SeriesLine&, Series&)` for a line
  /// to send.
  template <class Record, class Write>
  void use(Record&& record, Write&& write) const noexcept {
    if (local_state.registry == key_) [[likely]] {
      record(registry_->series(index_), local_state.cells[index_]);
      return registry_->wake_flusher();
    }
    use_slowly(record, write);
  }

  /// The hot way of counters: no series is touched.
  bool try_add(std::int64_t value) const noexcept {
    if (local_state.registry != key_) [[unlikely]]
      return false;
    local_state.cells[index_].add(value);
    registry_->wake_flusher();
    return true;
  }

  Registry* registry() const noexcept { return registry_.get(); }
  const Series* series() const noexcept {
    return registry_ && index_ != Registry::overflow ? &registry_->series(index_) : nullptr;
  }

  /// Counts a sample that goes no further.
  void drop_invalid() const noexcept {
    if (registry_) registry_->counters().settle(registry_->counters().dropped_invalid);
  }

  /// Decides about a sample in advance, so that one that is left out costs nothing more.
  bool is_sampled() const noexcept {
    const Series* series = this->series();
    if (series == nullptr || series->one_in == 1) return true;
    const auto random = registry_->options().random;
    bool kept = false;
    if (local_state.registry == key_) {
      kept = is_kept(local_state.cells[index_], series->one_in, random);
      if (!kept) registry_->wake_flusher();
    } else if (registry_->options().aggregates) {
      registry_->with_state(
          [&](ThreadState& state) { kept = is_kept(state.cells()[index_], series->one_in, random); });
      if (!kept) registry_->wake_flusher();
    } else {
      kept = is_kept_by_chance(series->one_in, random);
      if (!kept) registry_->counters().settle(registry_->counters().sampled_out);
    }
    return kept;
  }

 private:
  static constexpr char never{};  ///< Its address is no registry's.

  template <class Record, class Write>
  void use_slowly(Record& record, Write& write) const noexcept {
    if (!registry_) return;
    if (index_ == Registry::overflow) {
      return registry_->counters().settle(registry_->counters().dropped_series_limit);
    }
    Series& series = registry_->series(index_);
    if (registry_->options().aggregates) {
      registry_->with_state([&](ThreadState& state) { record(series, state.cells()[index_]); });
      return registry_->wake_flusher();
    }
    SeriesLine line;
    write(line, series);
    if (line.text().empty() || line.text().size() > registry_->options().max_line_bytes) {
      return registry_->counters().settle(registry_->counters().dropped_oversize);
    }
    registry_->emit(line.text());
  }

  std::shared_ptr<Registry> registry_;
  const void* key_ = &never;  ///< The registry whose cells may be used at once.
  std::uint32_t index_ = Registry::overflow;
};

}  // namespace aggregate

}  // namespace statwire
