// What a fork leaves to the child: a transport of its own, a client that starts clean, and a parent that goes
// on.

#if defined(__unix__) || defined(__APPLE__)

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/protocol/statsd_parse.hpp"
#include "statwire/statsd.hpp"
#include "statwire/transport/udp.hpp"
#include "support/loopback.hpp"

// Sanitizers have locks of their own that do not survive the fork of a process with several threads: their
// children may not allocate, nor start a thread.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define STATWIRE_TEST_SANITIZER
#endif
#elif defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define STATWIRE_TEST_SANITIZER
#endif

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

#if defined(STATWIRE_TEST_SANITIZER)
constexpr bool children_may_allocate = false;
#else
constexpr bool children_may_allocate = true;
#endif

/// Runs `action` in a child and returns whether it returned true.
template <class Action>
bool in_child(Action&& action) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::alarm(30);  // a child that hangs fails
    ::_exit(action() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Sums counters by name. Used by one thread at a time, as every transport.
struct SummingTransport {
  std::map<std::string, double, std::less<>>* sums;
  std::error_code send(std::string_view datagram) noexcept {
    protocol::for_each_line(datagram, [&](std::string_view line) {
      protocol::parse_statsd_line(line, [&](const protocol::StatsdSample& sample) {
        (*sums)[std::string{sample.name}] += sample.value;
      });
    });
    return {};
  }
};

}  // namespace

TEST_CASE("fork: child and parent both send over udp, from sockets of their own") {
  UdpReceiver receiver;
  UdpTransport transport{"127.0.0.1", receiver.port()};
  REQUIRE(!transport.send("before"));
  CHECK(receiver.receive() == "before");
  CHECK(in_child([&] {
    transport.after_fork();
    return transport.ready() && !transport.send("child");
  }));
  CHECK(receiver.receive() == "child");
  CHECK(!transport.send("parent"));
  CHECK(receiver.receive() == "parent");
}

TEST_CASE("fork: what was recorded before is sent by the parent alone, what the child records by the child") {
  for (const Delivery delivery : {Delivery::immediate, Delivery::buffered, Delivery::aggregated}) {
    UdpReceiver receiver;
    StatsdClient statsd{"127.0.0.1", receiver.port(), {.delivery = delivery, .flush = Flush::manual}};
    const Counter handle = statsd.counter("handle");
    const Timing timing = statsd.timing("timing");
    const auto record = [&](int count) {
      handle.increment(count);
      statsd.increment("name", count);
      timing.record(std::chrono::milliseconds{count});
      statsd.set("set", count);
      statsd.gauge("gauge", count);
    };
    const auto receive = [&] {
      std::multiset<std::string> lines;
      while (lines.size() < 5) {
        protocol::for_each_line(receiver.receive(), [&](std::string_view line) { lines.emplace(line); });
      }
      return lines;
    };
    const auto lines = [](const std::string& count) {
      return std::multiset<std::string>{"handle:" + count + "|c", "name:" + count + "|c",
                                        "timing:" + count + "|ms", "set:" + count + "|s",
                                        "gauge:" + count + "|g"};
    };
    if (delivery != Delivery::immediate) record(7);
    CHECK(in_child([&] {
      if (statsd.stats().accepted != 0) return false;
      record(2);
      statsd.flush();
      const DeliveryStats stats = statsd.stats();
      return stats.accepted == 5 && stats.sent == 5 && stats.pending == 0;
    }));
    CHECK(receive() == lines("2"));
    if (delivery == Delivery::immediate) record(7);
    statsd.flush();
    CHECK(receive() == lines("7"));
    CHECK(statsd.stats().sent == 5);
  }
}

namespace {

/// Loses its connection with the first datagram, and has it again when it is asked the next time but one.
struct ResettingTransport {
  std::vector<std::string>* sent;
  int* refusals;
  bool was_refused = false;
  bool ready() noexcept { return !std::exchange(was_refused, false); }
  std::error_code send(std::string_view datagram) noexcept {
    if ((*refusals)-- > 0) {
      was_refused = true;
      return std::make_error_code(std::errc::connection_reset);
    }
    sent->emplace_back(datagram);
    return {};
  }
};

}  // namespace

TEST_CASE("fork: what the parent has summed and could not send yet is not sent by the child") {
  std::vector<std::string> sent;
  int refusals = 1;
  StatsdClient statsd{ResettingTransport{&sent, &refusals}, {.max_packet_bytes = 16, .flush = Flush::manual}};
  statsd.increment("first");
  statsd.increment("second");
  statsd.flush();
  CHECK(statsd.stats().pending == 1);
  CHECK(in_child([&] {
    statsd.flush();
    return sent.empty();
  }));
  statsd.flush();
  CHECK(sent == std::vector<std::string>{"second:1|c"});
}

TEST_CASE("fork: threads that emit meanwhile do not disturb the child, nor does the fork disturb them") {
  for (const Delivery delivery : {Delivery::buffered, Delivery::aggregated}) {
    std::map<std::string, double, std::less<>> sums;
    constexpr int threads = 8;
    std::atomic<bool> stop{false};
    std::atomic<std::int64_t> total{0};
    {
      StatsdClient statsd{SummingTransport{&sums}, {.delivery = delivery, .flush_interval = 1ms}};
      const Counter handle = statsd.counter("handle");
      std::vector<std::thread> running;
      for (int t = 0; t < threads; ++t) {
        running.emplace_back([&, t] {
          std::int64_t calls = 0;
          for (; !stop; ++calls) {
            std::thread{[&] {  // and ends at once
              handle.increment();
              statsd.increment("named");
              statsd.increment("registered" + std::to_string(t) + "." + std::to_string(calls % 50));
            }}
                .join();
            statsd.timing("timing", 1ms);
            if (calls % 100 == 0) statsd.flush();
          }
          total += calls;
        });
      }
      for (int i = 0; i < 100; ++i) {
        CHECK(in_child([&] {
          if (!children_may_allocate) return statsd.stats().accepted == 0;
          const auto before = sums;
          statsd.increment("child");
          handle.increment(3);
          statsd.flush();
          auto expected = before;
          expected["child"] += 1;
          expected["handle"] += 3;
          return sums == expected && statsd.stats().accepted == 2;
        }));
      }
      stop = true;
      for (std::thread& thread : running) thread.join();
    }
    CHECK(sums["handle"] == static_cast<double>(total));
    CHECK(sums["named"] == static_cast<double>(total));
    CHECK(sums.count("child") == 0);
  }
}

namespace {

/// Counts how often it was told of a fork.
struct ForkCountingTransport {
  int* forks;
  std::error_code send(std::string_view) noexcept { return {}; }
  void after_fork() noexcept { ++*forks; }
};

}  // namespace

TEST_CASE("fork: a client tells its transport in the child, and there alone, before anything is sent") {
  for (const Delivery delivery : {Delivery::immediate, Delivery::buffered, Delivery::aggregated}) {
    int forks = 0;
    StatsdClient statsd{ForkCountingTransport{&forks}, {.delivery = delivery, .flush = Flush::manual}};
    CHECK(in_child([&] { return forks == 1; }));
    CHECK(in_child([&] { return in_child([&] { return forks == 2; }); }));
    CHECK(forks == 0);
  }
}

#if !defined(STATWIRE_TEST_SANITIZER)

TEST_CASE("fork: the child looks a name up itself when the parent has not yet known it") {
  UdpReceiver receiver;
  UdpTransport transport{"localhost", receiver.port()};
  CHECK(in_child([&] {
    transport.after_fork();
    // Where ::1 comes first, its refusal makes the transport go on to 127.0.0.1.
    return transport.wait_ready(soon()) && !transport.send("child") && !transport.send("child");
  }));
  CHECK(receiver.receive() == "child");
}

TEST_CASE("fork: the child's thread begins with the first call") {
  for (const Delivery delivery : {Delivery::buffered, Delivery::aggregated}) {
    UdpReceiver receiver;
    StatsdClient statsd{"127.0.0.1", receiver.port(), {.delivery = delivery, .flush_interval = 1ms}};
    statsd.increment("parent");
    CHECK(receiver.receive() == "parent:1|c");
    int done[2];
    REQUIRE(::pipe(done) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::alarm(30);
      ::close(done[1]);
      statsd.increment("child");
      char byte = 0;
      ::_exit(::read(done[0], &byte, 1) == 0 ? 0 : 1);  // when the parent has received it
    }
    CHECK(receiver.receive() == "child:1|c");
    ::close(done[0]);
    ::close(done[1]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    statsd.increment("parent");
    CHECK(receiver.receive() == "parent:1|c");
  }
}

#endif  // STATWIRE_TEST_SANITIZER
#endif  // POSIX
