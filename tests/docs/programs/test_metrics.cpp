#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <statwire/statsd.hpp>
#include <statwire/testing/captured.hpp>
#include <statwire/testing/memory_transport.hpp>

template <class Statsd>  // your code, for a client over UDP as well as for that of a test
void place_order(Statsd& statsd) {
  statsd.increment("orders", 1, {.tags = {{"shop", "web"}}});
}

TEST_CASE("an order is counted") {
  statwire::StatsdClient statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};
  place_order(statsd);
  statsd.flush();

  statwire::testing::Captured captured{statsd.transport()};
  CHECK(captured.counter("orders", {{"shop", "web"}}) == 1);
  CHECK(captured.counter("errors") == statwire::testing::nothing);
}
