#pragma once

// Times a scope and records the duration when it ends, also when an exception leaves it. Over a Timing it
// comes with handles.hpp, over a client or a scope with timer.hpp.

#include <chrono>
#include <concepts>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/client/metric_options.hpp"
#include "statwire/protocol/tag.hpp"

namespace statwire {

class Timing;

namespace detail {

/// Where the time of a timer goes: a name of a client or a scope (timer.hpp) or a handle (handles.hpp).
template <class Measured>
class TimingTarget;

}  // namespace detail

/// Whether tags can be added to what a timer sends.
template <class Target>
concept HasAddTag = requires(Target& target, const Tag& tag) {
  target.add(tag);
};

/// Sends the time from its construction to its destruction, stop() or never (cancel()), once.
///
/// The client or handle, the name and the tags must outlive the timer; a temporary std::string or handle is
/// refused by the compiler. Threads: one at a time; a timer may end on another thread than it began. Cost:
/// two readings of the clock and one timing; when the rate leaves it out, neither.
/// `Measured` is a client, a scope or a Timing.
template <class Measured, class Clock = std::chrono::steady_clock>
class [[nodiscard]] ScopedTimer {
  using Target = detail::TimingTarget<Measured>;

 public:
  [[nodiscard]] ScopedTimer(Measured& statsd, std::string_view name,
                            const MetricOptions& options = {}) noexcept
      : ScopedTimer{Target{statsd, name, options}} {}

  [[nodiscard]] ScopedTimer(Measured& statsd, const char* name, const MetricOptions& options = {}) noexcept
      : ScopedTimer{statsd, std::string_view{name}, options} {}

  ScopedTimer(Measured&, std::string&&, const MetricOptions& = {}) = delete;

  [[nodiscard]] explicit ScopedTimer(const Measured& timing) noexcept requires std::same_as<Measured, Timing>
      : ScopedTimer{Target{timing}} {}
  explicit ScopedTimer(Timing&&) = delete;

  /// The timer that was moved from sends nothing.
  ScopedTimer(ScopedTimer&& other) noexcept
      : target_{other.target_},
        start_{other.start_},
        is_running_{std::exchange(other.is_running_, false)},
        is_sampled_{other.is_sampled_},
        tags_result_{other.tags_result_},
        exceptions_{other.exceptions_} {}
  ScopedTimer& operator=(ScopedTimer&&) = delete;
  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;

  ~ScopedTimer() { stop(); }

  /// Sends now and returns the duration; zero when the timer was stopped or cancelled before, or left out by
  /// its rate.
  typename Clock::duration stop() noexcept {
    if (!std::exchange(is_running_, false) || !is_sampled_) return Clock::duration::zero();
    const auto duration = Clock::now() - start_;
    if constexpr (takes_tags) {
      if (tags_result_) tag("result", std::uncaught_exceptions() > exceptions_ ? "error" : "ok");
    }
    target_.record(duration);
    return duration;
  }

  /// Ends the timer without sending anything.
  void cancel() noexcept { is_running_ = false; }

  /// Adds a tag that is known only now. Not for handles, whose tags are fixed.
  ScopedTimer& tag(std::string_view key, std::string_view value) noexcept requires(HasAddTag<Target>) {
    target_.add({key, value});
    return *this;
  }

  /// A temporary text would be gone when the timer ends.
  template <class Value>
  ScopedTimer& tag(std::string_view, Value&&) requires std::same_as<Value, std::string>
  = delete;
  template <class Key>
  ScopedTimer& tag(Key&&, std::string_view) requires std::same_as<Key, std::string>
  = delete;

  /// Adds the tag `result` when the timer ends: `error` when an exception ends its scope, else `ok`.
  ScopedTimer& tag_result() noexcept requires(HasAddTag<Target>) {
    tags_result_ = true;
    exceptions_ = std::uncaught_exceptions();
    return *this;
  }

 private:
  static constexpr bool takes_tags = HasAddTag<Target>;

  explicit ScopedTimer(const Target& target) noexcept : target_{target}, is_sampled_{target_.is_sampled()} {
    if (is_sampled_) start_ = Clock::now();
  }

  Target target_;
  typename Clock::time_point start_{};
  bool is_running_ = true;
  bool is_sampled_;
  bool tags_result_ = false;
  int exceptions_ = 0;
};

template <class Client, class Name>
ScopedTimer(Client&, Name&&) -> ScopedTimer<Client>;
template <class Client, class Name>
ScopedTimer(Client&, Name&&, const MetricOptions&) -> ScopedTimer<Client>;
ScopedTimer(const Timing&)->ScopedTimer<Timing>;
ScopedTimer(Timing&&)->ScopedTimer<Timing>;

}  // namespace statwire
