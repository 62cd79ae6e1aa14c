#pragma once

// Handles: a metric whose name and tags are resolved once, so that a call is an addition in memory of the
// calling thread. StatsdClient::counter(), gauge(), timing() and set() make them.
//
//   statwire::Counter hits = statsd.counter("hits", {.tags = {{"route", "/a"}}});
//   hits.increment();
//
// Code that only records includes this header and not statsd.hpp, and is compiled in a fraction of the time:
// see docs/benchmarks.md. ScopedTimer and timed() over a Timing come with it.
//
// Threads: a handle may be used and copied by any number of threads at once. A handle may outlive its client;
// what it is told then goes nowhere. A default-made handle counts nothing; the calls of one for which there
// was no room (max_series) are counted as dropped.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>

#include "statwire/aggregate/handle.hpp"
#include "statwire/protocol/duration.hpp"
#include "statwire/protocol/numeric.hpp"
#include "statwire/scoped_timer.hpp"

namespace statwire {

/// Counts. An aggregated client sums exactly and needs no rate.
class Counter {
 public:
  Counter() = default;
  explicit Counter(const aggregate::SeriesHandle& series) noexcept : series_{series} {}

  /// Adds; NaN and infinities are dropped. 1 to 3 ns where the client aggregates.
  template <protocol::Numeric Value = int>
  void increment(Value value = 1) const noexcept {
    std::int64_t integer = 0;
    if (protocol::as_exact_integer(value, integer) && series_.try_add(integer)) [[likely]]
      return;
    add_slowly(value);
  }

  template <protocol::Numeric Value = int>
  void decrement(Value value = 1) const noexcept {
    if constexpr (std::floating_point<Value>) {
      increment(-value);
    } else {
      std::int64_t integer = 0;
      if (protocol::as_exact_integer(value, integer)) return increment(-integer);
      add_slowly(-static_cast<double>(value));
    }
  }

 private:
  template <protocol::Numeric Value>
  void add_slowly(Value value) const noexcept {
    if (!protocol::Number{value}.is_finite()) return series_.drop_invalid();
    series_.use([&](auto& sink, std::uint32_t index) { sink.count(index, value); });
  }

  aggregate::SeriesHandle series_;
};

/// A value that goes up and down; the last one wins, whichever thread set it.
class Gauge {
 public:
  Gauge() = default;
  explicit Gauge(const aggregate::SeriesHandle& series) noexcept : series_{series} {}

  template <protocol::Numeric Value>
  void set(Value value) const noexcept {
    if (!protocol::Number{value}.is_finite()) return series_.drop_invalid();
    if (series_.try_set(value)) [[likely]]
      return;
    series_.use([&](auto& sink, std::uint32_t index) { sink.set_gauge(index, value); });
  }

  /// Changes the gauge: what was set in the same flush interval, else the value at the server. Servers
  /// without signed gauges get the sum of all changes, from zero or the last value set; a client that sends
  /// at once refuses them there.
  template <protocol::Numeric Value>
  void add(Value delta) const noexcept {
    if (!protocol::Number{delta}.is_finite()) return series_.drop_invalid();
    series_.use([&](auto& sink, std::uint32_t index) { sink.change_gauge(index, delta); });
  }

 private:
  aggregate::SeriesHandle series_;
};

/// Durations.
class Timing {
 public:
  Timing() = default;
  explicit Timing(const aggregate::SeriesHandle& series) noexcept : series_{series} {}

  /// Records any std::chrono::duration; negative ones are dropped.
  template <class Rep, class Period>
  void record(std::chrono::duration<Rep, Period> duration) const noexcept {
    if (is_sampled()) record_sampled(duration);
  }

  /// A number is no duration: 500 of what? `500ms`, `std::chrono::microseconds{500}` are.
  template <protocol::Numeric Value>
  void record(Value a_duration_like_12ms) const = delete;

  /// For timers: whether to record the next duration, decided before the clock is read ...
  bool is_sampled() const noexcept { return series_.is_sampled(); }

  /// ... and the recording of one that is.
  template <class Rep, class Period>
  void record_sampled(std::chrono::duration<Rep, Period> duration) const noexcept {
    if (!protocol::is_timing(duration)) return series_.drop_invalid();
    const std::chrono::nanoseconds nanoseconds = protocol::to_nanoseconds(duration);
    if (series_.try_push(static_cast<std::uint64_t>(nanoseconds.count()))) [[likely]]
      return;
    series_.use([&](auto& sink, std::uint32_t index) { sink.record(index, nanoseconds); });
  }

 private:
  aggregate::SeriesHandle series_;
};

/// Counts distinct members.
class Set {
 public:
  Set() = default;
  explicit Set(const aggregate::SeriesHandle& series) noexcept : series_{series} {}

  /// Adds a member; an empty one is dropped.
  void insert(std::string_view member) const noexcept {
    if (member.empty()) return series_.drop_invalid();
    series_.use([&](auto& sink, std::uint32_t index) { sink.insert(index, member); });
  }

  template <protocol::Numeric Value>
  void insert(Value member) const noexcept {
    if (!protocol::Number{member}.is_finite()) return series_.drop_invalid();
    series_.use([&](auto& sink, std::uint32_t index) { sink.insert(index, protocol::Number{member}); });
  }

 private:
  aggregate::SeriesHandle series_;
};

namespace detail {

/// A handle, as the target of a timer.
template <>
class TimingTarget<Timing> {
 public:
  explicit TimingTarget(const Timing& timing) noexcept : timing_{&timing} {}

  bool is_sampled() noexcept { return timing_->is_sampled(); }

  template <class Duration>
  void record(Duration duration) noexcept {
    timing_->record_sampled(duration);
  }

 private:
  const Timing* timing_;
};

}  // namespace detail

/// Calls `function`, returns what it returns, and records the time that it took, also when it throws.
template <std::invocable Function>
decltype(auto) timed(const Timing& timing, Function&& function) {
  const ScopedTimer timer{timing};
  return std::forward<Function>(function)();
}

}  // namespace statwire
