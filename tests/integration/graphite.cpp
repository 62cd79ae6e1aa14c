#include "statwire/graphite.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "statwire/testing/scripted_stream.hpp"
#include "support/child_process.hpp"
#include "support/graphite_numbers.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

/// A ScriptedStream that the test keeps when the client has taken it.
class SharedStream {
 public:
  explicit SharedStream(testing::StreamScript script)
      : stream_{std::make_shared<testing::ScriptedStream>(std::move(script))} {}

  void connect(Deadline deadline, std::error_code& ec) { stream_->connect(deadline, ec); }
  std::size_t read_some(std::span<char> buffer, Deadline deadline, std::error_code& ec) {
    return stream_->read_some(buffer, deadline, ec);
  }
  std::size_t write_some(std::string_view bytes, Deadline deadline, std::error_code& ec) {
    return stream_->write_some(bytes, deadline, ec);
  }
  void shutdown_write(std::error_code& ec) { stream_->shutdown_write(ec); }
  void close() noexcept { stream_->close(); }

  /// To be looked at when nothing is under way.
  const testing::ScriptedStream& stream() const { return *stream_; }

 private:
  std::shared_ptr<testing::ScriptedStream> stream_;
};

}  // namespace

TEST_CASE("graphite: the calls of a client, as they are promised") {
  using Client = GraphiteClient<>;
  static_assert(std::is_same_v<decltype(GraphiteClient{"127.0.0.1", 2003}), Client>);
  static_assert(std::is_same_v<decltype(GraphiteClient{"127.0.0.1:2003"}), Client>);
  static_assert(std::is_same_v<decltype(GraphiteClient{SharedStream{{}}}), GraphiteClient<SharedStream>>);
  static_assert(noexcept(std::declval<Client&>().send(std::string_view{}, 1.0, 1)));
  static_assert(noexcept(std::declval<Client&>().send(std::string_view{}, 1.0)));
  static_assert(noexcept(std::declval<Client&>().flush(std::declval<std::chrono::milliseconds>())));
  static_assert(noexcept(std::declval<const Client&>().stats()));
  static_assert(!std::is_copy_constructible_v<Client>);
  LineListener listener;
  {
    GraphiteClient graphite{"127.0.0.1",
                            listener.port(),
                            {.format = GraphiteFormat::plaintext,
                             .flush_interval = 1h,
                             .flush = Flush::background,
                             .max_spool_bytes = 1024 * 1024,
                             .max_batch_bytes = 64 * 1024,
                             .timeout = 5s,
                             .close_timeout = 5s}};
    graphite.send("huginn.cpu", 0.5, 1'642'667'947);
    graphite.send("muninn memory", 42'000'000, 1'642'667'948);
    CHECK(graphite.flush(patience));
    CHECK(listener.lines() == Lines{"huginn.cpu 0.5 1642667947", "muninn_memory 42000000 1642667948", ""});
    const GraphiteStats stats = graphite.stats();
    CHECK(stats.accepted == 2);
    CHECK(stats.delivered == 2);
    CHECK(stats.batches == 1);
    CHECK(stats.failures == 0);
    CHECK(!stats.last_error);
    CHECK(std::abs(stats.last_delivery - std::time(nullptr)) < 60);
    CHECK(stats.last_failure == 0);
    CHECK(stats.delivery_bytes == 60);
    CHECK(graphite.flush(0ms));  // there is nothing to wait for
    graphite.send("last", 1, 2);
  }
  CHECK(listener.lines(1) == Lines{"last 1 2", ""});  // sent when the client ended
}

TEST_CASE("graphite: a point without a time is of now") {
  struct Clock {
    static std::chrono::system_clock::time_point now() {
      return std::chrono::system_clock::time_point{1'700'000'000s};
    }
  };
  const SharedStream shared{{}};
  GraphiteClient<SharedStream, Clock> graphite{shared, {.flush = Flush::manual}};
  graphite.send("a", 1);
  CHECK(graphite.flush(patience));
  CHECK(shared.stream().written() == "a 1 1700000000\n");
}

TEST_CASE("graphite: an address says where and in which format") {
  LineListener listener;
  const std::string port = std::to_string(listener.port());
  GraphiteClient lines{"localhost:" + port, {.flush = Flush::manual}};
  lines.send("a", 1, 1);
  CHECK(lines.flush(patience));
  CHECK(listener.lines() == Lines{"a 1 1", ""});
  GraphiteClient pickles{"pickle://127.0.0.1:" + port, {.flush = Flush::manual}};
  pickles.send("a", 1, 1);
  CHECK(pickles.flush(patience));
  using namespace std::string_literals;
  CHECK(listener.lines(1) ==
        Lines{"\0\0\0\x1c\x80\x02](X\x01\0\0\0aJ\x01\0\0\0G\x3f\xf0\0\0\0\0\0\0\x86\x86"s + "e."});
}

TEST_CASE("graphite: an option that is out of range is named with its value") {
  const auto check_refused = [](const char* message, const GraphiteOptions& options) {
    try {
      GraphiteClient{"127.0.0.1", 2003, options};
      FAIL_CHECK("not refused: " << message);
    } catch (const ClientError& error) {
      CHECK(error.code() == errc::invalid_option);
      CHECK(std::string{error.what()}.starts_with(std::string{"statwire: "} + message));
    }
  };
  check_refused("flush_interval in milliseconds -1, must be at least 0", {.flush_interval = -1ms});
  check_refused("max_spool_bytes 65535, must be at least 65536", {.max_spool_bytes = 65'535});
  check_refused("max_batch_bytes 16383, must be at least 16384", {.max_batch_bytes = 16'383});
  check_refused("timeout in milliseconds 0, must be at least 1", {.timeout = 0ms});
  check_refused("close_timeout in milliseconds 0, must be at least 1", {.close_timeout = 0ms});
  CHECK_THROWS_WITH_AS((GraphiteClient{"", 2003}), doctest::Contains("Graphite at '' port 2003, must be"),
                       ClientError);
  CHECK_THROWS_WITH_AS((GraphiteClient{"carbon", 0}), doctest::Contains("'carbon' port 0, must be"),
                       ClientError);
  CHECK_THROWS_WITH_AS((GraphiteClient{"carbon:http"}),
                       doctest::Contains("'carbon:http' at byte 7: expected a port"), ClientError);
}

TEST_CASE("graphite: what Graphite does not have is refused and counted") {
  const SharedStream shared{{}};
  GraphiteClient graphite{shared, {.flush = Flush::manual}};
  graphite.send("", 1, 1);
  graphite.send("a", std::nan(""), 1);
  graphite.send("a", INFINITY, 1);
  graphite.send("a", 1, -1);
  graphite.send("a", 1, 4'294'967'296);
  graphite.send(std::string(8193, 'x'), 1, 1);
  graphite.send("a", 1, 1);
  CHECK(graphite.flush(patience));
  CHECK(graphite.stats().refused == 6);
  CHECK(graphite.stats().accepted == 1);
  CHECK(shared.stream().written() == "a 1 1\n");
}

TEST_CASE("graphite: manual: what was sent before a flush goes with it, over one connection") {
  const SharedStream shared{{}};
  GraphiteClient graphite{shared, {.flush_interval = 0ms, .flush = Flush::manual}};
  send_numbers(graphite, 0, 500);
  CHECK(graphite.stats().pending == 500);
  CHECK(graphite.flush(patience));
  CHECK(graphite.stats().batches == 1);
  CHECK(graphite.stats().delivered == 500);
}

TEST_CASE("graphite: manual: nothing goes without a flush, also when there is no more room") {
  const SharedStream shared{{}};
  GraphiteClient graphite{shared, {.flush = Flush::manual, .max_spool_bytes = 65'536}};
  CHECK(graphite.flush(0ms));
  send_numbers(graphite, 0, 50'000);
  const GraphiteStats stats = graphite.stats();
  CHECK(stats.delivered == 0);
  CHECK(stats.dropped > 0);
  CHECK(graphite.flush(patience));
  CHECK(graphite.stats().delivered == 50'000 - stats.dropped);
  CHECK(shared.stream().written().ends_with("n49999 49999 1\n"));
}

TEST_CASE("graphite: background: points go when the interval is over, or when a batch is full") {
  LineListener listener;
  GraphiteClient timed{"127.0.0.1", listener.port(), {.flush_interval = 10ms}};
  timed.send("a", 1, 1);
  wait_until("a line", [&] { return listener.lines() == Lines{"a 1 1", ""}; });
  LineListener other;
  GraphiteClient full{"127.0.0.1", other.port(), {.flush_interval = 1h, .max_batch_bytes = 16'384}};
  send_numbers(full, 0, 2000);
  wait_until("a batch", [&] { return full.stats().batches >= 1; });
  CHECK(full.stats().pending > 0);
  CHECK(full.flush(patience));
  CHECK(whole_lines(other) == number_lines(0, 2000));
}

TEST_CASE("graphite: a refused connection is tried again, and its error told until then") {
  const std::error_code refused = std::make_error_code(std::errc::connection_refused);
  const SharedStream shared{{.failing_call = 1, .failure = refused}};
  GraphiteClient graphite{shared, {.flush = Flush::manual}};
  graphite.send("a", 1, 1);
  CHECK(graphite.flush(patience));
  const GraphiteStats stats = graphite.stats();
  CHECK(stats.failures == 1);
  CHECK(stats.batches == 1);
  CHECK(!stats.last_error);
  CHECK(stats.last_failure != 0);
  CHECK(shared.stream().written() == "a 1 1\n");

  GraphiteClient unlucky{"127.0.0.1", free_tcp_port(), {.close_timeout = 1ms}};
  unlucky.send("a", 1, 1);
  CHECK_FALSE(unlucky.flush(50ms));
  wait_until("a failure", [&] { return unlucky.stats().failures != 0; });
  CHECK(unlucky.stats().last_error);
  CHECK(unlucky.stats().pending == 1);
}

TEST_CASE("graphite: what a lost connection may have taken is sent again, from the beginning") {
  for (std::size_t call = 2; call <= 7; ++call) {  // writes, the end of writing, the receipt
    CAPTURE(call);
    const SharedStream shared{{.max_write_bytes = 4, .failing_call = call}};
    GraphiteClient graphite{shared, {.flush = Flush::manual}};
    graphite.send("a", 1, 1);
    graphite.send("b", 2, 2);
    CHECK(graphite.flush(patience));
    CHECK(shared.stream().written().ends_with("a 1 1\nb 2 2\n"));
    CHECK(graphite.stats().failures == (call == 7 ? 0 : 1));
    CHECK(graphite.stats().delivered == 2);
    check_sum(graphite);
  }
}

TEST_CASE("graphite: several threads send while another asks for the figures") {
  LineListener listener;
  GraphiteClient graphite{"127.0.0.1", listener.port(), {.flush_interval = 1ms, .max_batch_bytes = 16'384}};
  std::atomic<bool> done{false};
  std::thread observer{[&] {
    while (!done) check_sum(graphite);
  }};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&graphite, i] {
      send_numbers(graphite, i * 2500, (i + 1) * 2500);
      CHECK(graphite.flush(patience));
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  observer.join();
  CHECK(graphite.stats().delivered == 10'000);
  CHECK(graphite.stats().dropped == 0);
  CHECK(whole_lines(listener) == number_lines(0, 10'000));
}
