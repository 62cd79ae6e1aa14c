#pragma once

// What the agents of a simulated cluster say about their tasks: made up, but like the real thing, and the
// same for the same clock.

#include <cstddef>
#include <functional>
#include <string>

namespace mesos_collector {

/// Seconds since the epoch.
using UnixClock = std::function<double()>;

/// The system's clock.
double unix_time();

/// Counters grow with the clock, each at its own rate; limits of CPU are 0.2 to 2.1, those of memory 64 to
/// 2048 MiB; a third of the tasks has no figures of throttling, as on agents without CFS quotas. Threads: as
/// the clock.
class SimulatedTasks {
 public:
  /// Tasks have run for up to 30 days when the clock says what it does now.
  explicit SimulatedTasks(std::size_t tasks_of_agent, UnixClock now = unix_time);

  /// The answer to /monitor/statistics.json of an agent by its number.
  std::string operator()(std::size_t agent) const;

 private:
  std::size_t tasks_of_agent_;
  UnixClock now_;
  double begin_;
};

}  // namespace mesos_collector
