#include "statwire/statsd.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"

namespace {

using namespace statwire;
using namespace std::chrono_literals;
using MemoryStatsd = StatsdClient<testing::MemoryTransport>;
using Lines = std::vector<std::string>;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

std::uint64_t random_state = 0;
std::uint64_t counting_random() noexcept {
  return random_state += std::uint64_t{1} << 60;
}

/// Every sample is in exactly one figure.
void check_accounted(const DeliveryStats& stats) {
  CHECK(stats.accepted == stats.sent + stats.sampled_out + stats.dropped() + stats.pending);
}

}  // namespace

TEST_CASE("statsd client: a negative absolute gauge follows a zero in the same datagram") {
  // Both lines and the line feed are 17 bytes: they do not fit behind the 5 bytes of the first line.
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.delivery = Delivery::buffered, .max_packet_bytes = 20, .flush = Flush::manual}};
  statsd.increment("a");
  statsd.gauge("gau", -5);
  statsd.flush();
  CHECK(statsd.transport().datagrams() == Lines{"a:1|c", "gau:0|g\ngau:-5|g"});
  CHECK(statsd.stats().sent == 2);
}

TEST_CASE("statsd client: immediate delivery sends one datagram a call, without a flush") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::immediate}};
  statsd.increment("a");
  statsd.increment("b");
  CHECK(statsd.transport().datagrams() == Lines{"a:1|c", "b:1|c"});
}

TEST_CASE("statsd client: buffered lines are packed to the byte limit") {
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.delivery = Delivery::buffered, .max_packet_bytes = 17, .flush = Flush::manual}};
  for (int i = 0; i < 7; ++i) statsd.increment("a");  // three lines and two line feeds are 17 bytes
  statsd.flush();
  CHECK(statsd.transport().datagrams() == Lines{"a:1|c\na:1|c\na:1|c", "a:1|c\na:1|c\na:1|c", "a:1|c"});
  CHECK(statsd.stats().datagrams == 3);
  CHECK(statsd.stats().bytes == 17 + 17 + 5);
}

TEST_CASE("statsd client: no datagram is longer than the limit, whatever is sent") {
  std::mt19937 random{7};
  for (const std::size_t limit : {16U, 17U, 100U, 1432U}) {
    MemoryStatsd statsd{testing::MemoryTransport{},
                        {.delivery = Delivery::buffered, .max_packet_bytes = limit, .flush = Flush::manual}};
    for (int i = 0; i < 500; ++i) {
      const std::string name(random() % 40 + 1, 'n');
      statsd.gauge(name, static_cast<double>(random()) * -0.001);
      statsd.set(name, std::string(random() % 30 + 1, 'm'));
    }
    statsd.flush();
    for (const std::string& datagram : statsd.transport().datagrams()) CHECK(datagram.size() <= limit);
    CHECK(statsd.stats().accepted == 1000);
    check_accounted(statsd.stats());
  }
}

TEST_CASE("statsd client: a line that cannot fit is dropped and counted, and the next one is sent") {
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.delivery = Delivery::buffered, .max_packet_bytes = 16, .flush = Flush::manual}};
  statsd.increment(std::string(13, 'n'));  // 13 + ":1|c" is 17
  statsd.increment(std::string(12, 'n'));
  statsd.flush();
  CHECK(statsd.transport().lines() == Lines{std::string(12, 'n') + ":1|c"});
  CHECK(statsd.stats().dropped_oversize == 1);
  check_accounted(statsd.stats());
}

TEST_CASE("statsd client: what is no number is dropped and counted") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::buffered, .flush = Flush::manual}};
  statsd.gauge("g", not_a_number);
  statsd.increment("c", infinity);
  statsd.decrement("c", -infinity);
  statsd.gauge_delta("g", not_a_number);
  statsd.set("s", infinity);
  statsd.timing("t", -1ms);
  statsd.timing("t", std::chrono::duration<double>{not_a_number});
  statsd.timing("t", std::chrono::duration<double>{1e300});
  statsd.increment("");
  statsd.set("s", "");
  statsd.increment("c", 1, {.rate = 0});
  statsd.increment("c", 1, {.rate = -0.5});
  statsd.increment("c", 1, {.rate = not_a_number});
  statsd.increment("c", 1, {.rate = 50});  // no percent
  statsd.flush();
  CHECK(statsd.transport().lines().empty());
  CHECK(statsd.stats().dropped_invalid == 14);
  check_accounted(statsd.stats());
}

TEST_CASE("statsd client: a send that fails is counted, sample by sample") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::buffered, .flush = Flush::manual}};
  statsd.transport().fail_with(std::make_error_code(std::errc::network_unreachable));
  statsd.increment("a");
  statsd.increment("b");
  statsd.flush();
  CHECK(statsd.stats().dropped_send == 2);
  CHECK(statsd.stats().datagrams == 0);
  statsd.transport().fail_with({});
  statsd.increment("c");
  CHECK(statsd.stats().pending == 1);
  statsd.flush();
  CHECK(statsd.transport().lines() == Lines{"c:1|c"});
  check_accounted(statsd.stats());
}

TEST_CASE("statsd client: a sampled metric is sent as often as its rate says, and says its rate") {
  random_state = 0;  // the source runs through sixteenths: 1/16, 2/16, ... 0
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.delivery = Delivery::immediate, .random = &counting_random}};
  for (int i = 0; i < 16; ++i) statsd.increment("hits", 1, {.rate = 0.25});
  CHECK(statsd.transport().lines() == Lines(5, "hits:1|c|@0.25"));  // 0, 1/16 ... 4/16
  CHECK(statsd.stats().sampled_out == 11);
  check_accounted(statsd.stats());
}

TEST_CASE("statsd client: the random source of its own keeps to the rate") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::buffered, .flush = Flush::manual}};
  constexpr int calls = 100'000;
  for (int i = 0; i < calls; ++i) statsd.increment("hits", 1, {.rate = 0.1});
  statsd.flush();
  // Ten standard deviations (95) off the mean: a right source fails once in 10^22 runs.
  CHECK(statsd.stats().sent > calls / 10 - 950);
  CHECK(statsd.stats().sent < calls / 10 + 950);
}

TEST_CASE("statsd client: any duration becomes milliseconds") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::buffered, .flush = Flush::manual}};
  statsd.timing("t", 2h);
  statsd.timing("t", 1500us);
  statsd.timing("t", 400ns);
  statsd.timing("t", std::chrono::duration<double>{0.0125});
  statsd.timing("t", std::chrono::duration<int, std::ratio<1, 3>>{1});
  statsd.timing("t", 0ns);
  statsd.flush();
  CHECK(statsd.transport().lines() ==
        Lines{"t:7200000|ms", "t:1.5|ms", "t:0.0004|ms", "t:12.5|ms", "t:333.333333|ms", "t:0|ms"});
}

TEST_CASE("statsd client: the prefix is cleaned, and one dot joins it") {
  for (const std::string prefix : {"a b:c", "a b:c.", "a_b|c.."}) {
    MemoryStatsd statsd{testing::MemoryTransport{},
                        {.prefix = prefix, .delivery = Delivery::buffered, .flush = Flush::manual}};
    statsd.increment("x");
    statsd.flush();
    CHECK(statsd.transport().lines() == Lines{"a_b_c.x:1|c"});
  }
}

TEST_CASE("statsd client: no string can make a second line") {
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.prefix = "p\nq:1|c", .delivery = Delivery::buffered, .flush = Flush::manual}};
  statsd.increment("a:1|c\nforged");
  statsd.set("users", "x|s\nforged:1|c");
  statsd.increment(std::string_view{"nul\0nul", 7});
  statsd.flush();
  CHECK(statsd.transport().lines() ==
        Lines{"p_q_1_c.a_1_c_forged:1|c", "p_q_1_c.users:x_s_forged_1_c|s", "p_q_1_c.nul_nul:1|c"});
}

TEST_CASE("statsd client: options out of range are refused with the value and what is legal") {
  const auto message_of = [](StatsdOptions options) -> std::string {
    try {
      const MemoryStatsd statsd{testing::MemoryTransport{}, options};
      return "no error";
    } catch (const ClientError& error) {
      CHECK(error.code() == errc::invalid_option);
      return error.what();
    }
  };
  CHECK(message_of({.delivery = Delivery::buffered, .max_packet_bytes = 15})
            .find("max_packet_bytes is 15; it must be 16 to 65467") != std::string::npos);
  CHECK(message_of({.delivery = Delivery::buffered, .max_packet_bytes = 65468})
            .find("max_packet_bytes is 65468") != std::string::npos);
  CHECK(message_of({.delivery = Delivery::buffered, .flush_interval = 0ms})
            .find("flush_interval is 0 ms; it must be above 0 and at most 24 h") != std::string::npos);
  CHECK(message_of({.delivery = Delivery::buffered, .flush_interval = std::chrono::milliseconds::max()})
            .find("at most 24 h") != std::string::npos);
  CHECK(message_of({.delivery = Delivery::buffered, .max_packet_bytes = 65467, .flush_interval = 24h}) ==
        "no error");
}

TEST_CASE("statsd client: emission promises not to throw, and the client is neither copied nor moved") {
  MemoryStatsd* statsd = nullptr;
  constexpr std::string_view name = "a";
  static_assert(noexcept(statsd->increment(name)));
  static_assert(noexcept(statsd->decrement(name, 2.5)));
  static_assert(noexcept(statsd->gauge(name, 1)));
  static_assert(noexcept(statsd->gauge_delta(name, 1)));
  constexpr std::chrono::milliseconds duration{1};
  static_assert(noexcept(statsd->timing(name, duration)));
  static_assert(noexcept(statsd->histogram(name, 1)));
  static_assert(noexcept(statsd->distribution(name, 1)));
  static_assert(noexcept(statsd->set(name, name)));
  static_assert(noexcept(statsd->set(name, 1)));
  static_assert(noexcept(statsd->event({})));
  static_assert(noexcept(statsd->service_check({})));
  static_assert(noexcept(statsd->flush()));
  static_assert(!std::is_copy_constructible_v<MemoryStatsd> && !std::is_move_constructible_v<MemoryStatsd>);
  CHECK(statsd == nullptr);
}
