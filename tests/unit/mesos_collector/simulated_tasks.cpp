#include "mesos_collector/simulated_tasks.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>

#include "mesos_collector/json.hpp"

using namespace mesos_collector;

namespace {

constexpr double start = 1'700'000'000.25;

Json tasks_at(double& clock, double time, std::size_t agent, const SimulatedTasks& tasks) {
  clock = time;
  return Json::parse(tasks(agent));
}

}  // namespace

TEST_CASE("simulated tasks: the same clock gives the same tasks, and every agent has its own") {
  double clock = start;
  const SimulatedTasks one{20, [&] { return clock; }};
  const SimulatedTasks other{20, [&] { return clock; }};
  CHECK(one(0) == other(0));
  std::set<std::string> ids;
  for (std::size_t agent = 0; agent < 50; ++agent) {
    for (const Json& task : Json::parse(one(agent))) ids.insert(task.at("executor_id"));
  }
  CHECK(ids.size() == 50 * 20);
}

TEST_CASE("simulated tasks: figures are within what a cluster has") {
  double clock = start;
  const SimulatedTasks tasks{200, [&] { return clock; }};
  std::size_t throttled = 0;
  std::set<double> limits;
  for (const Json& task : tasks_at(clock, start + 100, 3, tasks)) {
    const Json& figures = task.at("statistics");
    const double limit = figures.at("cpus_limit");
    limits.insert(limit);
    const double memory = figures.at("mem_limit_bytes");
    CHECK((memory >= 64 << 20 && memory <= 2048.0 * (1 << 20)));
    CHECK((figures.at("mem_rss_bytes") > 0 && figures.at("mem_rss_bytes") <= memory));
    CHECK(figures.at("timestamp") == start + 100);
    throttled += figures.contains("cpus_throttled_time_secs");
    const std::string id = task.at("executor_id");
    CHECK(id.size() - id.rfind('.') == 37);
  }
  CHECK(*limits.begin() == 0.2);
  CHECK(*limits.rbegin() == 2.1);
  CHECK((throttled > 100 && throttled < 170));
}

TEST_CASE("simulated tasks: counters grow with the clock, by no more than the limits allow twice over") {
  constexpr double step = 7;
  double clock = start;
  const SimulatedTasks tasks{100, [&] { return clock; }};
  Json before = tasks_at(clock, start, 5, tasks);
  double used = 0;
  for (double time = start + step; time < start + 300; time += step) {
    Json now = tasks_at(clock, time, 5, tasks);
    for (std::size_t i = 0; i < now.size(); ++i) {
      const Json& was = before[i].at("statistics");
      const Json& is = now[i].at("statistics");
      bool has_grown = is.contains("cpus_nr_periods") == was.contains("cpus_nr_periods");
      for (const char* name : {"cpus_user_time_secs", "cpus_system_time_secs", "cpus_nr_periods",
                               "cpus_nr_throttled", "cpus_throttled_time_secs"}) {
        has_grown = has_grown && is.value(name, 0.0) >= was.value(name, 0.0);
      }
      CHECK_MESSAGE(has_grown, was.dump() << " became " << is.dump());
      const double cpu =
          is.at("cpus_user_time_secs").get<double>() - was.at("cpus_user_time_secs").get<double>();
      CHECK(cpu <= step * 2 * is.at("cpus_limit").get<double>());
      used += cpu;
    }
    before = std::move(now);
  }
  CHECK(used > 0);
}

TEST_CASE("simulated tasks: the system's clock is that of now") {
  CHECK(unix_time() > 1.7e9);
}
