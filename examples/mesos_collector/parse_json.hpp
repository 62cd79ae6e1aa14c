#pragma once

// JSON that others wrote: agents, masters, and whoever can write to Redis.

#include <string_view>
#include <variant>

#include "mesos_collector/failure.hpp"
#include "mesos_collector/json.hpp"

namespace mesos_collector {

/// What the text says. Failure `not_json`: malformed, nested deeper than 32 levels, or with more than 1000
/// members in an object or 1,000,000 values in all; its message begins with `name`, which says what the text
/// is.
std::variant<Json, Failure> parse_json(std::string_view text, std::string_view name);

}  // namespace mesos_collector
