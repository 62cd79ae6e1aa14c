#pragma once

// Times a scope, or a call, and sends the duration as a timing: also when an exception leaves it.
//
//   { statwire::ScopedTimer timer{statsd, "request"};  handle(); }
//   auto answer = statwire::timed(statsd, "myfunc", [&] { return f(1, 2); });

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/statsd.hpp"

namespace statwire {

/// Sends the time from its construction to its destruction, stop() or never (cancel()), once.
///
/// The client and the name must outlive the timer; a temporary std::string is refused by the compiler.
/// Threads: one at a time. Cost: two readings of the clock and one timing().
template <class Client, class Clock = std::chrono::steady_clock>
class [[nodiscard]] ScopedTimer {
 public:
  [[nodiscard]] ScopedTimer(Client& statsd, std::string_view name, const MetricOptions& options = {}) noexcept
      : statsd_{&statsd}, name_{name}, options_{options} {}

  [[nodiscard]] ScopedTimer(Client& statsd, const char* name, const MetricOptions& options = {}) noexcept
      : ScopedTimer{statsd, std::string_view{name}, options} {}

  ScopedTimer(Client&, std::string&&, const MetricOptions& = {}) = delete;

  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;

  ~ScopedTimer() { stop(); }

  /// Sends now and returns the duration; zero when the timer was stopped or cancelled before.
  typename Clock::duration stop() noexcept {
    if (statsd_ == nullptr) return Clock::duration::zero();
    const auto duration = Clock::now() - start_;
    std::exchange(statsd_, nullptr)->timing(name_, duration, options_);
    return duration;
  }

  /// Ends the timer without sending anything.
  void cancel() noexcept { statsd_ = nullptr; }

 private:
  Client* statsd_;
  std::string_view name_;
  MetricOptions options_;
  typename Clock::time_point start_ = Clock::now();
};

/// Calls `function`, returns what it returns, and sends the time that it took under `name`.
template <class Client, std::invocable Function>
decltype(auto) timed(Client& statsd, std::string_view name, Function&& function) {
  const ScopedTimer timer{statsd, name};
  return std::invoke(std::forward<Function>(function));
}

}  // namespace statwire
