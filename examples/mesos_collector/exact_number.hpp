#pragma once

// Numbers that are never rounded on the way: quotients of integers of any size, through GMP. To divide by
// zero ends the program, so whoever divides has looked before.

#include <gmpxx.h>

#include <optional>

#include "mesos_collector/json.hpp"

namespace mesos_collector {

using ExactNumber = mpq_class;

/// What a number of JSON is in memory: an integer, or all binary digits of its double, so that 0.1 is a
/// little more than a tenth. None: it is no number, or no finite one.
std::optional<ExactNumber> binary_value(const Json& number);

/// What a number of JSON is as it is printed: the shortest decimal number that reads back as it, so that 0.1
/// is a tenth. None: it is no number, or no finite one.
std::optional<ExactNumber> decimal_value(const Json& number);

/// Rounds away from zero to so many decimals, and then to the nearest double. None: no double is so large.
std::optional<double> round_away(const ExactNumber& value, unsigned decimals);

}  // namespace mesos_collector
