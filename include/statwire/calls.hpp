#pragma once

// The calls that a StatsdClient and its scopes have in common: this is what users write in their code.
// Included by statsd.hpp.

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "statwire/client/engine.hpp"
#include "statwire/handles.hpp"
#include "statwire/transport/null.hpp"

namespace statwire {

/// A name that the compiler checks: `statsd.counter<"hits.total">()`. Letters, digits, `_`, `-` and `.`,
/// beginning with a letter, at most 200 bytes: what every server takes unchanged.
template <std::size_t Size>
struct FixedName {
  // NOLINTNEXTLINE(google-explicit-constructor): written as a literal
  consteval FixedName(const char (&text)[Size]) { std::copy_n(text, Size, bytes.begin()); }

  constexpr std::string_view view() const noexcept { return {bytes.data(), Size - 1}; }

  constexpr bool is_legal() const noexcept {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto is_plain = [&](char c) {
      return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    };
    return Size > 1 && Size <= 201 && is_letter(bytes[0]) &&
           std::all_of(bytes.begin(), bytes.end() - 1, is_plain);
  }

  std::array<char, Size> bytes{};
};

/// Options of a scope.
struct ScopeOptions {
  TagList tags{};  ///< Copied; they replace those of the outer scope or the client that have the same key.
};

template <class Transport>
class Scope;

/// The calls, for `Self` that has `engine()` and `context()`.
///
/// Threads: every function may be called from any number of threads at once.
/// Cost: see docs/benchmarks.md; no call throws, blocks on the network, or allocates once its name and tags
/// were seen by the calling thread. Names: letters, digits, `_`, `-`, `.`; `/` becomes `-` and every other
/// byte `_`. An empty name is dropped. Numbers: any built-in integer or floating-point type; NaN and
/// infinities are dropped.
template <class Self, class Transport>
class MetricCalls {
 public:
  /// Counts: `name:1|c`.
  template <protocol::Numeric Value = int>
  void increment(std::string_view name, Value value = 1, const MetricOptions& options = {}) noexcept {
    if constexpr (is_live) engine().count(context(), name, value, options);
  }

  /// Counts down: `name:-1|c`.
  template <protocol::Numeric Value = int>
  void decrement(std::string_view name, Value value = 1, const MetricOptions& options = {}) noexcept {
    if constexpr (is_live) engine().count_down(context(), name, value, options);
  }

  /// Sets a gauge: `name:42|g`. Where a server takes a leading minus for a change, a negative value goes as
  /// `name:0|g\nname:-5|g` in one datagram.
  template <protocol::Numeric Value>
  void gauge(std::string_view name, Value value, const MetricOptions& options = {}) noexcept {
    if constexpr (is_live) engine().gauge(context(), name, value, options);
  }

  /// Changes a gauge: `name:+3|g`, `name:-3|g`. On the reference daemon a change of a gauge that is zero or
  /// unknown sets it. There is no rate here: a change that is left out would be missing for good. Servers
  /// that know no changes get the sum of all of them at each flush; a client that sends at once refuses them.
  template <protocol::Numeric Value>
  void gauge_delta(std::string_view name, Value delta, const TagList& tags = {}) noexcept {
    if constexpr (is_live) engine().change_gauge(context(), name, delta, {.tags = tags});
  }

  /// Records a duration in milliseconds, to the nanosecond: `name:0.25|ms`. A negative duration is dropped.
  template <class Rep, class Period>
  void timing(std::string_view name, std::chrono::duration<Rep, Period> duration,
              const MetricOptions& options = {}) noexcept {
    if constexpr (is_live) engine().time(context(), name, duration, options);
  }

  /// A number is no duration: 500 of what? `500ms`, `std::chrono::microseconds{500}` are.
  template <protocol::Numeric Value>
  void timing(std::string_view name, Value a_duration_like_12ms, const MetricOptions& options = {}) = delete;

  /// Records a value whose distribution matters: `name:3.5|h`, or `|ms` where there is no `h`.
  template <protocol::Numeric Value>
  void histogram(std::string_view name, Value value, const MetricOptions& options = {}) noexcept {
    if constexpr (is_live) engine().sample(context(), aggregate::SeriesType::histogram, name, value, options);
  }

  /// A histogram that the server puts together over all hosts: `name:3.5|d`, else as histogram().
  template <protocol::Numeric Value>
  void distribution(std::string_view name, Value value, const MetricOptions& options = {}) noexcept {
    if constexpr (is_live)
      engine().sample(context(), aggregate::SeriesType::distribution, name, value, options);
  }

  /// Adds a member to a set: `name:alice|s`. Control characters, `:` and `|` in it become `_`; an empty one
  /// is dropped.
  void set(std::string_view name, std::string_view member, const MetricOptions& options = {}) noexcept {
    if constexpr (is_live) engine().insert(context(), name, member, options);
  }

  /// Adds a number to a set: `name:42|s`.
  template <protocol::Numeric Value>
  void set(std::string_view name, Value member, const MetricOptions& options = {}) noexcept {
    char text[protocol::max_number_chars];
    const protocol::Number number{member};
    const bool is_finite = number.is_finite();
    set(name, {text, is_finite ? static_cast<std::size_t>(number.write(text) - text) : 0}, options);
  }

  /// Sends an event, where the profile has them.
  void event(const Event& event) noexcept {
    if constexpr (is_live) engine().send(context(), event);
  }

  /// Sends the state of a service, where the profile has them.
  void service_check(const ServiceCheck& check) noexcept {
    if constexpr (is_live) engine().send(context(), check);
  }

  /// Handles: the name is resolved here, once; allocates. See handles.hpp.
  [[nodiscard]] Counter counter(std::string_view name, const MetricOptions& options = {}) {
    return make<Counter>(aggregate::SeriesType::counter, name, options);
  }
  [[nodiscard]] statwire::Gauge gauge(std::string_view name, const MetricOptions& options = {}) {
    return make<statwire::Gauge>(aggregate::SeriesType::gauge, name, options);
  }
  [[nodiscard]] Timing timing(std::string_view name, const MetricOptions& options = {}) {
    return make<Timing>(aggregate::SeriesType::timing, name, options);
  }
  [[nodiscard]] Set set(std::string_view name, const MetricOptions& options = {}) {
    return make<Set>(aggregate::SeriesType::set, name, options);
  }

  /// The same with a name that the compiler checks.
  template <FixedName Name>
  [[nodiscard]] Counter counter(const MetricOptions& options = {}) {
    static_assert(Name.is_legal(),
                  "a metric name is letters, digits, '_', '-' and '.', begins with a letter, and has at most "
                  "200 bytes");
    return counter(Name.view(), options);
  }
  template <FixedName Name>
  [[nodiscard]] statwire::Gauge gauge(const MetricOptions& options = {}) {
    static_assert(Name.is_legal(),
                  "a metric name is letters, digits, '_', '-' and '.', begins with a letter, and has at most "
                  "200 bytes");
    return gauge(Name.view(), options);
  }
  template <FixedName Name>
  [[nodiscard]] Timing timing(const MetricOptions& options = {}) {
    static_assert(Name.is_legal(),
                  "a metric name is letters, digits, '_', '-' and '.', begins with a letter, and has at most "
                  "200 bytes");
    return timing(Name.view(), options);
  }
  template <FixedName Name>
  [[nodiscard]] Set set(const MetricOptions& options = {}) {
    static_assert(Name.is_legal(),
                  "a metric name is letters, digits, '_', '-' and '.', begins with a letter, and has at most "
                  "200 bytes");
    return set(Name.view(), options);
  }

  /// A view of the same client with a longer prefix and more tags. It must not outlive the client. Allocates.
  [[nodiscard]] Scope<Transport> scope(std::string_view name, const ScopeOptions& options = {}) {
    return {engine(), engine().inner(context(), name, options.tags)};
  }

  /// For timers: the decision about a sample before the clock is read, and the recording of one that is kept.
  bool is_sampled(const MetricOptions& options) noexcept {
    if constexpr (is_live) return !engine().is_enabled() || engine().is_sampled(options);
    return false;
  }
  template <class Rep, class Period>
  void timing_sampled(std::string_view name, std::chrono::duration<Rep, Period> duration,
                      const MetricOptions& options) noexcept {
    if constexpr (is_live) engine().time(context(), name, duration, options, true);
  }

 private:
  friend Self;
  MetricCalls() = default;

  /// With a transport that sends nothing there is nothing to do.
  static constexpr bool is_live = !std::same_as<Transport, NullTransport>;

  template <class Handle>
  Handle make(aggregate::SeriesType type, std::string_view name, const MetricOptions& options) {
    if constexpr (is_live) {
      return Handle{engine().handle(context(), type, name, options)};
    } else {
      return {};
    }
  }

  client::Engine<Transport>& engine() noexcept { return static_cast<Self*>(this)->engine_ref(); }
  const aggregate::Context& context() noexcept { return static_cast<Self*>(this)->context_ref(); }
};

/// A view of a client with a longer prefix and more tags; StatsdClient::scope() makes it.
///
/// Threads: as the client. It may be copied, and must not outlive the client.
template <class Transport>
class Scope : public MetricCalls<Scope<Transport>, Transport> {
 public:
  Scope(client::Engine<Transport>& engine, const aggregate::Context& context)
      : engine_{&engine}, context_{context} {}

 private:
  friend MetricCalls<Scope, Transport>;
  client::Engine<Transport>& engine_ref() noexcept { return *engine_; }
  const aggregate::Context& context_ref() noexcept { return context_; }

  client::Engine<Transport>* engine_;
  aggregate::Context context_;
};

}  // namespace statwire
