#include "statwire/async_metrics.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/read.hpp>
#include <asio/use_future.hpp>
#if defined(ASIO_HAS_CO_AWAIT)
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <semaphore>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/server/metrics_server.hpp"
#include "support/loopback.hpp"

namespace {

/// A completion token of our own: a future that has the error as its value. (ThreadSanitizer does not see how
/// asio::use_future shares exceptions.)
struct FutureError {};
constexpr FutureError future;

}  // namespace

template <class... Results>
struct asio::async_result<FutureError, void(std::error_code, Results...)> {
  using return_type = std::future<std::error_code>;

  template <class Initiation, class... Arguments>
  static return_type initiate(Initiation&& initiation, FutureError /*token*/, Arguments&&... arguments) {
    std::promise<std::error_code> promise;
    return_type error = promise.get_future();
    std::forward<Initiation>(initiation)(
        [promise = std::move(promise)](std::error_code ec, const Results&...) mutable {
          promise.set_value(ec);
        },
        std::forward<Arguments>(arguments)...);
    return error;
  }
};

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

const std::error_code aborted = detail::operation_aborted();

/// An event loop that threads run until it is destroyed.
class Threads {
 public:
  explicit Threads(int count) : io_{count} {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this] { io_.run(); });
  }
  ~Threads() {
    work_.reset();
    for (std::thread& thread : threads_) thread.join();
  }

  asio::io_context& io() { return io_; }

 private:
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::vector<std::thread> threads_;
};

/// A server of one connection that does what the test says: `serve(socket)` on a thread of its own, until it
/// returns or throws because the client has gone.
class Peer {
 public:
  using Socket = asio::ip::tcp::socket;

  explicit Peer(std::function<void(Socket&)> serve)
      : thread_{[this, serve = std::move(serve)] {
          Socket socket = acceptor_.accept();
          try {
            serve(socket);
          } catch (const std::system_error&) {
          }
        }} {}
  ~Peer() { thread_.join(); }

  std::uint16_t port() const { return port_; }

  /// Reads until the client closes the connection.
  static void drain(Socket& socket) {
    std::array<char, 65536> buffer;
    for (;;) socket.read_some(asio::buffer(buffer));
  }

  static void send(Socket& socket, std::string_view bytes) {
    asio::write(socket, asio::buffer(bytes.data(), bytes.size()));
  }

  static void expect(Socket& socket, std::string_view request) {
    std::string received(request.size(), '\0');
    asio::read(socket, asio::buffer(received));
    CHECK(received == request);
  }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_, asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
  std::uint16_t port_ = acceptor_.local_endpoint().port();
  std::thread thread_;
};

/// The error that comes within the patience of a test.
std::error_code error_of(std::future<std::error_code> error) {
  REQUIRE(error.wait_for(patience) == std::future_status::ready);
  return error.get();
}

void connect(AsyncMetricsClient<>& client) {
  CHECK_FALSE(error_of(client.async_connect(future)));
}

}  // namespace

TEST_CASE("async metrics: callbacks, all on the thread that runs the loop") {
  server::MetricsServer server;
  server.start();
  asio::io_context io;
  AsyncMetricsClient client{io, "127.0.0.1", server.port(), {.timeout = patience}};
  Series series;
  client.async_connect([&](std::error_code ec) {
    REQUIRE_FALSE(ec);
    client.async_put("huginn.cpu", 0.5, 1642667947, [&](std::error_code put_ec) {
      REQUIRE_FALSE(put_ec);
      client.async_get("*", [&](std::error_code get_ec, Series got) {
        REQUIRE_FALSE(get_ec);
        series = std::move(got);
      });
    });
  });
  io.run();  // returns when nothing is under way
  CHECK(series == Series{{"huginn.cpu", {{1642667947, 0.5}}}});
}

TEST_CASE("async metrics: futures, from a thread that does not run the loop") {
  server::MetricsServer server;
  server.start();
  Threads threads{1};
  AsyncMetricsClient client{threads.io().get_executor(), "127.0.0.1", server.port()};
  client.async_connect(asio::use_future).get();
  client.async_put("k", 1, 5, asio::use_future).get();
  const std::vector<Point> points{{"k", 2, 6}, {"j", 3, 7}};
  CHECK(client.async_put(points, asio::use_future).get() == 2);
  CHECK(client.async_get("*", asio::use_future).get() == Series{{"j", {{7, 3}}}, {"k", {{5, 1}, {6, 2}}}});
  CHECK(error_of(client.async_put("white space", 1, future)) == errc::invalid_key);
}

TEST_CASE("async metrics: 10,000 operations under way are answered in order") {
  server::MetricsServer server;
  server.start();
  asio::io_context io;
  AsyncMetricsClient client{io, "127.0.0.1", server.port(), {.timeout = patience}};
  client.async_connect([](std::error_code ec) { CHECK_FALSE(ec); });
  int next = 0;
  int wrong = 0;
  constexpr int count = 10'000;
  for (int i = 0; i < count; ++i) {
    const auto in_order = [&, i](std::error_code ec) { wrong += ec || next++ != i ? 1 : 0; };
    if (i % 100 != 99) {
      client.async_put("k", i, i, in_order);
    } else {  // sees all puts before it and none of those that follow
      client.async_get("k", [&, i, in_order](std::error_code ec, const Series& series) {
        in_order(ec);
        const auto expected = static_cast<std::size_t>(i - i / 100);
        wrong += series.at("k").size() == expected && series.at("k").back().timestamp == i - 1 ? 0 : 1;
      });
    }
  }
  io.run();
  CHECK(next == count);
  CHECK(wrong == 0);
}

TEST_CASE("async metrics: any thread may put and get, and cancel, while others run the loop") {
  server::MetricsServer server;
  server.start();
  constexpr int callers = 4;
  constexpr int rounds = 300;
  std::atomic<int> ended{0};
  std::atomic<int> stored{0};
  std::atomic<int> cancelled{0};
  std::promise<void> all_ended;
  constexpr int all = callers * rounds * 3;
  Threads threads{3};
  {
    AsyncMetricsClient client{threads.io(), "127.0.0.1", server.port(), {.timeout = patience}};
    connect(client);
    const auto end = [&](std::error_code ec) {
      if (!ec) ++stored;
      if (ec == aborted) ++cancelled;
      if (++ended == all) all_ended.set_value();
    };
    std::vector<std::thread> running;
    for (int caller = 0; caller < callers; ++caller) {
      running.emplace_back([&, caller] {
        const std::string key = "caller" + std::to_string(caller);
        for (int round = 0; round < rounds; ++round) {
          client.async_put(key, round, round, end);
          client.async_get(key, [&, key, round](std::error_code ec, const Series& series) {
            if (!ec) CHECK(series.at(key).size() > static_cast<std::size_t>(round));
            end(ec);
          });
          client.async_get_each(
              key, [](std::string_view, Sample) {}, end);
          if (round % 100 == 99 && caller == 0) client.cancel();
        }
      });
    }
    for (std::thread& thread : running) thread.join();
    REQUIRE(all_ended.get_future().wait_for(patience) == std::future_status::ready);
    CHECK(stored + cancelled == all);
    CHECK(client.async_get("*", asio::use_future).get().size() == callers);
  }
}

TEST_CASE("async metrics: a slot may be signalled from the handler's executor at any moment") {
  server::MetricsServer server;
  server.start();
  Threads threads{2};
  AsyncMetricsClient client{threads.io(), "127.0.0.1", server.port(), {.timeout = patience}};
  connect(client);
  auto strand = asio::make_strand(threads.io());
  for (int round = 0; round < 200; ++round) {
    const auto signal = std::make_shared<asio::cancellation_signal>();
    std::promise<std::error_code> outcome;
    asio::post(strand, [&, signal] {
      client.async_get("*",
                       asio::bind_cancellation_slot(
                           signal->slot(),
                           asio::bind_executor(strand, [&outcome, signal](std::error_code ec, const Series&) {
                             outcome.set_value(ec);
                           })));
    });
    for (int i = 0; i < round % 8; ++i) std::this_thread::yield();
    asio::post(strand, [signal] { signal->emit(asio::cancellation_type::terminal); });
    const std::error_code ec = outcome.get_future().get();
    CHECK((!ec || ec == aborted));
  }
  CHECK_FALSE(error_of(client.async_put("k", 1, 5, future)));  // still in step
}

TEST_CASE("async metrics: what is not answered in time has timed out, and closes the connection for all") {
  Peer peer{Peer::drain};
  asio::io_context io;
  AsyncMetricsClient client{io, "127.0.0.1", peer.port(), {.timeout = 500ms}};
  std::vector<std::error_code> ended;
  const auto end = [&](std::error_code ec) { ended.push_back(ec); };
  asio::steady_timer later{io};
  client.async_connect([&](std::error_code ec) {
    REQUIRE_FALSE(ec);
    client.async_put("k", 1, 5, end);
    later.expires_after(300ms);
    later.async_wait([&](std::error_code) {
      client.async_put("k", 1, 5, end);
      client.async_get("k", [&](std::error_code get_ec, const Series&) { end(get_ec); });
    });
  });
  io.run();
  REQUIRE(ended.size() == 3);
  CHECK(ended[0] == errc::timed_out);
  CHECK(ended[1] == errc::not_connected);
  CHECK(ended[2] == errc::not_connected);
  client.async_put("k", 1, 5, end);
  io.restart();
  io.run();
  CHECK(ended.back() == errc::not_connected);
}

TEST_CASE("async metrics: a deadline holds while answers to earlier operations come in time") {
  Peer peer{[](Peer::Socket& socket) {
    for (int i = 0; i < 20; ++i) {
      Peer::expect(socket, "put k 1 5\n");
      Peer::send(socket, "ok\n\n");
    }
    Peer::drain(socket);
  }};
  asio::io_context io;
  AsyncMetricsClient client{io, "127.0.0.1", peer.port(), {.timeout = 200ms}};
  int stored = 0;
  std::error_code last;
  client.async_connect([](std::error_code ec) { CHECK_FALSE(ec); });
  std::function<void(std::error_code)> again = [&](std::error_code ec) {
    last = ec;
    if (!ec) client.async_put("k", 1, 5, [&](std::error_code put_ec) { ++stored, again(put_ec); });
  };
  again({});
  io.run();
  CHECK(last == errc::timed_out);
  CHECK(stored == 21);
}

TEST_CASE("async metrics: servers that mean harm end in an error, in time and with bounded memory") {
  const auto error_with = [](std::function<void(Peer::Socket&)> serve,
                             std::chrono::milliseconds timeout = 500ms) {
    Peer peer{std::move(serve)};
    Threads threads{1};
    AsyncMetricsClient client{
        threads.io(),
        "127.0.0.1",
        peer.port(),
        {.timeout = timeout,
         .limits = {.max_reply_bytes = 1 << 20, .max_rows = 1000, .max_line_bytes = 1000},
         .max_pending_bytes = 1000}};
    connect(client);
    const std::error_code ec = error_of(client.async_get("*", future));
    CHECK(error_of(client.async_put("k", 1, 5, future)) == errc::not_connected);
    return ec;
  };
  const auto endless = [](std::string_view begin, std::string_view piece) {
    std::string more;
    for (int i = 0; i < 1000; ++i) more += piece;
    return [=](Peer::Socket& socket) {
      Peer::send(socket, begin);
      for (;;) Peer::send(socket, more);
    };
  };
  CHECK(error_with(endless("ok\n", "k 1 1\n"), patience) == errc::reply_too_large);
  CHECK(error_with(endless("ok\n", "k"), patience) == errc::reply_too_long);
  CHECK(error_with(endless("", std::string_view{"\0\xff\n", 3}), patience) == errc::unexpected_status);
  CHECK(error_with(endless("error\n", "no\n"), patience) == errc::reply_too_large);
  CHECK(error_with([](Peer::Socket& socket) {
          Peer::expect(socket, "get *\n");
          Peer::send(socket, "ok\nk 1 1\nk 2");
        }) == errc::end_of_stream);
  CHECK(error_with([](Peer::Socket& socket) {
          Peer::expect(socket, "get *\n");
          Peer::send(socket, "ok\nk 1 ");
          // A drip that never ends a line; it ends when the client closes.
          asio::steady_timer drip{socket.get_executor()};
          for (;;) {
            drip.expires_after(10ms);
            drip.wait();
            Peer::send(socket, "1");
          }
        }) == errc::timed_out);
}

TEST_CASE("async metrics: a server that answers what it has not read cannot fill the memory") {
  constexpr std::size_t count = 100'000;
  std::counting_semaphore asked{0};
  Peer peer{[&](Peer::Socket& socket) {
    std::string answers;
    for (std::size_t i = 0; i < count; ++i) answers += "ok\n\n";
    while (asked.try_acquire_for(patience)) Peer::send(socket, answers);
  }};
  asio::io_context io;
  AsyncMetricsClient client{
      io, "127.0.0.1", peer.port(), {.timeout = patience, .max_pending_bytes = 2'000'000}};
  client.async_connect([](std::error_code ec) { CHECK_FALSE(ec); });
  const std::vector<Point> points(count, {"k", 1, 5});  // a megabyte
  std::error_code last;
  int batches = 0;
  std::function<void()> put = [&] {
    ++batches;
    client.async_put(points, [&](std::error_code ec, std::size_t) {
      last = ec;
      if (!ec) put();
    });
    asked.release();
  };
  put();
  io.run();
  asked.release();  // the peer sees that the client has gone
  CHECK(last == errc::unexpected_data);
  CHECK(batches < 100);
}

TEST_CASE("async metrics: a client that is destroyed cancels what is under way, on any thread") {
  Peer peer{Peer::drain};
  Threads threads{2};
  std::vector<std::future<std::error_code>> puts;
  std::future<std::error_code> get;
  {
    AsyncMetricsClient client{threads.io(), "127.0.0.1", peer.port(), {.timeout = patience}};
    connect(client);
    for (int i = 0; i < 100; ++i) puts.push_back(client.async_put("k", i, i, future));
    get = client.async_get("*", future);
  }
  for (auto& put : puts) CHECK(error_of(std::move(put)) == aborted);
  CHECK(error_of(std::move(get)) == aborted);
}

TEST_CASE("async metrics: an idle client that is destroyed closes its connection at once") {
  server::MetricsServer server;
  server.start();
  std::promise<void> closed;
  Peer peer{[&](Peer::Socket& socket) {
    std::array<char, 1> buffer;
    std::error_code ec;
    socket.read_some(asio::buffer(buffer), ec);
    CHECK(ec == asio::error::eof);
    closed.set_value();
  }};
  asio::io_context io;
  {
    AsyncMetricsClient client{io, "127.0.0.1", peer.port()};
    client.async_connect([](std::error_code ec) { CHECK_FALSE(ec); });
    io.run();
  }
  CHECK(closed.get_future().wait_for(patience) == std::future_status::ready);  // nobody runs the loop
}

TEST_CASE("async metrics: a lost connection ends everything; after another connect the client goes on") {
  server::MetricsServer server;
  server.start();
  Threads threads{1};
  AsyncMetricsClient client{threads.io(), "127.0.0.1", server.port(), {.timeout = patience}};
  for (int round = 0; round < 5; ++round) {
    connect(client);
    CHECK_FALSE(error_of(client.async_put("k", round, round, future)));
    CHECK(error_of(client.async_connect(future)) == std::errc::already_connected);
    client.close();
    CHECK(error_of(client.async_get("k", future)) == errc::not_connected);
  }
  connect(client);
  server.stop();
  const std::error_code ec = error_of(client.async_get("k", future));
  CHECK((ec == errc::end_of_stream || ec == std::errc::connection_reset || ec == std::errc::broken_pipe));
  CHECK(error_of(client.async_get("k", future)) == errc::not_connected);
  auto refused = client.async_connect(future);
  auto waiting = client.async_put("k", 1, 5, future);
  CHECK(error_of(std::move(refused)) == std::errc::connection_refused);
  CHECK(error_of(std::move(waiting)) == std::errc::connection_refused);
}

#if defined(FD_CLOEXEC)
TEST_CASE("async metrics: programs that this one starts do not have the connection") {
  const auto open_descriptors = [] {
    std::vector<int> open;
    for (int fd = 0; fd < 256; ++fd) {
      if (::fcntl(fd, F_GETFD) != -1) open.push_back(fd);
    }
    return open;
  };
  server::MetricsServer server;
  server.start();
  asio::io_context io;
  AsyncMetricsClient client{io, "127.0.0.1", server.port(), {.timeout = patience}};
  const std::vector<int> before = open_descriptors();
  client.async_put("k", 1, 5, [](std::error_code) {});
  client.async_connect([&](std::error_code ec) { CHECK_FALSE(ec); });
  io.run();
  std::size_t opened = 0;
  for (const int fd : open_descriptors()) {
    if (std::find(before.begin(), before.end(), fd) != before.end()) continue;
    ++opened;
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(opened != 0);
}
#endif

TEST_CASE("async metrics: where nobody can connect is an error of the connect") {
  asio::io_context io;
  const auto error_at = [&](std::string_view host, std::uint16_t port) {
    AsyncMetricsClient client{io, host, port, {.timeout = patience}};
    std::error_code result;
    client.async_connect([&](std::error_code ec) { result = ec; });
    io.restart();
    io.run();
    return result;
  };
  CHECK(error_at("", 8888) == errc::invalid_option);
  CHECK(error_at("127.0.0.1", 0) == errc::invalid_option);
  CHECK(error_at("no.such.host.invalid", 8888));
  server::MetricsServer server;
  server.start();
  CHECK_FALSE(error_at("localhost", server.port()));  // of its addresses, one answers
}

#if defined(ASIO_HAS_CO_AWAIT)

namespace {

using namespace asio::experimental::awaitable_operators;

/// Runs a coroutine to its end on a loop of its own.
template <class Coroutine>
void run(asio::io_context& io, Coroutine&& coroutine) {
  std::exception_ptr thrown;
  bool has_ended = false;
  asio::co_spawn(io, std::forward<Coroutine>(coroutine), [&](std::exception_ptr exception) {
    thrown = exception;
    has_ended = true;
  });
  io.run_for(patience);
  REQUIRE(has_ended);
  if (thrown) std::rethrow_exception(thrown);
}

asio::awaitable<void> put_many(AsyncMetricsClient<>& client, std::string key, int count) {
  for (int i = 0; i < count; ++i) co_await client.async_put(key, i, i, asio::use_awaitable);
}

}  // namespace

TEST_CASE("async metrics: coroutines share one connection") {
  server::MetricsServer server;
  server.start();
  asio::io_context io;
  AsyncMetricsClient client{io, "127.0.0.1", server.port(), {.timeout = patience}};
  run(io, [&]() -> asio::awaitable<void> {
    co_await client.async_connect(asio::use_awaitable);
    co_await (put_many(client, "a", 500) && put_many(client, "b", 500) && put_many(client, "c", 500));
    const Series series = co_await client.async_get("*", asio::use_awaitable);
    CHECK(series.size() == 3);
    CHECK(series.at("b").size() == 500);
    std::size_t rows = 0;
    co_await client.async_get_each(
        "a", [&](std::string_view, Sample) { ++rows; }, asio::use_awaitable);
    CHECK(rows == 500);
    std::error_code ec;
    co_await client.async_put("", 1, asio::redirect_error(asio::use_awaitable, ec));
    CHECK(ec == errc::invalid_key);
  });
}

TEST_CASE("async metrics: an operation that loses against another is cancelled, and the connection goes on") {
  std::promise<void> answer;
  Peer peer{[&](Peer::Socket& socket) {
    Peer::expect(socket, "get slow\n");
    answer.get_future().wait();
    Peer::send(socket, "ok\nslow 1 1\n\nok\n\n");
    Peer::drain(socket);
  }};
  asio::io_context io;
  AsyncMetricsClient client{io, "127.0.0.1", peer.port(), {.timeout = patience}};
  run(io, [&]() -> asio::awaitable<void> {
    co_await client.async_connect(asio::use_awaitable);
    asio::steady_timer timer{io, 20ms};
    const auto first =
        co_await (client.async_get("slow", asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
    CHECK(first.index() == 1);
    answer.set_value();
    co_await client.async_put("k", 1, 5, asio::use_awaitable);
    client.close();
  });
}

TEST_CASE("async metrics: a coroutine that owns its client goes with the loop") {
  Peer peer{Peer::drain};
  asio::io_context io;
  bool is_waiting = false;
  asio::co_spawn(
      io,
      [&, port = peer.port()]() -> asio::awaitable<void> {
        AsyncMetricsClient client{io, "127.0.0.1", port, {.timeout = patience}};
        co_await client.async_connect(asio::use_awaitable);
        is_waiting = true;
        co_await client.async_get("*", asio::use_awaitable);
      },
      asio::detached);
  while (!is_waiting) io.run_one();
  io.poll();
}

#endif
