#pragma once

// What every call of a client goes through: it is checked, and then either recorded in a cell (aggregated
// delivery) or written as a line for the outbox. The client and its scopes share one.

#include <algorithm>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "statwire/aggregate/context.hpp"
#include "statwire/aggregate/handle.hpp"
#include "statwire/aggregate/registry.hpp"
#include "statwire/aggregate/resolve.hpp"
#include "statwire/client/delivery_stats.hpp"
#include "statwire/client/outbox.hpp"
#include "statwire/protocol/duration.hpp"
#include "statwire/protocol/event.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/rate.hpp"
#include "statwire/protocol/statsd_line.hpp"

namespace statwire {

/// Options of one call or one handle.
struct MetricOptions {
  TagList tags{};  ///< Replace those of the scope and the client that have the same key.
  /// Share of the calls that are sent, above 0, at most 1; one in N with a whole N, the nearest to it. For
  /// counters and timings the server multiplies back; of gauges and sets it takes what comes. Aggregated
  /// counters, gauges and sets need none: all calls count.
  double rate = 1;
  /// When it happened, in Unix seconds, for counters and gauges of profiles with timestamps; such samples are
  /// not aggregated. 0 is now.
  std::int64_t timestamp = 0;
};

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
      : registry_{std::make_shared<aggregate::Registry>(options.registry)},
        outbox_{options.outbox, registry_, std::forward<TransportArgs>(transport_args)...},
        is_enabled_{options.enabled} {}

  template <protocol::Numeric Value>
  void count(const Context& context, std::string_view name, Value value,
             const MetricOptions& options) noexcept {
    if (!is_acceptable(name, protocol::Number{value}.is_finite(), options)) return;
    if (aggregates(options)) {
      return record(context, SeriesType::counter, 1, name, options,
                    [&](Series& series, Cell& cell) { aggregate::count(series, cell, value); });
    }
    write(context, name, options, [&](std::span<char> out, const protocol::LineHead& head) {
      return protocol::write_counter(out, head, value);
    });
  }

  template <protocol::Numeric Value>
  void count_down(const Context& context, std::string_view name, Value value,
                  const MetricOptions& options) noexcept {
    if constexpr (std::floating_point<Value>) {
      return count(context, name, -value, options);
    } else {
      std::int64_t integer = 0;
      if (aggregate::as_exact_integer(value, integer)) return count(context, name, -integer, options);
      if (!is_acceptable(name, true, options)) return;
      if (aggregates(options)) {
        return record(context, SeriesType::counter, 1, name, options, [&](Series& series, Cell& cell) {
          aggregate::count(series, cell, -static_cast<double>(value));
        });
      }
      write(context, name, options, [&](std::span<char> out, const protocol::LineHead& head) {
        return protocol::write_counter(out, head, -protocol::Number{value});
      });
    }
  }

  template <protocol::Numeric Value>
  void gauge(const Context& context, std::string_view name, Value value,
             const MetricOptions& options) noexcept {
    if (!is_acceptable(name, protocol::Number{value}.is_finite(), options)) return;
    if (aggregates(options)) {
      return record(context, SeriesType::gauge, 1, name, options,
                    [&](Series& series, Cell& cell) { aggregate::set_gauge(series, cell, value); });
    }
    write(context, name, options, [&](std::span<char> out, const protocol::LineHead& head) {
      return protocol::write_gauge(out, head, value);
    });
  }

  template <protocol::Numeric Value>
  void change_gauge(const Context& context, std::string_view name, Value delta,
                    const MetricOptions& options) noexcept {
    if (!is_acceptable(name, protocol::Number{delta}.is_finite(), options)) return;
    if (aggregates(options)) {
      return record(context, SeriesType::gauge, 1, name, options, [&](Series& series, Cell& cell) {
        aggregate::change_gauge(series, cell, delta, profile());
      });
    }
    if (!profile().signed_gauges) return settle(counters().dropped_unsupported);
    write(context, name, options, [&](std::span<char> out, const protocol::LineHead& head) {
      return protocol::write_gauge_delta(out, head, delta);
    });
  }

  /// `is_sampled` says that the rate was applied already.
  template <class Rep, class Period>
  void time(const Context& context, std::string_view name, std::chrono::duration<Rep, Period> duration,
            const MetricOptions& options, bool is_sampled = false) noexcept {
    if (!is_acceptable(name, protocol::is_timing(duration), options)) return;
    if (options.timestamp != 0) return settle(counters().dropped_unsupported);
    const std::chrono::nanoseconds value = protocol::to_nanoseconds(duration);
    if (aggregates(options)) {
      return record_bits(context, SeriesType::timing, name, static_cast<std::uint64_t>(value.count()),
                         options, is_sampled);
    }
    write(
        context, name, options,
        [&](std::span<char> out, const protocol::LineHead& head) {
          return protocol::write_timing(out, head, value);
        },
        is_sampled);
  }

  /// Of a histogram or a distribution.
  template <protocol::Numeric Value>
  void sample(const Context& context, SeriesType type, std::string_view name, Value value,
              const MetricOptions& options) noexcept {
    const std::string_view type_text = aggregate::type_text(type, profile());
    const bool is_valid = protocol::Number{value}.is_finite() &&
                          (profile().negative_values || !protocol::Number{value}.is_negative());
    if (!is_acceptable(name, is_valid, options)) return;
    if (options.timestamp != 0) return settle(counters().dropped_unsupported);
    if (aggregates(options)) {
      return record_bits(context, type, name, std::bit_cast<std::uint64_t>(static_cast<double>(value)),
                         options, false);
    }
    write(context, name, options, [&](std::span<char> out, const protocol::LineHead& head) {
      return protocol::write_value(out, head, value, type_text);
    });
  }

  void insert(const Context& context, std::string_view name, std::string_view member,
              const MetricOptions& options) noexcept {
    if (!is_acceptable(name, !member.empty(), options)) return;
    if (!profile().sets || options.timestamp != 0) return settle(counters().dropped_unsupported);
    if (aggregates(options)) {
      return record(context, SeriesType::set, 1, name, options,
                    [&](Series& series, Cell& cell) { registry_->insert_member(series, cell, member); });
    }
    write(context, name, options, [&](std::span<char> out, const protocol::LineHead& head) {
      return protocol::write_set(out, head, member);
    });
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
    const auto resolved = aggregate::resolve_series(*registry_, context,
                                                    {.context = context.id(),
                                                     .type = type,
                                                     .one_in = series_rate(type, options),
                                                     .name = name,
                                                     .tags = options.tags.view()});
    if (resolved.index == aggregate::Registry::overflow &&
        resolved.reason != aggregate::Unresolved::too_many_series) {
      settle(resolved.reason == aggregate::Unresolved::too_long ? counters().dropped_oversize
                                                                : counters().dropped_invalid);
      return {};
    }
    return {registry_, resolved.index};
  }

  /// Whether a timing with this rate is to be taken; counts it when not.
  bool is_sampled(const MetricOptions& options) noexcept {
    const std::uint32_t one_in = protocol::one_in(options.rate);
    if (one_in <= 1 || aggregate::is_kept_by_chance(one_in, registry_->options().random)) return true;
    settle(counters().sampled_out);
    return false;
  }

  bool is_enabled() const noexcept { return is_enabled_; }
  const Profile& profile() const noexcept { return registry_->options().profile; }
  Outbox<Transport>& outbox() noexcept { return outbox_; }
  const Outbox<Transport>& outbox() const noexcept { return outbox_; }

 private:
  DeliveryCounters& counters() noexcept { return registry_->counters(); }
  void settle(DeliveryCounters::Counter& as) noexcept { counters().settle(as); }

  bool aggregates(const MetricOptions& options) const noexcept {
    return registry_->options().aggregates && options.timestamp == 0;
  }

  /// Counters, gauges and sets lose nothing by being aggregated, so their rate only matters for lines.
  std::uint32_t series_rate(SeriesType type, const MetricOptions& options) const noexcept {
    if (type == SeriesType::gauge || type == SeriesType::set) return 1;
    const bool sums = type == SeriesType::counter && registry_->options().aggregates;
    return sums ? 1 : protocol::one_in(options.rate);
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

  /// Finds the cell of a name in the calling thread's cache and records there.
  template <class Record>
  void record(const Context& context, SeriesType type, std::uint32_t one_in, std::string_view name,
              const MetricOptions& options, Record&& record) noexcept {
    const aggregate::SeriesName key{
        .context = context.id(), .type = type, .one_in = one_in, .name = name, .tags = options.tags.view()};
    registry_->with_state([&](aggregate::ThreadState& state) {
      const std::uint64_t hash = key.hash();
      std::uint32_t index = state.names.find(key, hash);
      if (index == aggregate::NameCache::unknown) [[unlikely]] {
        index = resolve(context, key);
        if (index == aggregate::Registry::overflow) return;
        state.names.insert(key, hash, index);
      }
      if (index == aggregate::NameCache::refused) return settle(counters().dropped_series_limit);
      record(registry_->series(index), state.cells()[index]);
    });
    registry_->wake_flusher();
  }

  std::uint32_t resolve(const Context& context, const aggregate::SeriesName& key) {
    const auto resolved = aggregate::resolve_series(*registry_, context, key);
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

  void record_bits(const Context& context, SeriesType type, std::string_view name, std::uint64_t bits,
                   const MetricOptions& options, bool is_sampled) noexcept {
    const std::uint32_t one_in = protocol::one_in(options.rate);
    record(context, type, one_in, name, options, [&](Series&, Cell& cell) {
      if (is_sampled || aggregate::is_kept(cell, one_in, registry_->options().random)) {
        registry_->record_sample(cell, bits);
      }
    });
  }

  template <class Write>
  void write(const Context& context, std::string_view name, const MetricOptions& options, Write&& write,
             bool is_sampled = false) noexcept {
    if (options.timestamp != 0 && !profile().timestamps) return settle(counters().dropped_unsupported);
    const std::uint32_t one_in = protocol::one_in(options.rate);
    if (!is_sampled && one_in != 1 && !aggregate::is_kept_by_chance(one_in, registry_->options().random))
      return settle(counters().sampled_out);
    emit(write, {.prefix = context.prefix(),
                 .name = name,
                 .rate = protocol::rate_of(one_in),
                 .profile = &profile(),
                 .constant_tags = context.tags(),
                 .tags = options.tags.view(),
                 .timestamp = options.timestamp});
  }

  template <class Write>
  void send_plain(const Context& context, Write&& write) noexcept {
    if (!profile().events) return settle(counters().dropped_unsupported);
    emit(write, {.profile = &profile(), .constant_tags = context.tags()});
  }

  template <class Write>
  void emit(Write& write, const protocol::LineHead& head) noexcept {
    char line[protocol::max_statsd_line_bytes];
    const std::size_t size = write(std::span{line}.first(registry_->options().max_line_bytes), head);
    if (size == 0) return settle(counters().dropped_oversize);
    outbox_.emit({line, size});
  }

  std::shared_ptr<aggregate::Registry> registry_;
  Outbox<Transport> outbox_;
  bool is_enabled_;
};

}  // namespace client
}  // namespace statwire
