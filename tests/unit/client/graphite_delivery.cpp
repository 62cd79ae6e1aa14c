#include "statwire/client/graphite_delivery.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

#include "statwire/testing/scripted_stream.hpp"

namespace {

using namespace statwire;
using testing::ScriptedStream;
using testing::StreamScript;

template <class Transport>
std::error_code deliver(Transport& transport, std::string_view bytes) {
  std::error_code ec;
  client::deliver_to_graphite(transport, bytes, std::chrono::hours{1}, ec);
  return ec;
}

/// A stream whose system knows what the peer has acknowledged.
struct AcknowledgedStream : ScriptedStream {
  AcknowledgedStream(StreamScript script, std::size_t unacknowledged, std::size_t acknowledged_each_time = 0)
      : ScriptedStream{std::move(script)},
        unacknowledged_{unacknowledged},
        acknowledged_each_time_{acknowledged_each_time} {}

  std::size_t unacknowledged_bytes() noexcept {
    return std::exchange(unacknowledged_, unacknowledged_ - acknowledged_each_time_);
  }

 private:
  std::size_t unacknowledged_;
  std::size_t acknowledged_each_time_;
};

/// A stream that ends in both directions or not at all.
class WholeStream {
 public:
  void connect(Deadline deadline, std::error_code& ec) { stream.connect(deadline, ec); }
  std::size_t read_some(std::span<char> buffer, Deadline deadline, std::error_code& ec) {
    return stream.read_some(buffer, deadline, ec);
  }
  std::size_t write_some(std::string_view bytes, Deadline deadline, std::error_code& ec) {
    return stream.write_some(bytes, deadline, ec);
  }
  void close() noexcept { stream.close(); }

  ScriptedStream stream{{.max_write_bytes = 4}};
};

static_assert(HasShutdownWrite<ScriptedStream>);
static_assert(!HasShutdownWrite<WholeStream>);
static_assert(HasUnacknowledgedBytes<AcknowledgedStream>);

}  // namespace

TEST_CASE("graphite delivery: everything is written, and the end that the peer makes is the receipt") {
  ScriptedStream stream{{.max_write_bytes = 4}};
  CHECK_FALSE(deliver(stream, "a.b 1 1\nc 2 2\n"));
  CHECK(stream.written() == "a.b 1 1\nc 2 2\n");
  CHECK(stream.is_shut_down());
  CHECK_FALSE(stream.is_open());
}

TEST_CASE("graphite delivery: what the peer says before it closes is of no interest") {
  ScriptedStream stream{{.replies = {"hello", std::string(2000, 'x'), "bye"}}};
  CHECK_FALSE(deliver(stream, "a 1 1\n"));
  CHECK_FALSE(stream.is_open());
}

TEST_CASE("graphite delivery: whichever call fails, it has not arrived, and the connection is closed") {
  // connect, two writes, the end of writing, a read
  for (std::size_t call = 1; call <= 5; ++call) {
    CAPTURE(call);
    ScriptedStream stream{{.max_write_bytes = 4, .failing_call = call}};
    CHECK(deliver(stream, "a 1 10\n") == std::errc::connection_reset);
    CHECK(stream.calls() == call);
    CHECK_FALSE(stream.is_open());
    CHECK_FALSE(deliver(stream, "a 1 10\n"));
    CHECK(stream.written().ends_with("a 1 10\n"));
  }
}

TEST_CASE("graphite delivery: a peer that has taken everything and never closes has it") {
  ScriptedStream silent{{.after_replies = errc::timed_out}};
  CHECK_FALSE(deliver(silent, "a 1 1\n"));
  AcknowledgedStream taken{{.after_replies = errc::timed_out}, 0};
  CHECK_FALSE(deliver(taken, "a 1 1\n"));
  CHECK_FALSE(taken.is_open());
}

TEST_CASE("graphite delivery: a peer that acknowledges nothing does not have it") {
  AcknowledgedStream gone{{.after_replies = errc::timed_out}, 7};
  CHECK(deliver(gone, "a 1 1\n") == errc::timed_out);
  CHECK_FALSE(gone.is_open());
}

TEST_CASE("graphite delivery: a slow peer has all the time it needs, as long as it takes something") {
  AcknowledgedStream slow{{.after_replies = errc::timed_out}, 7, 1};
  CHECK_FALSE(deliver(slow, "a 1 1\n"));
  CHECK(slow.calls() >= 3 + 7);  // connect, write, the end of writing, and a read for each byte
}

TEST_CASE("graphite delivery: time that ends before everything is written is a failure") {
  ScriptedStream stream{{.max_write_bytes = 4, .failing_call = 3, .failure = errc::timed_out}};
  CHECK(deliver(stream, "a 1 10\n") == errc::timed_out);
  ScriptedStream unconnected{{.failing_call = 1, .failure = errc::timed_out}};
  CHECK(deliver(unconnected, "a 1 10\n") == errc::timed_out);
}

TEST_CASE("graphite delivery: over a stream without two ends, what is written has arrived") {
  WholeStream transport;
  CHECK_FALSE(deliver(transport, "a 1 10\n"));
  CHECK(transport.stream.written() == "a 1 10\n");
  CHECK(transport.stream.calls() == 3);
  CHECK_FALSE(transport.stream.is_open());
}
