// Built with -fno-exceptions -fno-rtti: the StatsD side must do without. No doctest, which needs both.

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "statwire/timer.hpp"

int main() {
  statwire::StatsdClient statsd{statwire::testing::MemoryTransport{},
                                {.prefix = "app", .flush = statwire::Flush::manual}};
  const statwire::Counter hits = statsd.counter("hits", {.tags = {{"route", "/a"}}});
  hits.increment();
  statsd.increment("calls", 2);
  statsd.timing("latency", std::chrono::milliseconds{5});
  {
    statwire::ScopedTimer timer{statsd, "scope"};
    timer.cancel();
  }
  statsd.flush();

  statwire::StatsdClient udp{"127.0.0.1", 8125, {.flush = statwire::Flush::manual}};
  udp.increment("hits");

  const std::vector<std::string> expected{"app.hits:1|c|#route:/a", "app.calls:2|c", "app.latency:5|ms"};
  const bool is_understood = statwire::testing::Captured{statsd.transport()}.counter("app.calls") == 2;
  if (statsd.transport().lines() == expected && is_understood) return 0;
  for (const std::string& line : statsd.transport().lines()) std::fprintf(stderr, "%s\n", line.c_str());
  return 1;
}
