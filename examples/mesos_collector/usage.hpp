#pragma once

// What a task used between two samples, read from what an agent says of it, before anything is rounded.

#include <optional>
#include <variant>

#include "mesos_collector/exact_number.hpp"
#include "mesos_collector/failure.hpp"
#include "mesos_collector/json.hpp"

namespace mesos_collector {

/// What becomes of counters that went down, as those of a task that was started again under its old id.
enum class Resets { fail, publish };

/// The period and the limits, which others are divided by, are not 0.
struct Usage {
  ExactNumber period{};                    ///< Seconds.
  ExactNumber user{};                      ///< Seconds.
  ExactNumber system{};                    ///< Seconds.
  std::optional<ExactNumber> throttled{};  ///< Seconds; none when the agent does not throttle now.
  ExactNumber limit{};                     ///< CPUs, with what Mesos adds for the executor.
  ExactNumber task_limit{};                ///< CPUs, without it.
  ExactNumber memory{};                    ///< Bytes.
  ExactNumber memory_limit{};              ///< Bytes.
};

/// Reads the statistics of two task objects, or says what is wrong first, with the name and the value:
/// - missing_field, wrong_field: the statistics or one of them is not there, or is no number;
/// - counter_reset: the time or a counter went down, and Resets::fail;
/// - zero_period: both samples are of the same time;
/// - zero_limit: the task has no memory, or no more of the CPU than its executor.
std::variant<Usage, Failure> usage_between(const Json& before, const Json& now, Resets resets);

}  // namespace mesos_collector
