#pragma once

// The tie between a handle and its series. The quick path, an addition in the calling thread's cell, is here;
// everything else is behind a SeriesSink.

#include <cstdint>
#include <utility>

#include "statwire/aggregate/cell.hpp"
#include "statwire/aggregate/series_sink.hpp"
#include "statwire/aggregate/sink_pointer.hpp"

namespace statwire::aggregate {

/// A series and the sink that has it; none when the client is disabled.
class SeriesHandle {
 public:
  SeriesHandle() = default;
  // Copied also where it could be moved: a handle that was moved from would have to be checked at each call.
  SeriesHandle(const SeriesHandle&) = default;
  SeriesHandle& operator=(const SeriesHandle&) = default;

  /// `has_cells`: whether samples of the series are added up in cells, so that the quick path may be taken;
  /// `is_complete`: whether it has no rate.
  SeriesHandle(SinkPointer<SeriesSink> sink, std::uint32_t index, bool has_cells, bool is_complete) noexcept
      : sink_{std::move(sink)},
        key_{has_cells ? static_cast<const void*>(sink_.get()) : &never},
        index_{index},
        is_complete_{is_complete} {}

  /// Adds to the cell, where that is all there is to do: no series is touched.
  bool try_add(std::int64_t value) const noexcept {
    if (local_state.sink != key_) [[unlikely]]
      return false;
    local_state.cells[index_].add(value);
    sink_->wake_flusher();
    return true;
  }

  /// Everything else: `use(SeriesSink&, index)`.
  template <class Use>
  void use(Use&& use) const noexcept {
    if (sink_) use(*sink_, index_);
  }

  void drop_invalid() const noexcept {
    if (sink_) sink_->drop_invalid();
  }

  /// Decides about a sample in advance, so that one that is left out costs nothing more.
  bool is_sampled() const noexcept { return is_complete_ || !sink_ || sink_->is_sampled(index_); }

 private:
  static constexpr char never{};  ///< Its address is no sink's.

  SinkPointer<SeriesSink> sink_;
  const void* key_ = &never;  ///< The sink whose cells may be used at once.
  std::uint32_t index_ = SeriesSink::overflow;
  bool is_complete_ = true;
};

}  // namespace statwire::aggregate
