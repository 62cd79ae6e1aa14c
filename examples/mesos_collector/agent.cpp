#include "mesos_collector/agent.hpp"

#include <utility>

#include "mesos_collector/get_json.hpp"

namespace mesos_collector {

std::variant<std::vector<Json>, Failure> agent_tasks(const std::string& address, const HttpGet& get) {
  auto answer = get_json("http://" + address + "/monitor/statistics.json", get);
  if (auto* failure = std::get_if<Failure>(&answer)) return std::move(*failure);
  Json& json = std::get<Json>(answer);
  if (!json.is_array()) {
    return Failure{"wrong_field", std::string{"its answer is of the type "} + json.type_name() +
                                      "; legal is an array of tasks"};
  }
  return std::move(json.get_ref<Json::array_t&>());
}

}  // namespace mesos_collector
