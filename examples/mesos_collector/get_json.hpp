#pragma once

// One GET whose answer has to be JSON, as masters and agents give it.

#include <string>
#include <variant>

#include "mesos_collector/failure.hpp"
#include "mesos_collector/http_get.hpp"
#include "mesos_collector/json.hpp"

namespace mesos_collector {

/// The body of an answer with status 200 and the media type application/json. Failures: those of `get`,
/// `http_status`, and `not_json`: of another type, or refused by parse_json().
std::variant<Json, Failure> get_json(const std::string& url, const HttpGet& get);

}  // namespace mesos_collector
