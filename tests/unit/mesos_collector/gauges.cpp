#include "mesos_collector/gauges.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/memory_statsd.hpp"

using namespace mesos_collector;

namespace {

Json document(const std::string& host, const std::string& app, double cpu, double memory) {
  return {{"host", host},      {"appname", app},   {"cpu_pct", cpu}, {"cpu_host_pct", cpu / 2},
          {"mem_pct", memory}, {"mem_bytes", 1024}};
}

}  // namespace

TEST_CASE("mesos_collector gauges: of each app on a host, what its busiest task has, and how many tasks") {
  auto busy = document("h:1", "/a", 80, 10);
  busy["cpu_thr_pct"] = 7.5;
  const auto apps = app_gauges({document("h:1", "/a", 20, 30), busy, document("h:2", "/a", 1, 2)});
  CHECK(apps.size() == 2);
  CHECK(apps.at({"h:1", "/a"}) == AppGauges{{"mesos.cpu_pct", 80},
                                            {"mesos.cpu_host_pct", 40},
                                            {"mesos.cpu_thr_pct", 7.5},
                                            {"mesos.mem_pct", 30},
                                            {"mesos.mem_bytes", 1024},
                                            {"mesos.tasks", 2}});
  CHECK(apps.at({"h:2", "/a"}).count("mesos.cpu_thr_pct") == 0);  // it does not throttle
}

TEST_CASE("mesos_collector gauges: with the tags host and app, for a server of Datadog's kind") {
  statwire::test::MemoryStatsd statsd{statwire::testing::MemoryTransport{}, statwire::test::to_datadog};
  send_gauges(statsd, {document("h:1", "/a", 12.34567, 30)});
  auto lines = statwire::test::flushed(statsd);
  std::sort(lines.begin(), lines.end());
  const std::string tags = "|g|#app:/a,host:h:1";
  CHECK(lines == statwire::test::Lines{"mesos.cpu_host_pct:6.172835" + tags, "mesos.cpu_pct:12.34567" + tags,
                                       "mesos.mem_bytes:1024" + tags, "mesos.mem_pct:30" + tags,
                                       "mesos.tasks:1" + tags});
}
