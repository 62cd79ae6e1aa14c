#pragma once

// The documents' kind of JSON: members keep their order.

#include <statwire/detail/json.hpp>

namespace mesos_collector {

using Json = nlohmann::ordered_json;

}  // namespace mesos_collector
