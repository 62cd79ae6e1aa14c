#pragma once

// The tie between a handle and its series. The quick paths, which write to the calling thread's cell, are
// here; everything else is behind a SeriesSink.

#include <cstdint>
#include <utility>

#include "statwire/aggregate/cell.hpp"
#include "statwire/aggregate/gauge_value.hpp"
#include "statwire/aggregate/sample_ring.hpp"
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

  /// `gauge`: that of the series; null when its samples are not added up in cells, so that no quick path may
  /// be taken. `is_complete`: whether it has no rate.
  SeriesHandle(SinkPointer<SeriesSink> sink, std::uint32_t index, GaugeValue* gauge,
               bool is_complete) noexcept
      : sink_{std::move(sink)},
        key_{gauge != nullptr ? static_cast<const void*>(sink_.get()) : &never},
        gauge_{gauge},
        index_{index},
        is_complete_{is_complete} {}

  /// Counts, where an addition in the cell is all there is to do.
  bool try_add(std::int64_t value) const noexcept {
    if (local_state.sink != key_) [[unlikely]]
      return false;
    local_state.cells[index_].add(value);
    sink_->wake_flusher();
    return true;
  }

  /// Sets a gauge, where its value and the cell are all there is to write.
  template <protocol::Numeric Value>
  bool try_set(Value value) const noexcept {
    if (local_state.sink != key_) [[unlikely]]
      return false;
    gauge_->set(value);
    local_state.cells[index_].add_call();
    sink_->wake_flusher();
    return true;
  }

  /// Appends to the samples of the cell, where there is room.
  bool try_push(std::uint64_t bits) const noexcept {
    if (local_state.sink != key_) [[unlikely]]
      return false;
    Cell& cell = local_state.cells[index_];
    if (cell.ring == nullptr || !cell.ring->push(bits)) [[unlikely]]
      return false;
    cell.add_call();
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
  GaugeValue* gauge_ = nullptr;
  std::uint32_t index_ = SeriesSink::overflow;
  bool is_complete_ = true;
};

}  // namespace statwire::aggregate
