// What a line costs from the call to the kernel over loopback, in CPU time of all threads: many lines a
// datagram beside a bare loop that formats the same lines and sends them by UDP GSO, one datagram a call
// beside a bare `send` of the same bytes.

#include "catch.hpp"

#if defined(__linux__)

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "figures.hpp"
#include "loopback.hpp"
#include "statwire/statsd.hpp"

namespace {

using namespace statwire;
using namespace std::chrono_literals;

constexpr std::string_view line = "bench.requests.total:1|c";
constexpr std::string_view name = "requests.total";
constexpr std::size_t lines_per_datagram = 57;  // 57 of 25 bytes are at most 1432
// Half of what fits into the memory of a thread: nothing is dropped, and nothing summed.
constexpr std::size_t lines_per_flush = 88 * lines_per_datagram;

std::string full_datagram() {
  std::string lines{line};
  for (std::size_t i = 1; i < lines_per_datagram; ++i) lines.append("\n").append(line);
  return lines;
}

StatsdOptions options(Delivery delivery, Flush flush = Flush::background) {
  return {.prefix = "bench", .delivery = delivery, .flush_interval = 100ms, .flush = flush};
}

/// Every call has become a line of its own and has left, in datagrams that are full but for a few.
void require_all_sent(const DeliveryStats& stats) {
  REQUIRE(stats.sent == stats.accepted);
  REQUIRE(stats.sent > stats.datagrams * (lines_per_datagram - 7));
  REQUIRE(stats.bytes + stats.datagrams == stats.sent * (line.size() + 1));
}

void require_same_bytes() {
  bench::Sink sink;
  for (const bench::Batching batching : {bench::Batching::segments, bench::Batching::messages}) {
    bench::BareSender bare{sink.port(), batching, "bench.", std::string{name}};
    bare.send_lines(2 * lines_per_datagram);
    REQUIRE(sink.receive() == full_datagram());
    REQUIRE(sink.receive() == full_datagram());
  }
  StatsdClient statsd{"127.0.0.1", sink.port(), options(Delivery::buffered, Flush::manual)};
  const Counter counter = statsd.counter(name);
  for (std::size_t i = 0; i < lines_per_datagram; ++i) counter.increment();
  for (std::size_t i = 0; i < lines_per_datagram; ++i) statsd.increment(name);
  statsd.flush();
  REQUIRE(sink.receive() == full_datagram());
  REQUIRE(sink.receive() == full_datagram());
}

}  // namespace

TEST_CASE("lines over loopback, CPU time of a line") {
  require_same_bytes();
  bench::Sink sink;
  bench::BareSender by_segments{sink.port(), bench::Batching::segments, "bench.", std::string{name}};
  bench::BareSender by_messages{sink.port(), bench::Batching::messages, "bench.", std::string{name}};
  StatsdClient statsd{"127.0.0.1", sink.port(), options(Delivery::buffered)};
  StatsdClient threadless{"127.0.0.1", sink.port(), options(Delivery::buffered, Flush::manual)};
  const Counter counter = statsd.counter(name);

  constexpr int rounds = 20;
  constexpr std::size_t flushes = 20;  // of a round: 2,006,400 lines in all
  const auto times = [](std::size_t count, auto&& action) {
    for (std::size_t i = 0; i < count; ++i) action();
  };
  const auto in_batches = [&](auto&& call, auto&& after) {
    return [&times, call, after] {
      times(flushes, [&] {
        times(lines_per_flush, call);
        after();
      });
    };
  };
  const auto flush = [&] { statsd.flush(); };
  bench::print_figures(
      "lines over loopback, CPU time of a line", "ns (median)",
      bench::in_turn(rounds, flushes * lines_per_flush,
                     {{"formatted into a buffer, by UDP GSO (floor)",
                       [&] { by_segments.send_lines(flushes * lines_per_flush); }},
                      {"formatted into a buffer, by sendmmsg",
                       [&] { by_messages.send_lines(flushes * lines_per_flush); }},
                      {"handle, buffered", in_batches([&] { counter.increment(); }, flush)},
                      {"name, buffered", in_batches([&] { statsd.increment(name); }, flush)},
                      {"name, buffered, sent by the caller",
                       in_batches([&] { threadless.increment(name); }, [&] { threadless.flush(); })}}));

  REQUIRE(by_segments.errors() + by_messages.errors() == 0);
  require_all_sent(statsd.stats());
  require_all_sent(threadless.stats());
}

TEST_CASE("a client over loopback, one datagram a call") {
  bench::Sink sink;
  bench::BareSocket bare{sink.port()};
  UdpTransport transport{"127.0.0.1", sink.port()};
  StatsdClient statsd{"127.0.0.1", sink.port(), options(Delivery::immediate)};
  const Counter counter = statsd.counter(name);

  std::size_t failures = 0;
  const auto bare_send = [&] {
    const ssize_t sent = ::send(bare.fd(), line.data(), line.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(line.size())) ++failures;
  };
  const auto transport_send = [&] {
    if (transport.send(line)) ++failures;
  };
  bare_send();
  transport_send();
  counter.increment();
  statsd.increment(name);
  for (int i = 0; i < 4; ++i) REQUIRE(sink.receive() == line);

  constexpr int rounds = 60;
  constexpr std::size_t calls = 2000;
  const auto repeated = [](auto&& call) {
    return [call] {
      for (std::size_t i = 0; i < calls; ++i) call();
    };
  };
  bench::print_figures("a client over loopback, CPU time of a datagram", "ns (median)",
                       bench::in_turn(rounds, calls,
                                      {{"a bare send of the same bytes (floor)", repeated(bare_send)},
                                       {"UdpTransport::send", repeated(transport_send)},
                                       {"handle, immediate", repeated([&] { counter.increment(); })},
                                       {"name, immediate", repeated([&] { statsd.increment(name); })}}));
  REQUIRE(failures == 0);
  REQUIRE(statsd.stats().sent == statsd.stats().accepted);
}

#else

TEST_CASE("lines over loopback, CPU time of a line") {
  WARN("measured on Linux only");
}
TEST_CASE("a client over loopback, one datagram a call") {
  WARN("measured on Linux only");
}

#endif
