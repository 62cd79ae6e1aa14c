#include "mesos_collector/get_json.hpp"

#include <algorithm>
#include <cstddef>
#include <statwire/protocol/text.hpp>
#include <string_view>

#include "mesos_collector/parse_json.hpp"

namespace mesos_collector {
namespace {

bool is_json_type(std::string_view content_type) {
  constexpr std::string_view json = "application/json";
  const std::string_view type = statwire::protocol::trim(statwire::protocol::take_until(content_type, ';'));
  return std::equal(type.begin(), type.end(), json.begin(), json.end(),
                    [](char written, char lower) { return statwire::protocol::to_lower(written) == lower; });
}

/// What others sent, fit to be quoted.
std::string shortened(const std::string& text) {
  constexpr std::size_t most = 100;
  return text.size() <= most ? text : text.substr(0, most) + "...";
}

}  // namespace

std::variant<Json, Failure> get_json(const std::string& url, const HttpGet& get) {
  const auto result = get(url);
  if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
  const auto& reply = std::get<HttpReply>(result);
  constexpr int ok = 200;
  if (reply.status != ok) {
    return Failure{"http_status", "it answered with the HTTP status " + std::to_string(reply.status)};
  }
  if (!is_json_type(reply.content_type)) {
    return Failure{"not_json",
                   "its answer has the type '" + shortened(reply.content_type) + "', not application/json"};
  }
  return parse_json(reply.body, "its answer");
}

}  // namespace mesos_collector
