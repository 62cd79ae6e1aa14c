#pragma once

// What recorder.hpp declares. See detail/config.hpp.

#include "statwire/aggregate/recorder.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "statwire/aggregate/impl/registry.ipp"
#include "statwire/aggregate/samples.hpp"
#include "statwire/aggregate/sampling.hpp"
#include "statwire/detail/config.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/statsd_line.hpp"

namespace statwire::aggregate {

STATWIRE_DECL SinkPointer<Recorder> Recorder::make(const RegistryOptions& options) {
  return SinkPointer<Recorder>{new Recorder{options}};
}

STATWIRE_DECL void Recorder::destroy() noexcept {
  delete this;
}

template <class Sample>
void Recorder::use(std::uint32_t index, const Sample& sample) noexcept {
  if (index == overflow) return counters().settle(counters().dropped_series_limit);
  if (options().delivery != Delivery::immediate) return submit(index, sample);
  if (!has_line(sample, options().profile)) return counters().settle(counters().dropped_unsupported);
  char line[protocol::max_statsd_line_bytes];
  const std::size_t size =
      sample.write(std::span{line}.first(options().max_line_bytes), series(index), options().profile);
  if (size == 0) return counters().settle(counters().dropped_oversize);
  owner().send({line, size});
}

STATWIRE_DECL void Recorder::count(std::uint32_t index, protocol::Number value) noexcept {
  if (is_sampled(index)) value.visit([&](auto number) { use(index, Count<decltype(number)>{number}); });
}

STATWIRE_DECL void Recorder::set_gauge(std::uint32_t index, protocol::Number value) noexcept {
  value.visit([&](auto number) { use(index, GaugeSet<decltype(number)>{number}); });
}

STATWIRE_DECL void Recorder::change_gauge(std::uint32_t index, protocol::Number delta) noexcept {
  delta.visit([&](auto number) { use(index, GaugeChange<decltype(number)>{number}); });
}

STATWIRE_DECL void Recorder::record(std::uint32_t index, std::chrono::nanoseconds duration) noexcept {
  use(index, Duration{duration});
}

STATWIRE_DECL void Recorder::insert(std::uint32_t index, std::string_view member) noexcept {
  use(index, Member{member});
}

STATWIRE_DECL void Recorder::insert(std::uint32_t index, protocol::Number member) noexcept {
  char text[protocol::max_number_chars];
  insert(index, std::string_view{text, static_cast<std::size_t>(member.write(text) - text)});
}

STATWIRE_DECL bool Recorder::is_sampled(std::uint32_t index) noexcept {
  if (index == overflow) return true;
  const std::uint32_t one_in = series(index).one_in;
  if (one_in == 1) return true;
  bool kept = false;
  if (options().delivery == Delivery::immediate) {
    kept = is_kept_by_chance(one_in, options().random);
    if (!kept) counters().settle(counters().sampled_out);
  } else {
    with_state([&](ThreadState& state) {
      kept = is_kept(state.cells()[index], one_in, options().random);
      if (!kept) state.count_sampled_out();
    });
  }
  return kept;
}

STATWIRE_DECL void Recorder::drop_invalid() noexcept {
  counters().settle(counters().dropped_invalid);
}

}  // namespace statwire::aggregate
