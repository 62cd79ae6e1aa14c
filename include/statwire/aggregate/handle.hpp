#pragma once

// The tie between a handle and its series, and the decision about a sample that has a rate.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "statwire/aggregate/registry.hpp"
#include "statwire/protocol/statsd_line.hpp"

namespace statwire {

namespace aggregate {

inline constexpr double two_to_minus_53 = 1.0 / 9007199254740992.0;

/// Whether this sample of one in `one_in` is kept. The number of samples to leave out is drawn once for each
/// that is kept (it is geometrically distributed), which costs a decrement for the others.
inline bool is_kept(Cell& cell, std::uint32_t one_in, std::uint64_t (*random)() noexcept) noexcept {
  if (one_in == 1) return true;
  // 0 is a cell that has not drawn yet; else 1 + the samples left to skip.
  const auto draw = [&] {
    // In (0, 1]; as below, small random numbers are those that keep.
    const double uniform = 1 - static_cast<double>(random() >> 11) * two_to_minus_53;
    return static_cast<std::uint64_t>(std::log(uniform) / std::log1p(-1.0 / one_in));
  };
  if (cell.skip == 0) cell.skip = 1 + draw();
  return --cell.skip == 0;
}

/// The same for a line, which has no cell: drawn for each sample.
inline bool is_kept_by_chance(std::uint32_t one_in, std::uint64_t (*random)() noexcept) noexcept {
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
        key_{registry_->options().delivery == Delivery::aggregated && index != Registry::overflow
                 ? static_cast<const void*>(registry_.get())
                 : &never},
        index_{index} {}

  /// Records a sample, or makes a line of it, as the client does. Its rate was applied already.
  template <class Sample>
  void use(const Sample& sample) const noexcept {
    if (local_state.registry == key_) [[likely]] {
      sample.record(*registry_, registry_->series(index_), local_state.cells[index_]);
      return registry_->owner().wake_flusher();
    }
    use_slowly(sample);
  }

  /// The hot way of counters: no series is touched.
  bool try_add(std::int64_t value) const noexcept {
    if (local_state.registry != key_) [[unlikely]]
      return false;
    local_state.cells[index_].add(value);
    registry_->owner().wake_flusher();
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
    if (local_state.registry == key_) [[likely]] {
      if (is_kept(local_state.cells[index_], series->one_in, random)) return true;
      local_state.state->count_sampled_out();
      return false;
    }
    return is_sampled_slowly(*series, random);
  }

 private:
  static constexpr char never{};  ///< Its address is no registry's.

  bool is_sampled_slowly(const Series& series, std::uint64_t (*random)() noexcept) const noexcept {
    bool kept = false;
    if (registry_->options().delivery == Delivery::immediate) {
      kept = is_kept_by_chance(series.one_in, random);
      if (!kept) registry_->counters().settle(registry_->counters().sampled_out);
    } else {
      registry_->with_state([&](ThreadState& state) {
        kept = is_kept(state.cells()[index_], series.one_in, random);
        if (!kept) state.count_sampled_out();
      });
    }
    return kept;
  }

  template <class Sample>
  void use_slowly(const Sample& sample) const noexcept {
    if (!registry_) return;
    if (index_ == Registry::overflow) {
      return registry_->counters().settle(registry_->counters().dropped_series_limit);
    }
    if (registry_->options().delivery != Delivery::immediate) return registry_->submit(index_, sample);
    if (!has_line(sample, registry_->options().profile)) {
      return registry_->counters().settle(registry_->counters().dropped_unsupported);
    }
    char line[protocol::max_statsd_line_bytes];
    const std::size_t size = sample.write(std::span{line}.first(registry_->options().max_line_bytes),
                                          registry_->series(index_), registry_->options().profile);
    if (size == 0) return registry_->counters().settle(registry_->counters().dropped_oversize);
    registry_->owner().send({line, size});
  }

  std::shared_ptr<Registry> registry_;
  const void* key_ = &never;  ///< The registry whose cells may be used at once.
  std::uint32_t index_ = Registry::overflow;
};

}  // namespace aggregate

}  // namespace statwire
