#pragma once

// Handles: a metric whose name and tags are resolved once, so that a call is an addition in memory of the
// calling thread. StatsdClient::counter(), gauge(), timing() and set() make them.
//
//   statwire::Counter hits = statsd.counter("hits", {.tags = {{"route", "/a"}}});
//   hits.increment();
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
#include "statwire/aggregate/samples.hpp"
#include "statwire/protocol/duration.hpp"
#include "statwire/protocol/number.hpp"

namespace statwire {

/// Counts. An aggregated client sums exactly and needs no rate.
class Counter {
 public:
  Counter() = default;
  explicit Counter(aggregate::SeriesHandle series) noexcept : series_{std::move(series)} {}

  /// Adds; NaN and infinities are dropped. 1 to 3 ns where the client aggregates.
  template <protocol::Numeric Value = int>
  void increment(Value value = 1) const noexcept {
    std::int64_t integer = 0;
    if (aggregate::as_exact_integer(value, integer) && series_.try_add(integer)) [[likely]]
      return;
    add_slowly(value);
  }

  template <protocol::Numeric Value = int>
  void decrement(Value value = 1) const noexcept {
    if constexpr (std::floating_point<Value>) {
      increment(-value);
    } else {
      std::int64_t integer = 0;
      if (aggregate::as_exact_integer(value, integer)) return increment(-integer);
      add_slowly(-static_cast<double>(value));
    }
  }

 private:
  template <protocol::Numeric Value>
  void add_slowly(Value value) const noexcept {
    if (!protocol::Number{value}.is_finite()) return series_.drop_invalid();
    if (series_.is_sampled()) series_.use(aggregate::Count<Value>{value});
  }

  aggregate::SeriesHandle series_;
};

/// A value that goes up and down; the last one wins, whichever thread set it.
class Gauge {
 public:
  Gauge() = default;
  explicit Gauge(aggregate::SeriesHandle series) noexcept : series_{std::move(series)} {}

  template <protocol::Numeric Value>
  void set(Value value) const noexcept {
    if (!protocol::Number{value}.is_finite()) return series_.drop_invalid();
    series_.use(aggregate::GaugeSet<Value>{value});
  }

  /// Changes the gauge: what was set in the same flush interval, else the value at the server. Servers
  /// without signed gauges get the sum of all changes, from zero or the last value set; a client that sends
  /// at once refuses them there.
  template <protocol::Numeric Value>
  void add(Value delta) const noexcept {
    if (!protocol::Number{delta}.is_finite()) return series_.drop_invalid();
    series_.use(aggregate::GaugeChange<Value>{delta});
  }

 private:
  aggregate::SeriesHandle series_;
};

/// Durations.
class Timing {
 public:
  Timing() = default;
  explicit Timing(aggregate::SeriesHandle series) noexcept : series_{std::move(series)} {}

  /// Records any std::chrono::duration; negative ones are dropped.
  template <class Rep, class Period>
  void record(std::chrono::duration<Rep, Period> duration) const noexcept {
    if (is_sampled()) record_sampled(duration);
  }

  /// For timers: whether to record the next duration, decided before the clock is read ...
  bool is_sampled() const noexcept { return series_.is_sampled(); }

  /// ... and the recording of one that is.
  template <class Rep, class Period>
  void record_sampled(std::chrono::duration<Rep, Period> duration) const noexcept {
    if (!protocol::is_timing(duration)) return series_.drop_invalid();
    series_.use(aggregate::Duration{protocol::to_nanoseconds(duration)});
  }

 private:
  aggregate::SeriesHandle series_;
};

/// Counts distinct members.
class Set {
 public:
  Set() = default;
  explicit Set(aggregate::SeriesHandle series) noexcept : series_{std::move(series)} {}

  /// Adds a member; an empty one is dropped.
  void insert(std::string_view member) const noexcept {
    if (member.empty()) return series_.drop_invalid();
    series_.use(aggregate::Member{member});
  }

  template <protocol::Numeric Value>
  void insert(Value member) const noexcept {
    if (!protocol::Number{member}.is_finite()) return series_.drop_invalid();
    char text[protocol::max_number_chars];
    insert(std::string_view{text, static_cast<std::size_t>(protocol::Number{member}.write(text) - text)});
  }

 private:
  aggregate::SeriesHandle series_;
};

}  // namespace statwire
