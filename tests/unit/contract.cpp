// The calls that a user writes, as the design promises them: names and shapes that must compile. What they
// send is checked to the byte.

#include <chrono>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "statwire/metrics.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "statwire/testing/scripted_stream.hpp"
#include "statwire/timer.hpp"
#include "support/memory_statsd.hpp"

using namespace std::chrono_literals;

TEST_CASE("contract: the calls of a StatsdClient") {
  statwire::StatsdClient statsd{statwire::testing::MemoryTransport{},
                                {.prefix = "v1.tatar.bars.test.instance_test",
                                 .delivery = statwire::Delivery::buffered,
                                 .flush = statwire::Flush::manual}};

  statsd.increment("python_test.inc_int");
  statsd.increment("bytes", 512);
  statsd.decrement("python_test.decr_int");
  statsd.gauge("queue.depth", 42);
  statsd.gauge("queue.depth", -4);
  statsd.gauge_delta("queue.depth", -3);
  statsd.gauge_delta("queue.depth", 3);
  statsd.timing("python_test.time", 500ms);
  statsd.set("users", "alice");
  statsd.set("users", 17);
  statsd.increment("hits", 1, {.rate = 1.0});
  statsd.flush();

  const std::string prefix = "v1.tatar.bars.test.instance_test.";
  CHECK(statsd.transport().lines() == std::vector<std::string>{
                                          prefix + "python_test.inc_int:1|c",
                                          prefix + "bytes:512|c",
                                          prefix + "python_test.decr_int:-1|c",
                                          prefix + "queue.depth:42|g",
                                          prefix + "queue.depth:0|g",
                                          prefix + "queue.depth:-4|g",
                                          prefix + "queue.depth:-3|g",
                                          prefix + "queue.depth:+3|g",
                                          prefix + "python_test.time:500|ms",
                                          prefix + "users:alice|s",
                                          prefix + "users:17|s",
                                          prefix + "hits:1|c",
                                      });
  const statwire::DeliveryStats seen = statsd.stats();
  CHECK(seen.sent == 11);
}

TEST_CASE("contract: a scope and a call are timed") {
  statwire::StatsdClient statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};
  { statwire::ScopedTimer timer{statsd, "request"}; }
  const auto answer = statwire::timed(statsd, "myfunc", [] { return 42; });
  statsd.flush();
  CHECK(answer == 42);
  const std::vector<std::string> lines = statsd.transport().lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("request:"));
  CHECK(lines[1].starts_with("myfunc:"));
  CHECK(lines[1].ends_with("|ms"));
}

TEST_CASE("contract: handles and timers promise not to throw") {
  using namespace statwire;
  constexpr std::chrono::milliseconds duration{1};
  static_assert(noexcept(std::declval<Counter&>().increment()));
  static_assert(noexcept(std::declval<Counter&>().increment(0.5)));
  static_assert(noexcept(std::declval<Counter&>().decrement()));
  static_assert(noexcept(std::declval<Gauge&>().set(1)));
  static_assert(noexcept(std::declval<Gauge&>().add(-1.5)));
  static_assert(noexcept(std::declval<Timing&>().record(duration)));
  static_assert(noexcept(std::declval<Set&>().insert(std::string_view{})));
  static_assert(noexcept(std::declval<Set&>().insert(7)));
  static_assert(std::is_nothrow_constructible_v<ScopedTimer<Timing>, Timing&>);
  static_assert(std::is_nothrow_destructible_v<ScopedTimer<Timing>>);
}

TEST_CASE("contract: a client over UDP is made of host, port and options") {
  statwire::StatsdClient statsd{"127.0.0.1", 8125, {.prefix = "v1.tatar.bars.test.instance_test"}};
  static_assert(std::is_same_v<decltype(statsd), statwire::StatsdClient<statwire::UdpTransport>>);
}

TEST_CASE("contract: the calls of a MetricsClient") {
  statwire::MetricsClient client{statwire::testing::ScriptedStream{
      {.replies = {"ok\n\n", "ok\n\n", "ok\n\n", "ok\n\n", "ok\nhuginn.cpu 2.0 20\nhuginn.cpu 0.5 10\n\n"}}}};
  client.put("huginn.cpu", 0.5, 1642667947);
  client.put("muninn.memory", 42000000);
  const std::vector<statwire::Point> points{{"a", 1, 10}, {.key = "b", .value = 2.5, .timestamp = 20}};
  client.put(std::span<const statwire::Point>{points});
  statwire::Series all = client.get("*");

  CHECK(
      client.transport().written().starts_with("put huginn.cpu 0.5 1642667947\nput muninn.memory 42000000 "));
  CHECK(client.transport().written().ends_with("\nput a 1 10\nput b 2.5 20\nget *\n"));
  std::vector<std::pair<std::int64_t, double>> rows;
  for (auto [timestamp, value] : all["huginn.cpu"]) rows.emplace_back(timestamp, value);
  CHECK(rows == std::vector<std::pair<std::int64_t, double>>{{10, 0.5}, {20, 2.0}});

  std::error_code ec;
  client.put("two words", 1, ec);
  CHECK(ec == statwire::errc::invalid_key);
  static_assert(std::is_base_of_v<std::system_error, statwire::ClientError>);
}
