// What a metric costs without a network: formatting alone, and a client over a transport that does nothing.

#include <span>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"

namespace {

using namespace statwire;
using namespace std::chrono_literals;

/// Takes everything and does nothing. (A client over NullTransport does not even format.)
struct DiscardingTransport {
  std::error_code send(std::string_view) noexcept { return {}; }
};

constexpr std::string_view counter_line = "bench.requests.total:1|c";

std::string formatted(auto&& write) {
  char line[256];
  return {line, write(std::span{line})};
}

}  // namespace

TEST_CASE("formatting one line") {
  const protocol::LineHead head{.prefix = "bench.", .name = "requests.total"};
  REQUIRE(formatted([&](auto out) { return protocol::write_counter(out, head, 1); }) == counter_line);
  REQUIRE(formatted([&](auto out) { return protocol::write_gauge(out, head, 0.125); }) ==
          "bench.requests.total:0.125|g");
  REQUIRE(formatted([&](auto out) { return protocol::write_timing(out, head, 12'345us); }) ==
          "bench.requests.total:12.345|ms");

  char line[256];
  BENCHMARK("copying 24 bytes (floor)") {
    counter_line.copy(line, counter_line.size());
    return line[0];
  };
  BENCHMARK("counter, an integer") {
    return protocol::write_counter(line, head, 1);
  };
  BENCHMARK("gauge, a whole double") {
    return protocol::write_gauge(line, head, 42.0);
  };
  BENCHMARK("gauge, a shortest double") {
    return protocol::write_gauge(line, head, 0.1);
  };
  BENCHMARK("timing, microseconds") {
    return protocol::write_timing(line, head, 12'345us);
  };
}

TEST_CASE("a client without a network, per call") {
  StatsdClient buffered{DiscardingTransport{},
                        {.prefix = "bench", .delivery = Delivery::buffered, .flush = Flush::manual}};
  StatsdClient immediate{DiscardingTransport{}, {.prefix = "bench", .delivery = Delivery::immediate}};
  {
    StatsdClient check{testing::MemoryTransport{},
                       {.prefix = "bench", .delivery = Delivery::buffered, .flush = Flush::manual}};
    check.increment("requests.total");
    check.flush();
    REQUIRE(check.transport().lines().at(0) == counter_line);
  }

  const protocol::LineHead head{.prefix = "bench.", .name = "requests.total"};
  char line[256];
  BENCHMARK("formatting alone (floor)") {
    return protocol::write_counter(line, head, 1);
  };
  BENCHMARK("increment, buffered") {
    buffered.increment("requests.total");
  };
  BENCHMARK("increment, immediate") {
    immediate.increment("requests.total");
  };
  BENCHMARK("increment, sampled at 1 in 100") {
    buffered.increment("requests.total", 1, {.rate = 0.01});
  };
  BENCHMARK("gauge, buffered") {
    buffered.gauge("requests.total", 0.1);
  };
}
