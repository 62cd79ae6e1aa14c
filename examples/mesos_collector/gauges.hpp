#pragma once

// The documents' figures as gauges of StatsD: mesos.cpu_pct, mesos.cpu_host_pct, mesos.cpu_thr_pct,
// mesos.mem_pct, mesos.mem_bytes and mesos.tasks, with the tags host and app.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "mesos_collector/json.hpp"

namespace mesos_collector {

/// The gauges of one app on one host, by their names.
using AppGauges = std::map<std::string, double>;

/// The tasks of one app on one host share their tags, for a tag with the id of each would make new series for
/// ever: each gauge is that of the task which has most of it, and `mesos.tasks` says how many there are.
std::map<std::pair<std::string, std::string>, AppGauges> app_gauges(const std::vector<Json>& documents);

/// Sends them. `Statsd` is a client of statwire; safe to be called from several threads at once.
template <class Statsd>
void send_gauges(Statsd& statsd, const std::vector<Json>& documents) {
  for (const auto& [place, gauges] : app_gauges(documents)) {
    const auto& [host, app] = place;
    for (const auto& [name, value] : gauges)
      statsd.gauge(name, value, {.tags = {{"host", host}, {"app", app}}});
  }
}

}  // namespace mesos_collector
