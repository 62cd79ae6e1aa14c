#include "statwire/client/outbox.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/aggregate/recorder.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/random_bytes.hpp"

namespace {

using statwire::DeliveryStats;
using statwire::client::Outbox;
using statwire::client::OutboxOptions;
using statwire::testing::MemoryTransport;

using Datagrams = std::vector<std::string>;
using MemoryOutbox = Outbox<MemoryTransport>;
using statwire::aggregate::Recorder;
using statwire::aggregate::RegistryOptions;

static_assert(!std::copy_constructible<MemoryOutbox> && !std::move_constructible<MemoryOutbox>);

/// An outbox with a registry for the lines of this thread; without a thread of its own.
template <class Transport>
class Bench {
 public:
  template <class... TransportArgs>
  explicit Bench(std::size_t max_packet_bytes, std::size_t datagrams, TransportArgs&&... transport_args)
      : registry_{Recorder::make(RegistryOptions{.max_line_bytes = max_packet_bytes,
                                                 .max_packet_bytes = max_packet_bytes,
                                                 .datagrams_per_thread = datagrams,
                                                 .delivery = statwire::Delivery::buffered})},
        outbox_{OutboxOptions{.max_datagrams = datagrams,
                              .flush_interval = std::chrono::seconds{1},
                              .flush = statwire::Flush::manual},
                registry_, std::forward<TransportArgs>(transport_args)...} {}

  /// Adds the lines of one sample; false when there was no room.
  bool add(std::string_view lines) {
    bool added = false;
    registry_->with_state([&](auto& state) {
      added = registry_->append(state, [&](std::span<char> out) -> std::size_t {
        return lines.size() <= out.size() ? lines.copy(out.data(), lines.size()) : 0;
      });
    });
    return added;
  }

  Outbox<Transport>* operator->() { return &outbox_; }

 private:
  statwire::aggregate::SinkPointer<Recorder> registry_;
  Outbox<Transport> outbox_;
};

using MemoryBench = Bench<MemoryTransport>;

std::error_code refused() {
  return std::make_error_code(std::errc::connection_refused);
}

/// Writes into a vector of the test, which outlives the outbox; fails the call of one number. Cannot be
/// moved.
class RecordingTransport {
 public:
  explicit RecordingTransport(Datagrams& sent, std::size_t failing_call = 0)
      : sent_{sent}, failing_call_{failing_call} {}
  RecordingTransport(const RecordingTransport&) = delete;
  RecordingTransport& operator=(const RecordingTransport&) = delete;

  std::error_code send(std::string_view datagram) noexcept {
    if (++calls_ == failing_call_) return refused();
    sent_.emplace_back(datagram);
    return {};
  }

 private:
  Datagrams& sent_;
  std::size_t failing_call_;
  std::size_t calls_ = 0;
};

/// Every sample that was given to the outbox is in one figure.
std::uint64_t accounted(const DeliveryStats& stats) {
  return stats.sent + stats.dropped() + stats.pending;
}

}  // namespace

TEST_CASE("outbox: send makes a datagram of each sample at once") {
  MemoryBench outbox{64, 4};
  outbox->send("a:1|c");
  outbox->send("b:0|g\nb:-5|g");
  CHECK(outbox->transport().datagrams() == Datagrams{"a:1|c", "b:0|g\nb:-5|g"});
  const DeliveryStats stats = outbox->stats();
  CHECK(stats.sent == 2);
  CHECK(stats.datagrams == 2);
  CHECK(stats.bytes == 17);
  CHECK(stats.pending == 0);
  CHECK(stats.dropped() == 0);
}

TEST_CASE("outbox: what is added waits for flush, then leaves in one datagram") {
  MemoryBench outbox{64, 4};
  outbox.add("a:1|c");
  outbox.add("b:0|g\nb:-5|g");
  outbox.add("a:1|c");
  CHECK(outbox->transport().datagrams().empty());
  CHECK(outbox->stats().pending == 3);
  CHECK(outbox->stats().sent == 0);
  outbox->flush();
  CHECK(outbox->transport().datagrams() == Datagrams{"a:1|c\nb:0|g\nb:-5|g\na:1|c"});
  const DeliveryStats stats = outbox->stats();
  CHECK(stats.pending == 0);
  CHECK(stats.sent == 3);
  CHECK(stats.datagrams == 1);
  CHECK(stats.bytes == 24);
}

TEST_CASE("outbox: a flush of nothing sends nothing") {
  MemoryBench outbox{64, 4};
  outbox->flush();
  outbox.add("a:1|c");
  outbox->flush();
  outbox->flush();
  CHECK(outbox->transport().datagrams() == Datagrams{"a:1|c"});
  CHECK(outbox->stats().datagrams == 1);
}

TEST_CASE(
    "outbox: when half of the memory is full, that leaves with the sample that fills it, the open one "
    "stays") {
  MemoryBench outbox{11, 2};
  outbox.add("a:1|c");
  outbox.add("b:1|c");
  CHECK(outbox->transport().datagrams().empty());
  outbox.add("c:1|c");
  CHECK(outbox->transport().datagrams() == Datagrams{"a:1|c\nb:1|c"});
  CHECK(outbox->stats().pending == 1);
  outbox.add("d:1234567|c");
  CHECK(outbox->transport().datagrams() == Datagrams{"a:1|c\nb:1|c", "c:1|c"});
  outbox->flush();
  CHECK(outbox->transport().datagrams() == Datagrams{"a:1|c\nb:1|c", "c:1|c", "d:1234567|c"});
}

TEST_CASE("outbox: full datagrams wait for others until half of the memory is full") {
  MemoryBench outbox{11, 6};
  for (const char* line : {"a:1|c", "b:1|c", "c:1|c", "d:1|c", "e:1|c", "f:1|c"}) outbox.add(line);
  CHECK(outbox->transport().datagrams().empty());
  outbox.add("g:1|c");
  CHECK(outbox->transport().datagrams() == Datagrams{"a:1|c\nb:1|c", "c:1|c\nd:1|c", "e:1|c\nf:1|c"});
}

TEST_CASE("outbox: in manual mode a full buffer of the system costs nothing while there is memory") {
  MemoryBench outbox{11, 4};
  outbox->transport().fail_with(std::make_error_code(std::errc::resource_unavailable_try_again));
  for (int i = 0; i < 8; ++i) CHECK(outbox.add("a:1|c"));
  CHECK_FALSE(outbox.add("a:1|c"));
  CHECK(outbox->stats().pending == 8);
  CHECK(outbox->stats().dropped() == 0);
  outbox->transport().fail_with({});
  outbox->flush();
  CHECK(outbox->stats().sent == 8);
}

TEST_CASE("outbox: send does not wait for what was added before") {
  MemoryBench outbox{64, 4};
  outbox.add("added:1|c");
  outbox->send("sent:1|c");
  CHECK(outbox->transport().datagrams() == Datagrams{"sent:1|c"});
  outbox->flush();
  CHECK(outbox->transport().datagrams() == Datagrams{"sent:1|c", "added:1|c"});
}

TEST_CASE("outbox: without a thread the smallest buffer holds any number of samples") {
  constexpr std::size_t max_packet_bytes = 40;
  MemoryBench outbox{max_packet_bytes, 2};
  statwire::test::RandomBytes random{11};
  std::vector<std::string> lines;
  for (int i = 0; i < 5000; ++i) {
    lines.push_back("n" + std::to_string(i) + ":" + std::string(random.up_to(30) + 1, '1') + "|c");
    outbox.add(lines.back());
    REQUIRE(accounted(outbox->stats()) == lines.size());
  }
  outbox->flush();
  CHECK(outbox->transport().lines() == lines);
  const std::vector<std::string>& datagrams = outbox->transport().datagrams();
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    bytes += datagrams[i].size();
    REQUIRE(datagrams[i].size() <= max_packet_bytes);
    if (i == 0) continue;
    const std::size_t first_line = datagrams[i].substr(0, datagrams[i].find('\n')).size();
    REQUIRE(datagrams[i - 1].size() + 1 + first_line > max_packet_bytes);  // it could not have joined
  }
  const DeliveryStats stats = outbox->stats();
  CHECK(stats.sent == lines.size());
  CHECK(stats.dropped() == 0);
  CHECK(stats.datagrams == datagrams.size());
  CHECK(stats.bytes == bytes);
}

TEST_CASE("outbox: while the transport fails, samples are counted as dropped and not sent again") {
  MemoryBench outbox{11, 2};
  outbox->transport().fail_with(refused());
  outbox->send("s:1|c");
  CHECK(outbox->stats().dropped_send == 1);
  for (std::uint64_t i = 1; i <= 7; ++i) {
    outbox.add("a:1|c");
    CHECK(accounted(outbox->stats()) == i + 1);
  }
  CHECK(outbox->stats().dropped_send == 7);
  CHECK(outbox->stats().pending == 1);
  outbox->flush();
  DeliveryStats stats = outbox->stats();
  CHECK(stats.dropped_send == 8);
  CHECK(stats.dropped() == 8);
  CHECK(stats.pending == 0);
  CHECK(stats.sent == 0);
  CHECK(stats.datagrams == 0);
  CHECK(stats.bytes == 0);

  outbox->transport().fail_with({});
  outbox->flush();
  CHECK(outbox->transport().datagrams().empty());
  outbox.add("b:1|c");
  outbox->flush();
  stats = outbox->stats();
  CHECK(outbox->transport().datagrams() == Datagrams{"b:1|c"});
  CHECK(stats.sent == 1);
  CHECK(stats.dropped_send == 8);
}

TEST_CASE("outbox: whichever send fails, just the samples of that datagram are dropped") {
  const Datagrams all{"a:1|c\nb:1|c", "s:1|c", "c:1|c\nd:1|c", "e:1|c"};
  const std::vector<std::uint64_t> samples{2, 1, 2, 1};
  for (std::size_t failing_call = 1; failing_call <= all.size(); ++failing_call) {
    CAPTURE(failing_call);
    Datagrams sent;
    Bench<RecordingTransport> outbox{11, 2, sent, failing_call};
    outbox.add("a:1|c");
    outbox.add("b:1|c");
    outbox.add("c:1|c");
    outbox->send("s:1|c");
    outbox.add("d:1|c");
    outbox.add("e:1|c");
    outbox->flush();
    Datagrams expected = all;
    expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(failing_call - 1));
    CHECK(sent == expected);
    const DeliveryStats stats = outbox->stats();
    CHECK(stats.dropped_send == samples[failing_call - 1]);
    CHECK(stats.dropped() == stats.dropped_send);
    CHECK(stats.sent == 6 - stats.dropped_send);
    CHECK(stats.datagrams == 3);
    CHECK(stats.pending == 0);
  }
}

TEST_CASE("outbox: the destructor sends what is left, after what was sent before") {
  Datagrams sent;
  {
    Bench<RecordingTransport> outbox{11, 2, sent};
    outbox.add("a:1|c");
    outbox.add("b:1|c");
    outbox.add("c:1|c");
    CHECK(sent == Datagrams{"a:1|c\nb:1|c"});
  }
  CHECK(sent == Datagrams{"a:1|c\nb:1|c", "c:1|c"});
}

TEST_CASE("outbox: the destructor of an empty outbox sends nothing") {
  Datagrams sent;
  { const Bench<RecordingTransport> outbox{11, 2, sent}; }
  CHECK(sent.empty());
}

TEST_CASE("outbox: stats show the counters that the client keeps in it") {
  MemoryBench outbox{64, 4};
  statwire::client::DeliveryCounters::add(outbox->counters().accepted, 3);
  statwire::client::DeliveryCounters::add(outbox->counters().dropped_invalid, 2);
  CHECK(outbox->stats().accepted == 3);
  CHECK(outbox->stats().dropped_invalid == 2);
}
