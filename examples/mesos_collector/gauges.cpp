#include "mesos_collector/gauges.hpp"

#include <algorithm>

namespace mesos_collector {

std::map<std::pair<std::string, std::string>, AppGauges> app_gauges(const std::vector<Json>& documents) {
  std::map<std::pair<std::string, std::string>, AppGauges> apps;
  for (const Json& document : documents) {
    AppGauges& gauges =
        apps[{document.at("host").get<std::string>(), document.at("appname").get<std::string>()}];
    for (const char* figure : {"cpu_pct", "cpu_host_pct", "cpu_thr_pct", "mem_pct", "mem_bytes"}) {
      const auto found = document.find(figure);
      if (found == document.end()) continue;  // an agent that does not throttle
      const double value = found->get<double>();
      const auto [gauge, is_first] = gauges.try_emplace(std::string{"mesos."} + figure, value);
      if (!is_first) gauge->second = std::max(gauge->second, value);
    }
    ++gauges["mesos.tasks"];
  }
  return apps;
}

}  // namespace mesos_collector
