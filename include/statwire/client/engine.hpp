#pragma once

// What every call of a client goes through: it is checked, its series is found, and it is recorded in a cell
// or written as a line. The client and its scopes share one.

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "statwire/aggregate/context.hpp"
#include "statwire/aggregate/handle.hpp"
#include "statwire/aggregate/recorder.hpp"
#include "statwire/aggregate/resolve.hpp"
#include "statwire/aggregate/samples.hpp"
#include "statwire/aggregate/sampling.hpp"
#include "statwire/client/delivery.hpp"
#include "statwire/client/delivery_stats.hpp"
#include "statwire/client/metric_options.hpp"
#include "statwire/client/outbox.hpp"
#include "statwire/protocol/duration.hpp"
#include "statwire/protocol/event.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/rate.hpp"
#include "statwire/protocol/statsd_line.hpp"

namespace statwire {

namespace client {

struct EngineOptions {
  OutboxOptions outbox;
  aggregate::RegistryOptions registry;
  bool enabled = true;
};

/// Safe for any number of threads.
template <DatagramTransport Transport>
class Engine {
 public:
  using Context = aggregate::Context;
  using Series = aggregate::Series;
  using SeriesType = aggregate::SeriesType;
  using Cell = aggregate::Cell;

  template <class... TransportArgs>
  explicit Engine(const EngineOptions& options, TransportArgs&&... transport_args)
      : registry_{aggregate::Recorder::make(options.registry)},
        outbox_{options.outbox, registry_, std::forward<TransportArgs>(transport_args)...},
        is_enabled_{options.enabled} {}

  template <protocol::Numeric Value>
  void count(const Context& context, std::string_view name, Value value,
             const MetricOptions& options) noexcept {
    if (!is_acceptable(name, protocol::Number{value}.is_finite(), options)) return;
    submit(context, SeriesType::counter, name, options, aggregate::Count<Value>{value});
  }

  template <protocol::Numeric Value>
  void count_down(const Context& context, std::string_view name, Value value,
                  const MetricOptions& options) noexcept {
    if constexpr (std::floating_point<Value>) {
      count(context, name, -value, options);
    } else if (std::cmp_less_equal(value, std::numeric_limits<std::int64_t>::max()) &&
               std::cmp_greater(value, std::numeric_limits<std::int64_t>::min())) {
      count(context, name, -static_cast<std::int64_t>(value), options);
    } else {
      count(context, name, -static_cast<double>(value), options);
    }
  }

  template <protocol::Numeric Value>
  void gauge(const Context& context, std::string_view name, Value value,
             const MetricOptions& options) noexcept {
    if (!is_acceptable(name, protocol::Number{value}.is_finite(), options)) return;
    submit(context, SeriesType::gauge, name, options, aggregate::GaugeSet<Value>{value});
  }

  template <protocol::Numeric Value>
  void change_gauge(const Context& context, std::string_view name, Value delta,
                    const MetricOptions& options) noexcept {
    if (!is_acceptable(name, protocol::Number{delta}.is_finite(), options)) return;
    if (writes_name(options) && !profile().signed_gauges) return settle(counters().dropped_unsupported);
    submit(context, SeriesType::gauge, name, options, aggregate::GaugeChange<Value>{delta});
  }

  /// `is_sampled` says that the rate was applied already.
  template <class Rep, class Period>
  void time(const Context& context, std::string_view name, std::chrono::duration<Rep, Period> duration,
            const MetricOptions& options, bool is_sampled = false) noexcept {
    if (!is_acceptable(name, protocol::is_timing(duration), options)) return;
    if (options.timestamp != 0) return settle(counters().dropped_unsupported);
    submit(context, SeriesType::timing, name, options,
           aggregate::Duration{protocol::to_nanoseconds(duration)}, is_sampled);
  }

  /// Of a histogram or a distribution.
  template <protocol::Numeric Value>
  void sample(const Context& context, SeriesType type, std::string_view name, Value value,
              const MetricOptions& options) noexcept {
    const bool is_valid = protocol::Number{value}.is_finite() &&
                          (profile().negative_values || !protocol::Number{value}.is_negative());
    if (!is_acceptable(name, is_valid, options)) return;
    if (options.timestamp != 0) return settle(counters().dropped_unsupported);
    submit(context, type, name, options,
           aggregate::Observation<Value>{value, aggregate::type_text(type, profile())});
  }

  void insert(const Context& context, std::string_view name, std::string_view member,
              const MetricOptions& options) noexcept {
    if (!is_acceptable(name, !member.empty(), options)) return;
    if (!profile().sets || options.timestamp != 0) return settle(counters().dropped_unsupported);
    submit(context, SeriesType::set, name, options, aggregate::Member{member});
  }

  void send(const Context& context, const Event& event) noexcept {
    if (!is_acceptable(event.title, !event.tags.is_too_long(), {})) return;
    send_plain(context, [&](std::span<char> out, const protocol::LineHead& head) {
      return protocol::write_event(out, head, event);
    });
  }

  void send(const Context& context, const ServiceCheck& check) noexcept {
    if (!is_acceptable(check.name, !check.tags.is_too_long(), {})) return;
    send_plain(context, [&](std::span<char> out, const protocol::LineHead& head) {
      return protocol::write_service_check(out, head, check);
    });
  }

  /// The series that a handle stands for. A rate that is none, and a name that is empty or too long, is an
  /// error of the program, counted once; the handle then counts nothing. Allocates.
  aggregate::SeriesHandle handle(const Context& context, SeriesType type, std::string_view name,
                                 const MetricOptions& options) {
    if (!is_acceptable(name, options.timestamp == 0, options)) return {};
    if (type == SeriesType::set && !profile().sets) {
      settle(counters().dropped_unsupported);
      return {};
    }
    const aggregate::Resolved resolved = find_series(context,
                                                     {.context = context.id(),
                                                      .type = type,
                                                      .one_in = series_rate(type, options),
                                                      .name = name,
                                                      .tags = options.tags.view()},
                                                     aggregate::SeriesUse::handle);
    if (resolved.index == aggregate::Registry::overflow &&
        resolved.reason != aggregate::Unresolved::too_many_series) {
      settle(resolved.reason == aggregate::Unresolved::too_long ? counters().dropped_oversize
                                                                : counters().dropped_invalid);
      return {};
    }
    if (resolved.index == aggregate::Registry::overflow) return {registry_, resolved.index, nullptr, true};
    aggregate::Series& series = registry_->series(resolved.index);
    const bool is_summed = delivery() == Delivery::aggregated;
    return {registry_, resolved.index, is_summed ? &series.gauge : nullptr, series.one_in == 1};
  }

  /// Whether a timing with this rate is to be taken; counts it when not.
  bool is_sampled(const MetricOptions& options) noexcept {
    const std::uint32_t one_in = protocol::one_in(options.rate);
    if (one_in <= 1 || aggregate::is_kept_by_chance(one_in, registry_->options().random)) return true;
    settle(counters().sampled_out);
    return false;
  }

  /// A context within another: of a scope. Allocates.
  Context inner(const Context& outer, std::string_view prefix, const TagList& tags) {
    return outer.inner(prefix, tags, [&](std::string_view text) { return registry_->context_id(text); });
  }

  bool is_enabled() const noexcept { return is_enabled_; }
  const Profile& profile() const noexcept { return registry_->options().profile; }
  Delivery delivery() const noexcept { return registry_->options().delivery; }
  Outbox<Transport>& outbox() noexcept { return outbox_; }
  const Outbox<Transport>& outbox() const noexcept { return outbox_; }

 private:
  DeliveryCounters& counters() noexcept { return registry_->counters(); }
  void settle(DeliveryCounters::Counter& as) noexcept { counters().settle(as); }

  /// Whether the call makes a line of its own from its name; else its series is looked up.
  bool writes_name(const MetricOptions& options) const noexcept {
    return delivery() == Delivery::immediate || options.timestamp != 0;
  }

  /// A gauge or a member of a set that is left out is missing; an aggregated counter loses nothing as it is.
  std::uint32_t series_rate(SeriesType type, const MetricOptions& options) const noexcept {
    if (type == SeriesType::gauge || type == SeriesType::set) return 1;
    if (type == SeriesType::counter && delivery() == Delivery::aggregated) return 1;
    return protocol::one_in(options.rate);
  }

  bool is_acceptable(std::string_view name, bool value_is_valid, const MetricOptions& options) noexcept {
    if (!is_enabled_) return false;
    if (name.empty() || !value_is_valid || options.tags.is_too_long() ||
        protocol::one_in(options.rate) == 0 || options.timestamp < 0) {
      settle(counters().dropped_invalid);
      return false;
    }
    return true;
  }

  template <class Sample>
  void submit(const Context& context, SeriesType type, std::string_view name, const MetricOptions& options,
              const Sample& sample, bool is_sampled = false) noexcept {
    if (writes_name(options)) {
      const bool is_whole = delivery() != Delivery::immediate && type == SeriesType::gauge;
      const std::uint32_t one_in = is_whole ? 1 : protocol::one_in(options.rate);
      return write(context, name, options, one_in, sample, is_sampled);
    }
    const aggregate::SeriesName key{.context = context.id(),
                                    .type = type,
                                    .one_in = series_rate(type, options),
                                    .name = name,
                                    .tags = options.tags.view()};
    registry_->with_state([&](aggregate::ThreadState& state) {
      std::uint32_t index = state.names.find(key, registry_->generation());
      if (index >= aggregate::NameCache::too_long) [[unlikely]] {
        if (index == aggregate::NameCache::too_long) return settle(counters().dropped_oversize);
        if (index == aggregate::NameCache::unknown) {
          index = resolve(context, key);
          if (index == aggregate::Registry::overflow) return;
          state.names.insert(index);
        }
        if (index == aggregate::NameCache::refused) {
          return refuse(context, name, options, key.one_in, sample, is_sampled);
        }
      }
      if (!is_sampled && !aggregate::is_kept(state.cells()[index], key.one_in, registry_->options().random)) {
        return state.count_sampled_out();
      }
      registry_->submit(state, index, sample);
    });
    registry_->wake_flusher();
  }

  /// There is no room for the series. A line needs none.
  template <class Sample>
  void refuse(const Context& context, std::string_view name, const MetricOptions& options,
              std::uint32_t one_in, const Sample& sample, bool is_sampled) noexcept {
    if (delivery() == Delivery::aggregated || !aggregate::has_line(sample, profile())) {
      return settle(counters().dropped_series_limit);
    }
    write(context, name, options, one_in, sample, is_sampled);
  }

  /// Only sums need a series for those that there is no room for.
  aggregate::Resolved find_series(const Context& context, const aggregate::SeriesName& name,
                                  aggregate::SeriesUse use) {
    return delivery() == Delivery::aggregated
               ? aggregate::resolve_series_or_overflow(*registry_, context, name, use)
               : aggregate::resolve_series(*registry_, context, name, use);
  }

  std::uint32_t resolve(const Context& context, const aggregate::SeriesName& key) {
    const aggregate::Resolved resolved = find_series(context, key, aggregate::SeriesUse::name);
    if (resolved.index != aggregate::Registry::overflow) return resolved.index;
    switch (resolved.reason) {
      case aggregate::Unresolved::too_many_tags:
        settle(counters().dropped_invalid);
        break;
      case aggregate::Unresolved::too_long:
        settle(counters().dropped_oversize);
        break;
      case aggregate::Unresolved::too_many_series:
        return aggregate::NameCache::refused;
    }
    return aggregate::Registry::overflow;
  }

  template <class Sample>
  void write(const Context& context, std::string_view name, const MetricOptions& options,
             std::uint32_t one_in, const Sample& sample, bool is_sampled) noexcept {
    if (options.timestamp != 0 && !profile().timestamps) return settle(counters().dropped_unsupported);
    if (!is_sampled && one_in != 1 && !aggregate::is_kept_by_chance(one_in, registry_->options().random))
      return settle(counters().sampled_out);
    const protocol::LineHead head{.prefix = context.prefix(),
                                  .name = name,
                                  .rate = protocol::rate_of(one_in),
                                  .profile = &profile(),
                                  .constant_tags = context.tags(),
                                  .tags = options.tags.view(),
                                  .timestamp = options.timestamp};
    emit([&](std::span<char> out) { return sample.write(out, head); });
  }

  template <class Write>
  void send_plain(const Context& context, Write&& write) noexcept {
    if (!profile().events) return settle(counters().dropped_unsupported);
    const protocol::LineHead head{.profile = &profile(), .constant_tags = context.tags()};
    emit([&](std::span<char> out) { return write(out, head); });
  }

  /// Sends a line at once, or adds it to those of the calling thread.
  template <class Write>
  void emit(Write&& write) noexcept {
    if (delivery() == Delivery::immediate) {
      char line[protocol::max_statsd_line_bytes];
      const std::size_t size = write(std::span{line}.first(registry_->options().max_line_bytes));
      if (size == 0) return settle(counters().dropped_oversize);
      if (const auto errors = outbox_.send({line, size})) errors->report();
      return;
    }
    registry_->with_state([&](aggregate::ThreadState& state) {
      if (!registry_->append(state, write)) settle(counters().dropped_queue_full);
    });
    registry_->wake_flusher();
  }

  aggregate::SinkPointer<aggregate::Recorder> registry_;
  Outbox<Transport> outbox_;
  bool is_enabled_;
};

}  // namespace client
}  // namespace statwire
