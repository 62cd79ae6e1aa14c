#pragma once

// JSON as the original prints it, so that documents and samples are the same bytes.

#include <string>

#include "mesos_collector/json.hpp"

namespace mesos_collector {

/// What Python's json.dumps(value, ensure_ascii=False) returns: `{"a": 1e-05, "b": [1.0, "é"]}`. Always UTF-8
/// and always JSON: bytes that are no UTF-8 become U+FFFD, a double that is not finite becomes null.
/// Calls itself for every level of nesting.
std::string to_python_json(const Json& value);

/// A value as a message shows it, which is short whatever others sent: an object is `an object`, and of a
/// string there are 40 bytes.
std::string json_excerpt(const Json& value);

}  // namespace mesos_collector
