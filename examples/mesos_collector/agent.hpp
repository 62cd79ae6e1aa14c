#pragma once

// What an agent of the cluster says about its tasks.

#include <string>
#include <variant>
#include <vector>

#include "mesos_collector/failure.hpp"
#include "mesos_collector/http_get.hpp"
#include "mesos_collector/json.hpp"

namespace mesos_collector {

/// The elements of http://ADDRESS/monitor/statistics.json as they are, whatever they are; the address is
/// host:port. Failures: those of get_json(), and `wrong_field` when it is no array.
std::variant<std::vector<Json>, Failure> agent_tasks(const std::string& address, const HttpGet& get);

}  // namespace mesos_collector
