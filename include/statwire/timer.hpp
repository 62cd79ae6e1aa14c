#pragma once

// Times a scope, or a call, and sends the duration as a timing: also when an exception leaves it.
//
//   { statwire::ScopedTimer timer{statsd, "request"};  handle(); }
//   { statwire::ScopedTimer timer{latency};            handle(); }      // latency = statsd.timing("latency")
//   auto answer = statwire::timed(statsd, "myfunc", [&] { return f(1, 2); });

#include <concepts>
#include <functional>
#include <string_view>
#include <utility>

#include "statwire/scoped_timer.hpp"
#include "statwire/statsd.hpp"

namespace statwire {

namespace detail {

/// A name of a client or a scope.
template <class Client>
class TimingTarget {
 public:
  TimingTarget(Client& statsd, std::string_view name, const MetricOptions& options) noexcept
      : statsd_{&statsd}, name_{name}, options_{options} {}

  bool is_sampled() noexcept { return statsd_->is_sampled(options_); }

  template <class Duration>
  void record(Duration duration) noexcept {
    statsd_->timing_sampled(name_, duration, options_);
  }

  void add(const Tag& tag) noexcept { options_.tags.add(tag); }

 private:
  Client* statsd_;
  std::string_view name_;
  MetricOptions options_;
};

}  // namespace detail

/// Calls `function`, returns what it returns, and sends the time that it took under `name`, also when it
/// throws.
template <class Client, std::invocable Function>
decltype(auto) timed(Client& statsd, std::string_view name, Function&& function) {
  const ScopedTimer timer{statsd, name};
  return std::invoke(std::forward<Function>(function));
}

}  // namespace statwire
