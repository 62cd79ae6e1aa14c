// What a user of the StatsD client writes: a counter, and a test that reads the lines back.

#include <iostream>

#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "statwire/testing/memory_transport.hpp"

int main() {
  statwire::StatsdClient statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};
  const auto hits = statsd.counter("hits", {.tags = {{"route", "/a"}}});
  hits.increment();
  hits.increment(2);
  statsd.flush();

  const statwire::testing::Captured captured{statsd.transport()};
  if (captured.counter("hits", {{"route", "/a"}}) == 3) return 0;
  for (const auto& line : statsd.transport().lines()) std::cerr << line << '\n';
  return 1;
}
