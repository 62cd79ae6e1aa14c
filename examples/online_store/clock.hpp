#pragma once

// What the program takes for the present: the system's clock, or that of a replay, which runs faster.

#include <atomic>
#include <chrono>
#include <statwire/windows.hpp>

namespace online_store {

/// The time in a shop whose day is replayed. Threads: any.
class ReplayClock {
 public:
  using Steady = std::chrono::steady_clock;

  /// `speed` shop seconds pass in one.
  ReplayClock(statwire::EventTime begin, double speed) : begin_{begin}, speed_{speed} {}

  /// Until then it stands at the beginning.
  void start() { started_ = Steady::now(); }

  /// Behind what is sent by as long as events take from the generator to the windows, so that they are there
  /// when their time has come.
  statwire::EventTime now() const { return time_at(Steady::now() - transit); }

  /// How far events that are on their way may be ahead of it, and as much again.
  std::chrono::milliseconds ahead() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(2 * transit * speed_);
  }

  /// When an event of that time has to be sent. Only after start().
  Steady::time_point due(statwire::EventTime time) const {
    const std::chrono::duration<double, std::milli> after = time - begin_;
    return started_.load() + std::chrono::duration_cast<Steady::duration>(after / speed_);
  }

 private:
  static constexpr std::chrono::milliseconds transit{250};

  statwire::EventTime time_at(Steady::time_point time) const {
    const Steady::time_point started = started_;
    if (time <= started) return begin_;
    return begin_ + std::chrono::duration_cast<std::chrono::milliseconds>((time - started) * speed_);
  }

  const statwire::EventTime begin_;
  const double speed_;
  std::atomic<Steady::time_point> started_{Steady::time_point::max()};
};

inline statwire::EventTime system_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace online_store
