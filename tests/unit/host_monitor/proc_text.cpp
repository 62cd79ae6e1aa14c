#include "host_monitor/proc_text.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

using namespace host_monitor;

namespace {

// Of a real machine, shortened behind what is read.
constexpr std::string_view proc_stat =
    "cpu  4705 150 1120 16250856 2520 33 25 7 1000 20\n"
    "cpu0 2352 75 560 8125428 1260 16 12 3 500 10\n"
    "intr 1462898 0 0 0 0\n"
    "ctxt 2115345\n";

constexpr std::string_view proc_meminfo =
    "MemTotal:       24684096 kB\n"
    "MemFree:         1204864 kB\n"
    "MemAvailable:   20013480 kB\n"
    "Buffers:          351236 kB\n"
    "HugePages_Total:       0\n";

constexpr std::string_view proc_net_dev =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
    "carrier compressed\n"
    "    lo: 5000000   60000    0    0    0     0          0         0  5000000   60000    0    0    0     0 "
    " "
    "     0          0\n"
    "  eth0: 1234567    2345    0    0    0     0          0         0   654321    1234    0    0    0     0 "
    " "
    "     0          0\n"
    "eth0:1:      11       1    0    0    0     0          0         0       22       1    0    0    0     0 "
    " "
    "     0          0\n"
    "wlp3s0:9000000    8000    0    0    0     0          0         0  7000000    6000    0    0    0     0  "
    " "
    "    0          0\n";

}  // namespace

TEST_CASE("proc_text: busy is all but idle and waiting for a disk, and guests are not counted twice") {
  const auto ticks = parse_cpu_ticks(proc_stat);
  REQUIRE(ticks);
  CHECK(ticks->busy == 4705 + 150 + 1120 + 33 + 25 + 7);
  CHECK(ticks->total == 4705 + 150 + 1120 + 16250856 + 2520 + 33 + 25 + 7);
}

TEST_CASE("proc_text: an old kernel with only four columns will do") {
  const auto ticks = parse_cpu_ticks("cpu 1 2 3 4\n");
  REQUIRE(ticks);
  CHECK(ticks->busy == 6);
  CHECK(ticks->total == 10);
}

TEST_CASE("proc_text: processor times that are cut short or garbage are refused") {
  for (const std::string_view text :
       {"", "\n", "cpu", "cpu 1 2 3", "cpu 1 2 x 4", "cpu 1 2 -3 4", "cpu 1 2 3.5 4", "cpu0 1 2 3 4",
        "intr 1 2 3 4", "cpu 1 2 3 99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_cpu_ticks(text));
  }
}

TEST_CASE("proc_text: memory used is the total less what is available, in bytes") {
  CHECK(parse_memory_used(proc_meminfo) == 4782710784u);  // 4670616 KiB
  CHECK(parse_memory_used("MemTotal: 5 kB\nMemAvailable: 9 kB\n") == 0u);
}

TEST_CASE("proc_text: a memory text that is cut short or garbage is refused") {
  for (const std::string_view text :
       {"", "MemTotal:", "MemTotal: 24684096 kB\n", "MemAvailable: 1 kB\n",
        "MemTotal: 2 kB\nMemAvailable: 1\n", "MemTotal: 2 kB\nMemAvailable: 1 MB\n",
        "MemTotal: x kB\nMemAvailable: 1 kB\n", "MemTotal: -2 kB\nMemAvailable: 1 kB\n",
        "MemTotal 2 kB\nMemAvailable 1 kB\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_memory_used(text));
  }
}

TEST_CASE("proc_text: every interface but the loopback counts, also one without a blank after its name") {
  const auto interfaces = parse_interfaces(proc_net_dev);
  REQUIRE(interfaces);
  CHECK(interfaces->size() == 3);
  CHECK(interfaces->at("eth0").received == 1234567);
  CHECK(interfaces->at("eth0").sent == 654321);
  CHECK(interfaces->at("eth0:1").received == 11);
  CHECK(interfaces->at("eth0:1").sent == 22);
  CHECK(interfaces->at("wlp3s0").received == 9000000);
  CHECK(interfaces->at("wlp3s0").sent == 7000000);
}

TEST_CASE("proc_text: a machine without a network has no interfaces") {
  const auto interfaces = parse_interfaces("Inter-|   Receive  |  Transmit\n face |bytes |bytes\n");
  REQUIRE(interfaces);
  CHECK(interfaces->empty());
}

TEST_CASE("proc_text: an interface whose line is cut short or garbage is refused") {
  for (const std::string_view text : {"eth0:", "eth0: 1 2 3 4 5 6 7 8\n", "eth0: x 2 3 4 5 6 7 8 9\n",
                                      "eth0: 1 2 3 4 5 6 7 8 -9\n", "lo: 1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_interfaces(text));
  }
}

TEST_CASE("cpu_percent: it is the busy share of the time that passed") {
  CHECK(cpu_percent({.busy = 100, .total = 1000}, {.busy = 125, .total = 1200}) == 12.5);
  CHECK(cpu_percent({.busy = 100, .total = 1000}, {.busy = 300, .total = 1200}) == 100);
}

TEST_CASE("cpu_percent: no time, or counters that go backwards, make it 0; it never exceeds 100") {
  CHECK(cpu_percent({.busy = 5, .total = 10}, {.busy = 5, .total = 10}) == 0);
  CHECK(cpu_percent({.busy = 5, .total = 10}, {.busy = 9, .total = 8}) == 0);
  CHECK(cpu_percent({.busy = 5, .total = 10}, {.busy = 4, .total = 20}) == 0);
  CHECK(cpu_percent({.busy = 0, .total = 0}, {.busy = 30, .total = 20}) == 100);
}

TEST_CASE("network_rates: they are the sum over the interfaces, by the second") {
  const Interfaces before{{"eth0", {1000, 100}}, {"wlp3s0", {5000, 500}}};
  const Interfaces now{{"eth0", {3000, 200}}, {"wlp3s0", {6000, 1000}}};
  const NetworkRates rates = network_rates(before, now, std::chrono::milliseconds{500});
  CHECK(rates.received == 6000);
  CHECK(rates.sent == 1200);
}

TEST_CASE("network_rates: an interface that came, went or was reset adds nothing") {
  const Interfaces before{{"gone", {1, 1}}, {"reset", {900, 50}}};
  const Interfaces now{{"came", {7000, 7000}}, {"reset", {10, 70}}};
  const NetworkRates rates = network_rates(before, now, std::chrono::seconds{1});
  CHECK(rates.received == 0);
  CHECK(rates.sent == 20);
}

TEST_CASE("network_rates: no time gives no rate") {
  const NetworkRates rates = network_rates({{"eth0", {0, 0}}}, {{"eth0", {9, 9}}}, std::chrono::seconds{0});
  CHECK(rates.received == 0);
  CHECK(rates.sent == 0);
}
