#pragma once

// The registry as handles see it: what they are told is recorded in a cell, or written as a line and sent.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "statwire/aggregate/registry.hpp"
#include "statwire/aggregate/samples.hpp"
#include "statwire/aggregate/sampling.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/statsd_line.hpp"

namespace statwire::aggregate {

/// Threads: any.
class Recorder final : public Registry {
 public:
  static SinkPointer<Recorder> make(const RegistryOptions& options) {
    return SinkPointer<Recorder>{new Recorder{options}};
  }

  void count(std::uint32_t index, protocol::Number value) noexcept override {
    if (is_sampled(index)) value.visit([&](auto number) { use(index, Count<decltype(number)>{number}); });
  }

  void set_gauge(std::uint32_t index, protocol::Number value) noexcept override {
    value.visit([&](auto number) { use(index, GaugeSet<decltype(number)>{number}); });
  }

  void change_gauge(std::uint32_t index, protocol::Number delta) noexcept override {
    delta.visit([&](auto number) { use(index, GaugeChange<decltype(number)>{number}); });
  }

  void record(std::uint32_t index, std::chrono::nanoseconds duration) noexcept override {
    use(index, Duration{duration});
  }

  void insert(std::uint32_t index, std::string_view member) noexcept override { use(index, Member{member}); }

  void insert(std::uint32_t index, protocol::Number member) noexcept override {
    char text[protocol::max_number_chars];
    insert(index, std::string_view{text, static_cast<std::size_t>(member.write(text) - text)});
  }

  bool is_sampled(std::uint32_t index) noexcept override {
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

  void drop_invalid() noexcept override { counters().settle(counters().dropped_invalid); }

 private:
  using Registry::Registry;
  ~Recorder() = default;
  void destroy() noexcept override { delete this; }

  /// Its rate was applied already.
  template <class Sample>
  void use(std::uint32_t index, const Sample& sample) noexcept {
    if (index == overflow) return counters().settle(counters().dropped_series_limit);
    if (options().delivery != Delivery::immediate) return submit(index, sample);
    if (!has_line(sample, options().profile)) return counters().settle(counters().dropped_unsupported);
    char line[protocol::max_statsd_line_bytes];
    const std::size_t size =
        sample.write(std::span{line}.first(options().max_line_bytes), series(index), options().profile);
    if (size == 0) return counters().settle(counters().dropped_oversize);
    owner().send({line, size});
  }
};

}  // namespace statwire::aggregate
