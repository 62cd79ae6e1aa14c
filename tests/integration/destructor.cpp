// A client's destructor returns whatever the network does; that it does so is what the time limit of these
// tests asserts. What it cannot send, it has tried to, and counted.

#include "statwire/statsd.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "statwire/protocol/statsd_parse.hpp"

using namespace statwire;
using namespace std::chrono_literals;

namespace {

/// What a transport was offered, and did not take. Outlives the client.
struct Offered {
  std::error_code answer;
  std::set<std::string, std::less<>> names{};

  std::error_code refuse(std::string_view datagram) {
    protocol::for_each_line(datagram,
                            [&](std::string_view line) { names.emplace(line.substr(0, line.find(':'))); });
    return answer;
  }
};

/// Says that it is ready, and takes nothing.
struct RefusingTransport {
  Offered* offered;
  std::error_code send(std::string_view datagram) noexcept { return offered->refuse(datagram); }
};

/// Has no connection, and never will.
struct NeverReadyTransport : RefusingTransport {
  bool ready() noexcept { return false; }
  std::error_code last_error() const noexcept { return offered->answer; }
};

/// Waits for a host name that never becomes known.
struct NeverKnownTransport : NeverReadyTransport {
  bool wait_ready(Deadline deadline) noexcept {
    std::this_thread::sleep_until(deadline);
    return false;
  }
};

std::string name_of(int number) {
  return "a.name.that.makes.the.line.about.sixty.bytes.long." + std::to_string(number);
}

/// Destroys a client that holds so many samples, each of its own name, that the transport will not take.
template <class Transport>
void check_destructor(Offered offered, int samples, const StatsdOptions& given) {
  StatsdOptions options = given;
  std::error_code told;
  options.on_error = [&](const DeliveryError& error) { told = error.code; };
  {
    StatsdClient<Transport> statsd{Transport{{&offered}}, options};
    for (int i = 0; i < samples; ++i) statsd.increment(name_of(i));
    const DeliveryStats stats = statsd.stats();
    CHECK(stats.sent == 0);
    CHECK(stats.accepted == static_cast<std::uint64_t>(samples));
    CHECK(stats.pending + stats.dropped_send == static_cast<std::uint64_t>(samples));
  }
  CHECK(offered.names.size() == static_cast<std::size_t>(samples));
  CHECK(told == offered.answer);
}

const std::error_code refused = std::make_error_code(std::errc::connection_refused);
const std::error_code would_block = std::make_error_code(std::errc::operation_would_block);

/// Each way to gather samples, with a thread and without.
std::vector<StatsdOptions> every_way() {
  std::vector<StatsdOptions> all;
  for (const Delivery delivery : {Delivery::buffered, Delivery::aggregated}) {
    for (const Flush flush : {Flush::background, Flush::manual}) {
      all.push_back({.delivery = delivery, .flush_interval = 1h, .flush = flush});
    }
  }
  return all;
}

}  // namespace

TEST_CASE("destructor: of a transport that fails each datagram, each is tried") {
  for (const StatsdOptions& options : every_way()) {
    check_destructor<RefusingTransport>({.answer = refused}, 5000, options);
  }
}

TEST_CASE("destructor: of a transport that is never ready, all is tried all the same") {
  for (const StatsdOptions& options : every_way()) {
    check_destructor<NeverReadyTransport>({.answer = refused}, 5000, options);
  }
}

TEST_CASE("destructor: of a transport that never knows its server, all is tried after a while") {
  check_destructor<NeverKnownTransport>({.answer = refused}, 1000, {.flush = Flush::manual});
  check_destructor<NeverKnownTransport>({.answer = refused}, 1000, {.flush_interval = 1h});
}

TEST_CASE("destructor: of a transport that is always congested, all is tried, and again for a while") {
  for (const StatsdOptions& options : every_way()) {
    check_destructor<RefusingTransport>({.answer = would_block}, 100, options);
  }
}

TEST_CASE("destructor: nobody waits twenty tries for each of many datagrams") {
  // Five thousand datagrams, for which patience would take a hundred seconds.
  const StatsdOptions options{.max_packet_bytes = 100, .flush = Flush::manual};
  check_destructor<RefusingTransport>({.answer = would_block}, 5000, options);
}
