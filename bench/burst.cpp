// What becomes of a burst over loopback, where the receiver has the kernel's default buffer and nothing tells
// the sender how far it has come; and what a client costs that has nothing to do.

#include "catch.hpp"

#if defined(__linux__)

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "loopback.hpp"
#include "statwire/statsd.hpp"

namespace {

using namespace statwire;
using namespace std::chrono_literals;

constexpr std::string_view name = "requests.total";
constexpr std::uint64_t calls_of_a_thread = 1'000'000;
constexpr std::uint64_t calls = 2 * calls_of_a_thread;

struct Received {
  std::uint64_t datagrams = 0;
  std::uint64_t lines = 0;
  std::uint64_t samples = 0;  ///< The sum of the lines: one that says 5 stands for five calls.
  std::uint64_t malformed = 0;
};

/// Reads on a thread of its own until everything has come, or nothing more for a second.
class Receiver {
 public:
  explicit Receiver(std::uint64_t expected)
      : thread_{[this, expected] {
          while (received_.samples < expected && receive()) {
          }
        }} {}
  ~Receiver() {
    if (thread_.joinable()) thread_.join();
  }

  std::uint16_t port() const { return sink_.port(); }

  Received wait() {
    thread_.join();
    return received_;
  }

 private:
  bool receive() {
    ssize_t size = ::recv(sink_.fd(), bytes_.data(), bytes_.size(), MSG_DONTWAIT);
    if (size < 0) {
      pollfd readable{.fd = sink_.fd(), .events = POLLIN, .revents = 0};
      if (::poll(&readable, 1, 1000) <= 0) return false;
      size = ::recv(sink_.fd(), bytes_.data(), bytes_.size(), MSG_DONTWAIT);
      if (size < 0) return true;
    }
    ++received_.datagrams;
    count({bytes_.data(), static_cast<std::size_t>(size)});
    return true;
  }

  void count(std::string_view datagram) {
    constexpr std::string_view head = "bench.requests.total:";
    while (!datagram.empty()) {
      const std::string_view line = datagram.substr(0, datagram.find('\n'));
      datagram.remove_prefix(std::min(line.size() + 1, datagram.size()));
      if (line.empty()) continue;  // padding
      std::uint64_t value = 0;
      const char* const end = line.data() + line.size();
      const bool has_head = line.starts_with(head);
      const auto [tail, ec] = std::from_chars(has_head ? line.data() + head.size() : end, end, value);
      if (ec != std::errc{} || std::string_view{tail, end} != "|c") {
        ++received_.malformed;
        continue;
      }
      ++received_.lines;
      received_.samples += value;
    }
  }

  bench::Sink sink_;
  std::array<char, 65'536> bytes_;
  Received received_;
  std::thread thread_;  // last: it uses the others
};

void print_burst(const char* row, const Received& received, const std::string& dropped) {
  REQUIRE(received.malformed == 0);
  REQUIRE(received.samples <= calls);
  std::printf(
      "  %-40s %10llu %10llu %10llu %10.2f %10s\n", row, static_cast<unsigned long long>(received.datagrams),
      static_cast<unsigned long long>(received.lines), static_cast<unsigned long long>(received.samples),
      100.0 * static_cast<double>(received.samples) / static_cast<double>(calls), dropped.c_str());
  std::fflush(stdout);
}

/// `act(thread)` in two threads at once.
template <class Act>
void in_two_threads(Act&& act) {
  std::thread other{[&] { act(1); }};
  act(0);
  other.join();
}

/// `call(statsd, counter, i)` is the i-th call of its thread. What the client says about them has to agree
/// with what it was told.
template <class Call>
void burst_of_client(const char* row, Call&& call) {
  Receiver receiver{calls};
  StatsdClient statsd{"127.0.0.1",
                      receiver.port(),
                      {.prefix = "bench", .delivery = Delivery::buffered, .flush_interval = 100ms}};
  const Counter counter = statsd.counter(name);
  in_two_threads([&](int) {
    for (std::uint64_t i = 0; i < calls_of_a_thread; ++i) call(statsd, counter, i);
  });
  statsd.flush();
  const DeliveryStats stats = statsd.stats();
  REQUIRE(stats.accepted == calls);
  REQUIRE(stats.sent + stats.dropped() == calls);
  print_burst(row, receiver.wait(), std::to_string(stats.dropped()));
}

/// Makes a thread that has called quicker than lines can leave wait for them, before its memory is full.
void wait_for_room(const auto& statsd, std::uint64_t call) {
  constexpr std::uint64_t half_of_memory = 5000;  // lines of one thread
  if (call % half_of_memory != 0) return;
  while (statsd.stats().pending > half_of_memory) std::this_thread::sleep_for(100us);
}

void burst_of_bare_loops() {
  Receiver receiver{calls};
  const auto sender = [&] {
    return bench::BareSender{receiver.port(), bench::Batching::segments, "bench.", std::string{name}};
  };
  std::array<bench::BareSender, 2> senders{sender(), sender()};
  in_two_threads(
      [&](int thread) { senders[static_cast<std::size_t>(thread)].send_lines(calls_of_a_thread); });
  print_burst("a bare loop by UDP GSO, without pauses", receiver.wait(), "unknown");
}

using ThreadNumbers = std::set<std::string>;

ThreadNumbers threads_of_process() {
  ThreadNumbers numbers;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/task"}) {
    numbers.insert(entry.path().filename());
  }
  return numbers;
}

std::uint64_t context_switches(const std::string& thread) {
  std::ifstream status{"/proc/self/task/" + thread + "/status"};
  std::uint64_t sum = 0;
  for (std::string key; status >> key;) {
    if (!key.ends_with("voluntary_ctxt_switches:")) continue;  // nonvoluntary_... ends so, too
    std::uint64_t count = 0;
    status >> count;
    sum += count;
  }
  return sum;
}

}  // namespace

TEST_CASE("a burst of 2,000,000 lines from two threads") {
  std::printf("\n%-42s %10s %10s %10s %10s %10s\n", "a burst of 2,000,000 calls from two threads",
              "datagrams", "lines", "calls", "% received", "dropped");
  burst_of_bare_loops();
  burst_of_client("handle, buffered", [](auto&, const Counter& counter, auto) { counter.increment(); });
  burst_of_client("name, buffered", [](auto& statsd, const Counter&, auto) { statsd.increment(name); });
  // Above, most calls find the memory of their thread full and are summed. Here each becomes a line.
  burst_of_client("handle, buffered, as fast as lines leave",
                  [](auto& statsd, const Counter& counter, std::uint64_t i) {
                    wait_for_room(statsd, i);
                    counter.increment();
                  });
}

TEST_CASE("an idle client") {
  const bench::Sink sink;
  const ThreadNumbers before = threads_of_process();
  StatsdClient statsd{"127.0.0.1", sink.port(), {.prefix = "bench", .flush_interval = 100ms}};
  ThreadNumbers added;
  for (const std::string& thread : threads_of_process()) {
    if (!before.contains(thread)) added.insert(thread);
  }
  REQUIRE(added.size() == 1);
  const std::string thread = *added.begin();

  // It has worked, so that there is something to fall asleep from.
  const std::uint64_t at_start = context_switches(thread);
  statsd.increment(name);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (statsd.stats().sent == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(10ms);
  }
  REQUIRE(statsd.stats().sent == 1);
  REQUIRE(context_switches(thread) > at_start);

  std::this_thread::sleep_for(1s);
  const std::uint64_t asleep = context_switches(thread);
  std::this_thread::sleep_for(3s);
  std::printf("\n%-52s %12llu\n", "an idle client: wake-ups of its thread in 3 s",
              static_cast<unsigned long long>(context_switches(thread) - asleep));
  std::fflush(stdout);
}

#else

TEST_CASE("a burst of 2,000,000 lines from two threads") {
  WARN("measured on Linux only");
}
TEST_CASE("an idle client") {
  WARN("measured on Linux only");
}

#endif
