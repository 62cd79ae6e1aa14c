#include "statwire/client/sender.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "statwire/client/datagram_ring.hpp"
#include "statwire/client/delivery_stats.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace {

using statwire::DatagramBatch;
using statwire::Deadline;
using statwire::DeliveryError;
using statwire::DeliveryStats;
using statwire::client::DatagramRing;
using statwire::client::DeliveryCounters;
using statwire::client::Sender;
using statwire::client::Waiting;
using Datagrams = std::vector<std::string>;

const std::error_code refused = std::make_error_code(std::errc::connection_refused);
const std::error_code would_block = std::make_error_code(std::errc::operation_would_block);
const std::error_code try_again = std::make_error_code(std::errc::resource_unavailable_try_again);
const std::error_code no_buffers = std::make_error_code(std::errc::no_buffer_space);

Deadline soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds{10};
}

/// What a test tells a fake to do, and sees of what it did. Outlives the sender.
struct Script {
  /// What becomes of each try to send a datagram, from the first on; when it is at its end, all succeed.
  std::vector<std::error_code> results;
  std::size_t tries = 0;
  Datagrams sent;
  std::vector<std::size_t> batches;  ///< How many datagrams each batch had.
  bool is_ready = true;
  std::function<void()> on_error = [] {};

  std::error_code take(std::string_view datagram) {
    const std::error_code ec = tries < results.size() ? results[tries] : std::error_code{};
    ++tries;
    if (ec) {
      on_error();
    } else {
      sent.emplace_back(datagram);
    }
    return ec;
  }
};

/// Takes one datagram a call.
struct SingleTransport {
  Script* script;
  std::error_code send(std::string_view datagram) noexcept { return script->take(datagram); }
};

/// Takes batches, up to the first datagram that fails.
struct BatchTransport {
  Script* script;
  std::error_code send(std::string_view datagram) noexcept { return script->take(datagram); }
  std::size_t send_batch(const DatagramBatch& batch, std::error_code& ec) noexcept {
    script->batches.push_back(batch.sizes.size());
    for (std::size_t i = 0; i < batch.sizes.size(); ++i) {
      ec = script->take(batch.datagram(i));
      if (ec) return i;
    }
    return batch.sizes.size();
  }
};
static_assert(statwire::HasSendBatch<BatchTransport> && !statwire::HasSendBatch<SingleTransport>);

/// Has a connection, or not.
struct ConnectedTransport {
  Script* script;
  std::error_code send(std::string_view datagram) noexcept { return script->take(datagram); }
  bool ready() noexcept { return script->is_ready; }
};

/// A sender, with a ring of datagrams `0`, `1`, ... that stand for 1, 2, ... samples.
template <class Transport>
struct Bench {
  explicit Bench(std::size_t datagrams = 0) {
    const auto write = [&](std::string_view lines, std::uint64_t samples) {
      ring.append([&](std::span<char> out) { return lines.copy(out.data(), out.size()); }, samples);
    };
    for (std::size_t i = 0; i < datagrams; ++i) {
      all.push_back(text_of(i));
      write(all.back(), i + 1);
      given += i + 1;
    }
  }

  /// As long as a datagram may be, so that two are never joined.
  static std::string text_of(std::size_t number) {
    const std::string digits = std::to_string(number);
    return digits + std::string(8 - digits.size(), '.');
  }

  void drain(Waiting waiting = Waiting::allowed) { sender.drain(ring, ring.size(), waiting, soon()); }

  DeliveryStats stats() const { return counters.snapshot(given); }

  Script script{};
  DeliveryCounters counters{};
  std::vector<DeliveryError> errors{};
  Sender<Transport> sender{counters, [this](const DeliveryError& error) { errors.push_back(error); }, false,
                           Transport{&script}};
  DatagramRing ring{256, 8, 8};
  Datagrams all{};
  std::uint64_t given = 0;
};

}  // namespace

TEST_CASE_TEMPLATE("sender: a ring is sent in order, and every datagram, byte and sample counted", Transport,
                   SingleTransport, BatchTransport) {
  Bench<Transport> bench{100};
  bench.drain();
  CHECK(bench.script.sent == bench.all);
  CHECK(bench.ring.size() == 0);
  const DeliveryStats stats = bench.stats();
  CHECK(stats.sent == 5050);
  CHECK(stats.datagrams == 100);
  CHECK(stats.bytes == 800);
  CHECK(stats.dropped() == 0);
  CHECK(stats.pending == 0);
  bench.sender.errors()->report();
  CHECK(bench.errors.empty());
}

TEST_CASE("sender: batches are as many datagrams as lie together, and no more than were asked for") {
  Bench<BatchTransport> bench{100};
  bench.sender.drain(bench.ring, 10, Waiting::allowed, soon());
  CHECK(bench.script.batches == std::vector<std::size_t>{10});
  CHECK(bench.ring.size() == 90);
  CHECK(bench.stats().sent == 55);
  CHECK(bench.stats().pending == 5050 - 55);
  bench.sender.drain(bench.ring, 1000, Waiting::allowed, soon());
  // 64 at most; the last datagram, which more lines could join, is one for itself.
  CHECK(bench.script.batches == std::vector<std::size_t>{10, 64, 25, 1});
  CHECK(bench.script.sent == bench.all);
  bench.sender.drain(bench.ring, 1000, Waiting::allowed, soon());
  CHECK(bench.script.batches.size() == 4);
}

TEST_CASE("sender: a full buffer of the system is tried again, and the datagram not lost") {
  for (const std::error_code full : {would_block, try_again, no_buffers}) {
    CAPTURE(full);
    Bench<BatchTransport> bench{5};
    bench.script.results = {{}, {}, full, full, full};
    bench.drain();
    CHECK(bench.script.sent == bench.all);
    CHECK(bench.script.tries == 8);
    CHECK(bench.script.batches == std::vector<std::size_t>{4, 2, 2, 2, 1});
    CHECK(bench.stats().sent == 15);
    CHECK(bench.stats().datagrams == 5);
    CHECK(bench.stats().dropped() == 0);
    bench.sender.errors()->report();
    CHECK(bench.errors.empty());  // nothing was lost, so there is nothing to tell
  }
}

TEST_CASE("sender: each datagram has its own tries") {
  Bench<SingleTransport> bench{60};
  for (int i = 0; i < 60; ++i) bench.script.results.insert(bench.script.results.end(), {would_block, {}});
  bench.drain();
  CHECK(bench.script.sent == bench.all);
  CHECK(bench.stats().dropped() == 0);
}

TEST_CASE("sender: a buffer that stays full costs the datagram after twenty tries, and is told") {
  Bench<SingleTransport> bench{3};
  bench.script.results.assign(20, would_block);
  bench.drain();
  CHECK(bench.script.sent == Datagrams{bench.all[1], bench.all[2]});
  CHECK(bench.script.tries == 22);
  CHECK(bench.stats().dropped_send == 1);
  CHECK(bench.stats().dropped() == 1);
  CHECK(bench.stats().sent == 5);
  CHECK(bench.stats().pending == 0);
  bench.sender.errors()->report();
  REQUIRE(bench.errors.size() == 1);
  CHECK(bench.errors[0].code == would_block);
  CHECK(bench.errors[0].suppressed == 0);
}

TEST_CASE_TEMPLATE("sender: of another error, just the samples of that datagram are dropped, untried again",
                   Transport, SingleTransport, BatchTransport) {
  for (std::size_t failing = 0; failing < 5; ++failing) {
    CAPTURE(failing);
    Bench<Transport> bench{5};
    bench.script.results.assign(5, {});
    bench.script.results[failing] = refused;
    bench.drain();
    Datagrams expected = bench.all;
    expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(failing));
    CHECK(bench.script.sent == expected);
    CHECK(bench.script.tries == 5);
    const DeliveryStats stats = bench.stats();
    CHECK(stats.dropped_send == failing + 1);
    CHECK(stats.dropped() == failing + 1);
    CHECK(stats.sent == 15 - (failing + 1));
    CHECK(stats.datagrams == 4);
    CHECK(stats.bytes == 32);
    CHECK(stats.pending == 0);
    bench.sender.errors()->report();
    REQUIRE(bench.errors.size() == 1);
    CHECK(bench.errors[0].code == refused);
    CHECK(bench.errors[0].suppressed == 0);
  }
}

TEST_CASE("sender: errors are told once, with the number of the datagrams that did not go") {
  Bench<BatchTransport> bench{5};
  bench.script.results = {refused, {}, refused, refused};
  bench.drain();
  CHECK(bench.errors.empty());  // not while it drains, when its callers hold locks
  bench.sender.errors()->report();
  REQUIRE(bench.errors.size() == 1);
  CHECK(bench.errors[0].code == refused);
  CHECK(bench.errors[0].suppressed == 2);
  CHECK(bench.stats().dropped_send == 1 + 3 + 4);
}

TEST_CASE("sender: when the transport has lost its connection, what follows is kept until there is another") {
  Bench<ConnectedTransport> bench{5};
  bench.script.results = {{}, refused};
  bench.script.on_error = [&] { bench.script.is_ready = false; };
  bench.drain();
  CHECK(bench.script.tries == 2);
  CHECK(bench.stats().sent == 1);
  CHECK(bench.stats().dropped_send == 2);
  CHECK(bench.stats().pending == 3 + 4 + 5);
  CHECK(bench.ring.size() == 3);
  CHECK(!bench.sender.is_ready());

  bench.script.is_ready = true;
  CHECK(bench.sender.is_ready());
  bench.drain();
  CHECK(bench.script.sent == Datagrams{bench.all[0], bench.all[2], bench.all[3], bench.all[4]});
  CHECK(bench.stats().sent == 13);
  CHECK(bench.stats().pending == 0);
}

TEST_CASE("sender: at the very end everything is tried, with a connection or without, and counted") {
  Bench<ConnectedTransport> bench{5};
  bench.script.results.assign(4, refused);
  bench.script.is_ready = false;
  bench.sender.close_by(soon());
  bench.drain();
  CHECK(bench.script.tries == 5);
  CHECK(bench.script.sent == Datagrams{bench.all[4]});
  CHECK(bench.stats().dropped_send == 1 + 2 + 3 + 4);
  CHECK(bench.stats().sent == 5);
  CHECK(bench.stats().pending == 0);
}

TEST_CASE("sender: without waiting, a full buffer of the system keeps what there is for later") {
  Bench<BatchTransport> bench{3};
  bench.script.results = {{}, would_block};
  bench.drain(Waiting::forbidden);
  CHECK(bench.script.tries == 2);
  CHECK(bench.stats().pending == 2 + 3);
  CHECK(bench.stats().dropped() == 0);
  bench.drain();
  CHECK(bench.script.sent == bench.all);
}

TEST_CASE("sender: past the deadline, and when the client closes, nothing is tried again") {
  Bench<SingleTransport> bench{2};
  bench.script.results.assign(2, would_block);
  bench.sender.drain(bench.ring, 1, Waiting::allowed, Deadline::min());
  CHECK(bench.script.tries == 1);
  bench.sender.close_by(Deadline::min() + std::chrono::seconds{1});
  bench.drain();
  CHECK(bench.script.tries == 2);
  CHECK(bench.stats().dropped_send == 3);
}

TEST_CASE("sender: of a sample that is sent at once it says whether to report") {
  Bench<SingleTransport> bench;
  bench.given = 3;
  bench.script.results = {{}, refused};
  CHECK(bench.sender.send("a:1|c"));
  CHECK_FALSE(bench.sender.send("lost:1|c"));
  CHECK(bench.errors.empty());
  bench.sender.errors()->report();
  REQUIRE(bench.errors.size() == 1);
  CHECK(bench.errors[0].code == refused);
  CHECK(bench.errors[0].suppressed == 0);
  CHECK(bench.sender.send("b:0|g\nb:-5|g"));
  CHECK(bench.script.sent == Datagrams{"a:1|c", "b:0|g\nb:-5|g"});
  CHECK(bench.stats().sent == 2);
  CHECK(bench.stats().dropped_send == 1);
  CHECK(bench.stats().datagrams == 2);
  CHECK(bench.stats().bytes == 17);
  CHECK(bench.errors.size() == 1);
}

namespace {

/// Waits, or says at once that there is nothing to wait for.
struct WaitingTransport {
  struct State {
    int slices_until_ready = 0;
    bool waits = true;
    int calls = 0;
  };
  State* state;

  std::error_code send(std::string_view) noexcept { return {}; }
  bool ready() noexcept { return state->slices_until_ready <= 0; }
  bool wait_ready(Deadline deadline) noexcept {
    ++state->calls;
    if (ready()) return true;
    if (state->waits) {
      std::this_thread::sleep_until(deadline);  // as waiting is
      --state->slices_until_ready;
    }
    return ready();
  }
};
static_assert(statwire::HasWaitReady<WaitingTransport>);

struct FailedLookup : WaitingTransport {
  std::error_code last_error() const noexcept { return refused; }
};
struct FirstLookup : WaitingTransport {
  std::error_code last_error() const noexcept { return statwire::errc::not_connected; }
};

}  // namespace

TEST_CASE("sender: waiting ends when the transport is ready, which may take several slices of time") {
  DeliveryCounters counters;
  WaitingTransport::State state{.slices_until_ready = 3};
  Sender<WaitingTransport> sender{counters, nullptr, false, WaitingTransport{&state}};
  CHECK(!sender.is_ready());
  CHECK(sender.wait_ready());
  CHECK(state.calls == 3);
  CHECK(sender.wait_ready());
  CHECK(state.calls == 4);
}

TEST_CASE("sender: waiting ends when the transport says early that there is nothing to wait for") {
  DeliveryCounters counters;
  WaitingTransport::State state{.slices_until_ready = 1, .waits = false};
  Sender<WaitingTransport> sender{counters, nullptr, false, WaitingTransport{&state}};
  CHECK(!sender.wait_ready());
  // Once, but for a machine that stops for a slice between two lines; a sender that goes on asks until its
  // patience ends, some hundred thousand times.
  CHECK(state.calls < 10);
}

TEST_CASE("sender: why a transport is not ready is told; that the first lookup goes on is no error") {
  const auto told_by = [](auto transport) {
    std::vector<std::error_code> told;
    DeliveryCounters counters;
    Sender<decltype(transport)> sender{
        counters, [&](const DeliveryError& error) { told.push_back(error.code); }, false, transport};
    CHECK(!sender.is_ready());
    sender.errors()->report();
    return told;
  };
  WaitingTransport::State state{.slices_until_ready = 1};
  CHECK(told_by(FailedLookup{{&state}}) == std::vector<std::error_code>{refused});
  CHECK(told_by(FirstLookup{{&state}}).empty());
  CHECK(told_by(WaitingTransport{&state}).empty());
}

TEST_CASE("sender: a transport that is always ready needs no functions to say so") {
  DeliveryCounters counters;
  Script script;
  Sender<SingleTransport> sender{counters, nullptr, false, SingleTransport{&script}};
  CHECK(sender.is_ready());
  CHECK(sender.wait_ready());
}
