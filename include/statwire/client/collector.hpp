#pragma once

// Turns what the cells of all threads have gathered since the last flush into lines: counters summed, gauges
// at their last value, sets without doubles, timings packed. Reads the cells while their threads go on
// writing.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/aggregate/registry.hpp"
#include "statwire/aggregate/series_line.hpp"
#include "statwire/protocol/number.hpp"

namespace statwire::client {

/// One thread at a time.
class Collector {
 public:
  Collector(aggregate::Registry& registry, std::size_t max_line_bytes)
      : registry_{&registry}, max_line_bytes_{max_line_bytes} {
    samples_.reserve(registry.options().max_samples_per_series);  // no flush allocates for more than before
  }

  /// Sums the cells. What a thread has in a cell by then came after all lines that it has written by then, so
  /// these are to be sent between the two calls.
  void sum_cells(aggregate::SeriesTable::TimePoint now) {
    registry_->evict(now);
    registry_->copy_states(states_);
    totals_.assign(registry_->size(), {});
    for (aggregate::ThreadState* state : states_) {
      const aggregate::Cell* cells = state->cells();
      for (std::size_t i = 0; i < totals_.size(); ++i) {
        totals_[i].count += detail::acquire_load(cells[i].count);
        totals_[i].total += detail::relaxed_load(cells[i].total);
      }
    }
  }

  /// Calls `out(std::string_view lines, std::uint64_t samples)` for everything that changed, lines of one
  /// sample together. Returns whether any call was recorded since the last time.
  template <class Out>
  bool collect(aggregate::SeriesTable::TimePoint now, Out&& out) {
    using aggregate::SeriesType;
    bool changed = false;
    for (std::uint32_t i = 0; i < totals_.size(); ++i) {
      aggregate::Series& series = registry_->series(i);
      const Sum seen{totals_[i].total - series.seen_total, totals_[i].count - series.seen_count};
      // A sum without a call is of one that is under way, and waits for it.
      if (seen.count == 0) continue;
      changed = true;
      if (series.is_overflow) DeliveryCounters::add(registry_->counters().overflowed, seen.count);
      series.is_summed.store(false, std::memory_order_release);  // before what the cells have is taken
      switch (series.type) {
        case SeriesType::counter:
          write_counter(series, seen, out);
          break;
        case SeriesType::gauge:
          write_gauge(series, seen, out);
          break;
        case SeriesType::set:
          write_set(i, seen, out);
          break;
        case SeriesType::timing:
        case SeriesType::histogram:
        case SeriesType::distribution:
          for (aggregate::ThreadState* state : states_) write_samples(series, state->cells()[i], out);
          break;
      }
      // Afterwards: what there was no memory for is found again.
      series.seen_total = totals_[i].total;
      series.seen_count = totals_[i].count;
      series.last_use = now;
    }
    return changed;
  }

 private:
  /// Of the cells of one series: see aggregate::Cell.
  struct Sum {
    std::uint64_t total = 0;
    std::uint64_t count = 0;
  };

  template <class Out>
  void write_counter(aggregate::Series& series, Sum seen, Out& out) {
    const auto whole = static_cast<std::int64_t>(seen.total);
    double fraction = 0;
    if (series.fraction.load(std::memory_order_relaxed) != 0) fraction = series.fraction.exchange(0);
    if (fraction != 0) {
      const double sum = static_cast<double>(whole) + fraction;
      if (!std::isfinite(sum))
        return DeliveryCounters::add(registry_->counters().dropped_invalid, seen.count);
      if (sum != 0) return write(series, sum, seen.count, out);
    } else if (whole != 0) {
      return write(series, whole, seen.count, out);
    }
    // They add up to nothing, and a line would say nothing.
    DeliveryCounters::add(registry_->counters().sent, seen.count);
  }

  template <class Out>
  void write_gauge(aggregate::Series& series, Sum seen, Out& out) {
    const Profile& profile = registry_->options().profile;
    const auto taken =
        profile.signed_gauges ? series.gauge.take() : aggregate::GaugeValue::Taken{series.gauge.peek(), 0};
    const double value = std::isnan(taken.absolute) ? taken.change : taken.absolute + taken.change;
    const bool is_absolute = !std::isnan(taken.absolute);
    if (!std::isfinite(value)) {  // the changes went beyond all numbers
      series.gauge.take();
      return DeliveryCounters::add(registry_->counters().dropped_invalid, seen.count);
    }
    if (!is_absolute && value == 0) {
      return DeliveryCounters::add(registry_->counters().sent, seen.count);  // no change, all in all
    }
    const auto write = [&](auto number) {
      return is_absolute ? aggregate::write_gauge(line_, series, number, profile)
                         : aggregate::write_gauge_delta(line_, series, number, profile);
    };
    const auto single = static_cast<float>(value);
    const bool is_single = series.gauge.is_single_precision() && static_cast<double>(single) == value;
    finish(is_single ? write(single) : write(value), seen.count, out);
  }

  template <class Out>
  void write_set(std::uint32_t index, Sum seen, Out& out) {
    aggregate::Series& series = registry_->series(index);
    aggregate::MemberSet& members = registry_->take_members(series);
    std::uint64_t samples = seen.count;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::uint64_t share = i + 1 == members.size() ? samples : std::min<std::uint64_t>(samples, 1);
      finish(aggregate::write_member(line_, series, members[i]), share, out);
      samples -= share;
    }
    DeliveryCounters::add(registry_->counters().sent, samples);  // their member left with an earlier flush
    members.clear();
  }

  /// Writes the k samples that a ring kept of n. So that the server counts n exactly, n mod k of them say
  /// that they stand for n/k + 1, and the others that they stand for n/k.
  template <class Out>
  void write_samples(aggregate::Series& series, aggregate::Cell& cell, Out& out) {
    aggregate::SampleRing* ring = __atomic_load_n(&cell.ring, __ATOMIC_ACQUIRE);
    if (ring == nullptr) return;
    samples_.clear();
    const std::uint64_t seen = registry_->take_samples(*ring, samples_);
    if (samples_.empty()) return;
    // Those at the front came first; turned at random, no part of the interval weighs more than another.
    const auto turn = static_cast<std::ptrdiff_t>(registry_->options().random() % samples_.size());
    if (seen != samples_.size()) std::rotate(samples_.begin(), samples_.begin() + turn, samples_.end());
    const std::uint64_t share = seen / samples_.size();
    const auto heavier = static_cast<std::size_t>(seen % samples_.size());
    write_group(series, {samples_.data(), heavier}, share + 1, out);
    write_group(series, {samples_.data() + heavier, samples_.size() - heavier}, share, out);
  }

  template <class Out>
  void write_group(aggregate::Series& series, std::span<const std::uint64_t> group, std::uint64_t share,
                   Out& out) {
    const bool packed = registry_->options().profile.packed;
    aggregate::LineCursor line{line_};
    std::uint64_t values = 0;
    for (const std::uint64_t bits : group) {
      char text[protocol::max_number_chars];
      const std::string_view value = text_of(series, bits, text);
      // A rate takes 24 bytes at most: `|@0.` and a shortest double below 1.
      const bool fits = values != 0 && packed &&
                        line.size() + 1 + value.size() + series.tail.size() + 32 <= max_line_bytes_;
      if (values != 0 && !fits) {
        finish(aggregate::end_line(line, series, share).size(), values * share, out);
        line = aggregate::LineCursor{line_};
        values = 0;
      }
      line.raw(values == 0 ? std::string_view{series.head} : ":").raw(value);
      ++values;
    }
    if (values == 0) return;
    finish(aggregate::end_line(line, series, share).size(), values * share, out);
  }

  std::string_view text_of(const aggregate::Series& series, std::uint64_t bits, char* text) const {
    char* end = text;
    if (series.type == aggregate::SeriesType::timing) {
      end = protocol::write_milliseconds(text, std::chrono::nanoseconds{static_cast<std::int64_t>(bits)},
                                         registry_->options().profile.decimals);
    } else {
      double value = 0;
      std::memcpy(&value, &bits, sizeof(value));
      end = protocol::Number{value}.write(text);
    }
    return {text, static_cast<std::size_t>(end - text)};
  }

  template <protocol::Numeric Value, class Out>
  void write(aggregate::Series& series, Value value, std::uint64_t samples, Out& out) {
    finish(aggregate::write_value(line_, series, value), samples, out);
  }

  /// Hands on the lines of `size` bytes that were written; none when they were too long.
  template <class Out>
  void finish(std::size_t size, std::uint64_t samples, Out& out) {
    if (size == 0 || size > max_line_bytes_) {
      DeliveryCounters::add(registry_->counters().dropped_oversize, samples);
    } else {
      out(std::string_view{line_, size}, samples);
    }
  }

  aggregate::Registry* registry_;
  std::size_t max_line_bytes_;
  std::vector<aggregate::ThreadState*> states_;
  std::vector<Sum> totals_;
  std::vector<std::uint64_t> samples_;
  char line_[protocol::max_statsd_line_bytes];  ///< The lines of one sample.
};

}  // namespace statwire::client
