#include "statwire/async_metrics.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <asio/bind_cancellation_slot.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#if __has_include(<asio/deferred.hpp>)
#include <asio/deferred.hpp>
#else
#include <asio/experimental/deferred.hpp>
namespace asio {
using experimental::deferred;
}
#endif

#include "statwire/testing/manual_clock.hpp"
#include "support/async_scripted_stream.hpp"

namespace doctest {

template <>
struct StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "; ";
    return text.c_str();
  }
};

}  // namespace doctest

namespace {

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;
using testing::ScriptedStream;
using testing::StreamScript;
using ScriptedClient = AsyncMetricsClient<AsyncScriptedStream, testing::ManualClock>;

const std::error_code aborted = detail::operation_aborted();

/// A client over a script, connected when the loop runs.
class Fixture {
 public:
  /// A handler that writes the outcome down: `put: ok`, or the message of the error; and what it was given.
  auto result(std::string name) {
    ++started;
    return [this, name = std::move(name)](std::error_code ec, auto... results) {
      ended.push_back(name + ": " + (ec ? ec.message() : "ok") + (std::string{} + ... + words(results)));
    };
  }

  explicit Fixture(StreamScript script, const AsyncMetricsOptions& options = {})
      : stream{std::make_shared<ScriptedStream>(std::move(script))},
        client{std::make_unique<ScriptedClient>(AsyncScriptedStream{io, stream}, options)} {
    client->async_connect(result("connect"));
  }

  void put(const std::string& name = "put") { client->async_put("k", 1, 5, result(name)); }

  asio::io_context io;
  std::shared_ptr<ScriptedStream> stream;
  std::unique_ptr<ScriptedClient> client;
  std::size_t started = 0;
  std::vector<std::string> ended;

 private:
  static std::string words(std::size_t stored) { return " " + std::to_string(stored); }
  static std::string words(const Series& series) {
    std::string text;
    for (const auto& [key, samples] : series) text += " " + key + "=" + std::to_string(samples.size());
    return text;
  }
};

std::string text(std::error_code ec) {
  return ec.message();
}

using Lines = std::vector<std::string>;

}  // namespace

static_assert(!std::is_copy_constructible_v<AsyncMetricsClient<>>);
static_assert(!std::is_move_constructible_v<AsyncMetricsClient<>>);

TEST_CASE("async metrics: operations that follow a connect wait for it, leave together and end in order") {
  Fixture test{{.replies = {"ok\n\nok\nk 1 5\nj 2 5\n\nok\n\nok\n\n"}}};
  test.put();
  test.client->async_get("*", test.result("get"));
  const std::vector<Point> points{{"a", 1, 5}, {"b", 2, 6}};
  test.client->async_put(points, test.result("batch"));
  CHECK(test.ended.empty());
  CHECK(test.stream->calls() == 0);
  test.io.run();
  CHECK(test.ended == Lines{"connect: ok", "put: ok", "get: ok j=1 k=1", "batch: ok 2"});
  CHECK(test.stream->written() == "put k 1 5\nget *\nput a 1 5\nput b 2 6\n");
  CHECK(test.stream->calls() == 3);  // a connect, a write, a read
  CHECK(test.stream->is_open());
}

TEST_CASE("async metrics: a put without a timestamp has the time of the call") {
  Fixture test{{.replies = {"ok\n\nok\n\n"}}};
  testing::ManualClock::set(100s);
  test.client->async_put("k", 1, test.result("put"));
  test.client->async_put(std::vector<Point>{{"j", 2}}, test.result("batch"));
  testing::ManualClock::set(200s);
  test.io.run();
  CHECK(test.stream->written() == "put k 1 100\nput j 2 100\n");
}

TEST_CASE("async metrics: a handler is never called within the call, whatever is wrong") {
  Fixture test{{}, {.max_pending_bytes = 50}};
  test.client->async_put("white space", 1, 5, test.result("key"));
  test.client->async_put("k", std::numeric_limits<double>::quiet_NaN(), 5, test.result("value"));
  test.client->async_get("", test.result("get"));
  test.client->async_get_each(
      "\n", [](std::string_view, Sample) {}, test.result("each"));
  test.client->async_put(std::vector<Point>{{"a", 1, 5}, {"", 1, 5}}, test.result("batch"));
  test.client->async_put(std::string(60, 'k'), 1, 5, test.result("long"));
  test.client->async_put(std::vector<Point>(10'000, {"a", 1, 5}), test.result("large"));
  CHECK(test.ended.empty());
  test.client->close();
  test.io.run();
  const std::string bad_key = text(errc::invalid_key);
  CHECK(test.ended == Lines{"key: " + bad_key, "value: " + text(errc::invalid_value), "get: " + bad_key,
                            "each: " + bad_key, "batch: " + bad_key + " 0", "long: " + text(errc::queue_full),
                            "large: " + text(errc::queue_full) + " 0", "connect: " + text(aborted)});
  CHECK(test.stream->written().empty());
}

TEST_CASE("async metrics: without a connection every operation says so, until there is one") {
  Fixture test{{.replies = {"ok\n\n"}}};
  test.client->close();
  test.put();
  test.client->async_get("*", test.result("get"));
  test.client->async_put(std::vector<Point>{}, test.result("batch"));
  test.client->async_connect(test.result("connect again"));
  test.put("put again");
  test.io.run();
  const std::string words = text(errc::not_connected);
  CHECK(test.ended == Lines{"connect: " + text(aborted), "put: " + words, "get: " + words,
                            "batch: " + words + " 0", "connect again: ok", "put again: ok"});
}

TEST_CASE("async metrics: a connection is made once") {
  Fixture test{{}};
  test.client->async_connect(test.result("second"));
  test.io.run();
  test.client->async_connect(test.result("third"));
  test.io.restart();
  test.io.run();
  CHECK(test.ended ==
        Lines{"second: " + text(std::make_error_code(std::errc::connection_already_in_progress)),
              "connect: ok", "third: " + text(std::make_error_code(std::errc::already_connected))});
  Fixture no_time{{}, {.timeout = 0ms}};
  no_time.io.run();
  CHECK(no_time.ended == Lines{"connect: " + text(errc::invalid_option)});
  Fixture for_ever{{.replies = {"ok\n\n"}}, {.timeout = std::chrono::milliseconds::max()}};
  for_ever.put();
  for_ever.io.run();
  CHECK(for_ever.ended == Lines{"connect: ok", "put: ok"});
}

TEST_CASE("async metrics: an empty batch is stored, a refused point costs no other") {
  Fixture test{{.replies = {"ok\n\nerror\nwrong command\n\nok\n\nok\n\n"}}};
  test.io.run();
  test.client->async_put(std::vector<Point>{}, test.result("empty"));
  test.client->async_put(std::vector<Point>{{"a", 1, 5}, {"b", 1, 5}, {"c", 1, 5}}, test.result("batch"));
  test.put();
  test.io.restart();
  test.io.run();
  CHECK(test.ended ==
        Lines{"connect: ok", "empty: ok 0", "batch: " + text(errc::command_refused) + " 2", "put: ok"});
  CHECK(test.stream->is_open());
}

TEST_CASE("async metrics: requests that wait are bounded, and answers make room") {
  Fixture test{{.replies = {"ok\n\nok\n\n", "ok\n\n"}}, {.max_pending_bytes = 25}};
  test.put("first");
  test.put("second");  // 20 bytes
  test.put("third");
  test.client->async_get("k", test.result("get"));
  test.io.run();
  test.put("fourth");
  test.io.restart();
  test.io.run();
  CHECK(test.ended == Lines{"third: " + text(errc::queue_full), "get: " + text(errc::queue_full),
                            "connect: ok", "first: ok", "second: ok", "fourth: ok"});
}

TEST_CASE("async metrics: a failure of any connect, read or write ends everything, once and with its cause") {
  const auto run = [](std::size_t failing_call, std::size_t max_bytes) {
    CAPTURE(failing_call);
    StreamScript script{.replies = {"ok\n\nok\n\nok\n\n", "ok\nk 1 1\n", "k 2 2\n\nok\n\n"},
                        .max_read_bytes = max_bytes,
                        .max_write_bytes = max_bytes,
                        .failing_call = failing_call};
    Fixture test{script};
    test.put("0");
    test.client->async_put(std::vector<Point>{{"a", 1, 5}, {"b", 1, 5}}, test.result("1"));
    test.client->async_get("k", test.result("2"));
    test.client->async_put("long" + std::string(200, 'g'), 1, 5, test.result("3"));
    test.io.run();
    REQUIRE(test.ended.size() == test.started);
    const std::size_t calls = test.stream->calls();
    bool has_failed = false;
    for (const std::string& line : test.ended) {
      if (line.find(text(script.failure)) != std::string::npos) {
        has_failed = true;
      } else {
        CHECK_FALSE(has_failed);  // later than the first that failed, all have
        CHECK(line.find("ok") != std::string::npos);
      }
    }
    if (calls < failing_call) {
      CHECK_FALSE(has_failed);
      CHECK(test.stream->written() ==
            "put k 1 5\nput a 1 5\nput b 1 5\nget k\nput long" + std::string(200, 'g') + " 1 5\n");
      return true;
    }
    if (!has_failed) return false;  // the script answers early: what was left to write is nobody's
    CHECK_FALSE(test.stream->is_open());
    test.put("late");
    test.client->async_connect(test.result("connect"));
    test.io.restart();
    test.io.run();
    CHECK(test.ended[5] == "late: " + text(errc::not_connected));
    CHECK(test.ended[6] == "connect: ok");
    return false;
  };
  for (const std::size_t max_bytes : {std::size_t{3}, std::size_t{50}, std::size_t{100'000}}) {
    CAPTURE(max_bytes);
    std::size_t call = 1;
    while (!run(call, max_bytes)) REQUIRE(++call < 1000);
    CHECK(call > 4);
  }
}

TEST_CASE(
    "async metrics: what was cancelled ends at once; its answer is thrown away and the others get theirs") {
  Fixture test{{.replies = {"ok\nk 1 1\n\n", "ok\nj 1 1\n\nok\n\n"}}};
  asio::cancellation_signal first;
  asio::cancellation_signal put;
  bool row_came = false;
  test.client->async_get_each(
      "k", [&](std::string_view, Sample) { row_came = true; },
      [&, done = test.result("first")](std::error_code ec) { done(ec); });
  test.io.run();
  CHECK(row_came);
  test.io.restart();
  test.client->async_get("j", asio::bind_cancellation_slot(first.slot(), test.result("cancelled")));
  test.client->async_put("k", 1, 5, asio::bind_cancellation_slot(put.slot(), test.result("put")));
  put.emit(asio::cancellation_type::total);  // a put that was sent may have effects
  first.emit(asio::cancellation_type::total);
  test.io.run();
  CHECK(test.ended == Lines{"connect: ok", "first: ok", "cancelled: " + text(aborted), "put: ok"});
  first.emit(asio::cancellation_type::all);  // harmless
  put.emit(asio::cancellation_type::all);
}

TEST_CASE("async metrics: a put may be cancelled, and so may a connect with what waits for it") {
  Fixture test{{.replies = {"ok\n\nok\n\n"}}};
  asio::cancellation_signal signal;
  test.client->async_put("k", 1, 5, asio::bind_cancellation_slot(signal.slot(), test.result("cancelled")));
  test.put();
  signal.emit(asio::cancellation_type::terminal);
  test.io.run();
  CHECK(test.ended == Lines{"cancelled: " + text(aborted), "connect: ok", "put: ok"});
  test.client->close();
  test.ended.clear();
  test.client->async_connect(asio::bind_cancellation_slot(signal.slot(), test.result("connect")));
  test.put();
  signal.emit(asio::cancellation_type::terminal);
  test.io.restart();
  test.io.run();
  CHECK(test.ended == Lines{"connect: " + text(aborted), "put: " + text(errc::not_connected)});
}

namespace {

/// An executor that does what the test says when it is about to be posted to, once.
struct InterruptedExecutor {
  asio::io_context::executor_type executor;
  std::shared_ptr<std::function<void()>> interruption;

  asio::execution_context& query(asio::execution::context_t /*property*/) const noexcept {
    return executor.context();
  }
  InterruptedExecutor require(asio::execution::blocking_t::never_t /*property*/) const {
    if (const auto interrupt = std::exchange(*interruption, nullptr)) interrupt();
    return *this;
  }
  template <class Function>
  void execute(Function&& function) const {
    asio::post(executor, std::forward<Function>(function));
  }
  friend bool operator==(const InterruptedExecutor& a, const InterruptedExecutor& b) noexcept {
    return a.executor == b.executor;
  }
  [[maybe_unused]] friend bool operator!=(const InterruptedExecutor& a,
                                          const InterruptedExecutor& b) noexcept {
    return !(a == b);
  }
};

using InterruptedStream = BasicAsyncScriptedStream<InterruptedExecutor>;

/// A stream that reads what the script says and cannot write.
class ReadOnlyStream : public AsyncScriptedStream {
 public:
  using AsyncScriptedStream::AsyncScriptedStream;

  template <class Handler>
  void async_write_some(std::string_view /*piece*/, Handler&& handler) {
    const auto executor = asio::get_associated_executor(handler);
    asio::post(get_executor(),
               asio::bind_executor(executor, [handler = std::forward<Handler>(handler)]() mutable {
                 std::move(handler)(std::make_error_code(std::errc::broken_pipe), std::size_t{0});
               }));
  }
};

}  // namespace

TEST_CASE("async metrics: an operation is cancelled also while another thread is about to post it") {
  asio::io_context io;
  const auto stream = std::make_shared<ScriptedStream>(StreamScript{.replies = {"ok\n\nok\nk 1 5\n\n"}});
  const auto interruption = std::make_shared<std::function<void()>>();
  AsyncMetricsClient<InterruptedStream> client{
      InterruptedStream{InterruptedExecutor{io.get_executor(), interruption}, stream}};
  Lines ended;
  client.async_connect([&](std::error_code ec) { ended.push_back("connect: " + text(ec)); });
  io.run();
  io.restart();
  asio::cancellation_signal signal;
  *interruption = [&] {
    client.async_get("k", asio::bind_cancellation_slot(signal.slot(), [&](std::error_code ec, const Series&) {
                       ended.push_back("get: " + text(ec));
                     }));
    signal.emit(asio::cancellation_type::terminal);
  };
  client.async_put("k", 1, 5, [&](std::error_code ec) { ended.push_back("put: " + text(ec)); });
  io.run();
  CHECK(ended == Lines{"connect: " + text({}), "get: " + text(aborted), "put: " + text({})});
  CHECK(stream->written() == "put k 1 5\nget k\n");
}

TEST_CASE("async metrics: an operation that cannot be posted throws; those before and after it go on") {
  asio::io_context io;
  const auto stream =
      std::make_shared<ScriptedStream>(StreamScript{.replies = {"ok\n\n", "ok\n\n", "ok\n\n"}});
  const auto interruption = std::make_shared<std::function<void()>>();
  AsyncMetricsClient<InterruptedStream> client{
      InterruptedStream{InterruptedExecutor{io.get_executor(), interruption}, stream},
      {.max_pending_bytes = 35}};
  Lines ended;
  const auto end = [&](const std::string& name) {
    return [&ended, name](std::error_code ec) { ended.push_back(name + ": " + text(ec)); };
  };
  client.async_connect(end("connect"));
  client.async_put("before", 1, 5, end("before"));
  CHECK(io.poll_one() == 1);  // taken, and under way
  *interruption = [&] {
    client.async_put("b", 1, 5, end("other"));  // from another thread
    throw std::bad_alloc{};
  };
  CHECK_THROWS_AS(client.async_put("a", 1, 5, end("thrown")), std::bad_alloc);
  CHECK(ended.empty());
  client.async_put("c", 1, 5, end("after"));  // the 35th byte
  client.async_put("d", 1, 5, end("excess"));
  io.run();
  CHECK(ended == Lines{"excess: " + text(errc::queue_full), "connect: " + text({}), "before: " + text({}),
                       "other: " + text({}), "after: " + text({})});
  CHECK(stream->written() == "put before 1 5\nput b 1 5\nput c 1 5\n");
}

TEST_CASE("async metrics: what the server said before it took no more is still read") {
  asio::io_context io;
  StreamScript script{.replies = {"ok\n\n", "error\nline too long\n\n"}};
  bool has_all = true;
  SUBCASE("all that was asked for") {}
  SUBCASE("a part of it") {
    script.replies.pop_back();
    has_all = false;
  }
  const auto stream = std::make_shared<ScriptedStream>(script);
  AsyncMetricsClient<ReadOnlyStream> client{ReadOnlyStream{io, stream}};
  Lines ended;
  const auto end = [&](const std::string& name) {
    return [&ended, name](std::error_code ec) { ended.push_back(name + ": " + text(ec)); };
  };
  client.async_connect(end("connect"));
  client.async_put("k", 1, 5, end("first"));
  client.async_put("k", 2, 6, end("second"));
  io.run();
  const std::error_code second =
      has_all ? make_error_code(errc::command_refused) : std::make_error_code(std::errc::broken_pipe);
  CHECK(ended == Lines{"connect: " + text({}), "first: " + text({}), "second: " + text(second)});
  CHECK_FALSE(stream->is_open());
  client.async_put("k", 1, 5, end("late"));
  io.restart();
  io.run();
  CHECK(ended.back() == "late: " + text(errc::not_connected));
}

TEST_CASE("async metrics: cancel() is for what was called before; the connection goes on") {
  Fixture test{{.replies = {"ok\n\nok\n\nok\n\n"}}};
  test.io.run();
  test.put("one");
  test.put("two");
  test.client->cancel();
  test.put("three");
  test.io.restart();
  test.io.run();
  CHECK(test.ended == Lines{"connect: ok", "one: " + text(aborted), "two: " + text(aborted), "three: ok"});
}

TEST_CASE("async metrics: a client that is destroyed cancels what is under way") {
  Fixture test{{.replies = {"ok\n\nok\n\n"}}};
  test.put();
  test.client.reset();
  test.io.run();
  CHECK(test.ended == Lines{"connect: " + text(aborted), "put: " + text(aborted)});
  CHECK_FALSE(test.stream->is_open());
}

TEST_CASE("async metrics: a loop that is destroyed destroys handlers, also those that own the client") {
  std::weak_ptr<ScriptedClient> client;
  std::weak_ptr<int> handler_alive;
  {
    asio::io_context io;
    const auto stream = std::make_shared<ScriptedStream>(StreamScript{});
    const auto owned = std::make_shared<ScriptedClient>(AsyncScriptedStream{io, stream});
    const auto alive = std::make_shared<int>();
    client = owned;
    handler_alive = alive;
    owned->async_connect([owned, alive](std::error_code) {});
    owned->async_put("k", 1, 5, [owned, alive](std::error_code) {});
    SUBCASE("before it ran") {}
    SUBCASE("after a step") {
      io.poll_one();
    }
    SUBCASE("after two steps") {
      io.poll_one();
      io.poll_one();
    }
  }
  CHECK(client.expired());
  CHECK(handler_alive.expired());
}

TEST_CASE("async metrics: a reply that is wrong or too large is the error of all that are under way") {
  const auto run = [](const std::string& reply, errc expected, const protocol::ReplyLimits& limits) {
    CAPTURE(reply);
    Fixture test{{.replies = {reply}}, {.limits = limits}};
    test.client->async_get("*", test.result("get"));
    test.put();
    test.io.run();
    CHECK(test.ended == Lines{"connect: ok", "get: " + text(expected), "put: " + text(expected)});
    CHECK_FALSE(test.stream->is_open());
  };
  const protocol::ReplyLimits limits{.max_reply_bytes = 38, .max_rows = 2, .max_line_bytes = 20};
  run("ok\nk 1 1\nk 2 2\nk 3 3\n\n", errc::reply_too_large, limits);
  run("ok\n" + std::string(21, 'x'), errc::reply_too_long, limits);
  run("ok\nkkkkkkkkkkkkk 1 1\nkkkkkkkkkkkkk 1 1\n\n", errc::reply_too_large, limits);
  run("HTTP/1.1 400\n", errc::unexpected_status, limits);
  run("ok\nk x 1\n\n", errc::invalid_number, {});
  run("ok\nk 1 1", errc::end_of_stream, {});
}

TEST_CASE("async metrics: rows are handed on as they come, and not held") {
  Fixture test{{.replies = {"ok\nk 1 5\nk 2", " 6\nj 3 7\n\n"}}};
  std::string rows;
  test.client->async_get_each(
      "*",
      [&](std::string_view key, Sample sample) {
        rows += std::string{key} + " " + std::to_string(sample.timestamp) + ";";
      },
      [&](std::error_code ec) {
        CHECK(!ec);
        rows += "end";
      });
  test.io.run();
  CHECK(rows == "k 5;k 6;j 7;end");
}

TEST_CASE("async metrics: what takes a row may throw; that closes the connection and leaves run()") {
  Fixture test{{.replies = {"ok\nk 1 5\nk 2 6\n\nok\n\n"}}};
  const auto refuse = [](std::string_view, Sample) { throw std::runtime_error{"full"}; };
  test.client->async_get_each("*", refuse, test.result("each"));
  test.put();
  CHECK_THROWS_WITH_AS(test.io.run(), "full", std::runtime_error);
  test.io.run();
  CHECK(test.ended ==
        Lines{"connect: ok", "each: " + text(errc::not_connected), "put: " + text(errc::not_connected)});
  CHECK_FALSE(test.stream->is_open());
}

TEST_CASE("async metrics: handlers run on their own executor, with work for it until then") {
  Fixture test{{.replies = {"ok\n\n"}}};
  asio::io_context other;
  std::string order;
  test.client->async_put("k", 1, 5, asio::bind_executor(other, [&](std::error_code) { order += "handler"; }));
  CHECK(other.poll() == 0);
  CHECK_FALSE(other.stopped());  // there is work
  test.io.run();
  CHECK(order.empty());
  other.run();
  CHECK(order == "handler");
}

namespace {

struct Counts {
  int allocated = 0;
  int freed = 0;
};

template <class T>
struct CountingAllocator {
  using value_type = T;

  explicit CountingAllocator(Counts* counts_) : counts{counts_} {}
  template <class U>
  CountingAllocator(const CountingAllocator<U>& other) : counts{other.counts} {}  // NOLINT

  T* allocate(std::size_t count) {
    ++counts->allocated;
    return static_cast<T*>(::operator new(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t /*count*/) {
    ++counts->freed;
    ::operator delete(memory);
  }
  friend bool operator==(const CountingAllocator& a, const CountingAllocator& b) {
    return a.counts == b.counts;
  }

  Counts* counts;
};

struct AllocatingHandler {
  using allocator_type = CountingAllocator<void>;
  allocator_type get_allocator() const noexcept { return allocator_type{counts}; }

  void operator()(std::error_code ec) const {
    CHECK(!ec);
    CHECK(counts->allocated != 0);
    CHECK(counts->freed == counts->allocated);  // before the handler is called, all of it
  }

  Counts* counts;
};

}  // namespace

TEST_CASE("async metrics: memory comes from the handler's allocator, and is free before the handler runs") {
  Fixture test{{.replies = {"ok\n\n"}}};
  Counts counts;
  test.client->async_put("k", 1, 5, AllocatingHandler{&counts});
  CHECK(counts.allocated == 1);
  test.io.run();
  CHECK(counts.freed == counts.allocated);
}

TEST_CASE("async metrics: an operation that is started later needs no argument of the call") {
  Fixture test{{.replies = {"ok\n\nok\n\nok\n\n"}}};
  test.io.run();
  test.io.restart();
  std::optional<std::string> key{"key"};
  std::optional<std::vector<Point>> points{{{"a", 1, 5}, {"b", 2, 5}}};
  auto put = test.client->async_put(*key, 1, 5, asio::deferred);
  auto batch = test.client->async_put(*points, asio::deferred);
  key.reset();
  points.reset();
  CHECK(test.io.poll() == 0);
  test.io.restart();
  std::move(put)(test.result("put"));
  std::move(batch)(test.result("batch"));
  test.io.run();
  CHECK(test.stream->written() == "put key 1 5\nput a 1 5\nput b 2 5\n");
  CHECK(test.ended == Lines{"connect: ok", "put: ok", "batch: ok 2"});
}
