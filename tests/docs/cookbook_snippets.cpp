// The snippets of docs/cookbook.md: compiled and run here, compared by documents.cpp.

#include <ostream>

#include <doctest/doctest.h>

#include "statwire/detail/asio.hpp"  // before the rest of Asio, which needs a hint to find some compilers' coroutines

#include <asio/post.hpp>
#include <asio/thread_pool.hpp>
#if defined(ASIO_HAS_CO_AWAIT)
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <atomic>
#include <chrono>
#include <exception>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "statwire/timer.hpp"
#include "support/loopback.hpp"
#include "support/memory_statsd.hpp"
#include "support/sanitized.hpp"

namespace {

using namespace std::chrono_literals;
using MemoryStatsd = statwire::StatsdClient<statwire::testing::MemoryTransport>;

const statwire::StatsdOptions by_hand{.flush = statwire::Flush::manual};

}  // namespace

/// What of gRPC the recipe uses, so that it compiles without.
namespace grpc {

struct ServerContext {};

class Status {
 public:
  explicit Status(bool ok) noexcept : ok_{ok} {}
  bool ok() const noexcept { return ok_; }

 private:
  bool ok_;
};

}  // namespace grpc

namespace {

struct OrderRequest {
  int number = 0;
};

struct OrderReply {
  int price = 0;
};

struct Orders {
  struct Service {
    virtual ~Service() = default;
    virtual grpc::Status Find(grpc::ServerContext* context, const OrderRequest* request,
                              OrderReply* reply) = 0;
  };
};

grpc::Status find_order(int number, OrderReply& reply) {
  reply.price = 100 * number;
  return grpc::Status{number > 0};
}

template <class Statsd>
class OrderService final : public Orders::Service {
 public:
  explicit OrderService(Statsd& statsd) : statsd_{statsd} {}

  grpc::Status Find(grpc::ServerContext* /*context*/, const OrderRequest* request,
                    OrderReply* reply) override {
    statwire::ScopedTimer timer{statsd_, "orders.find"};
    const grpc::Status status = find_order(request->number, *reply);
    timer.tag("code", status.ok() ? "ok" : "error");
    return status;
  }

 private:
  Statsd& statsd_;
};

struct ShopMetrics {
  template <class Statsd>
  explicit ShopMetrics(Statsd& statsd)
      : orders{statsd.counter("orders")}, checkout{statsd.timing("checkout")} {}

  statwire::Counter orders;
  statwire::Timing checkout;
};

class Shop {  // knows handles, so it is no template, and takes those of any client
 public:
  explicit Shop(ShopMetrics metrics) : metrics_{std::move(metrics)} {}

  void check_out() {
    statwire::ScopedTimer timer{metrics_.checkout};
    metrics_.orders.increment();
  }

 private:
  ShopMetrics metrics_;
};

/// Work of a process that ends soon.
int copy_files() {
  return 3;
}

}  // namespace

TEST_CASE("recipe: a gRPC handler") {
  MemoryStatsd statsd{statwire::testing::MemoryTransport{}, by_hand};
  OrderService service{statsd};
  grpc::ServerContext context;
  OrderReply reply;
  CHECK(service.Find(&context, std::vector<OrderRequest>{{7}}.data(), &reply).ok());
  CHECK_FALSE(service.Find(&context, std::vector<OrderRequest>{{0}}.data(), &reply).ok());
  statsd.flush();
  const statwire::testing::Captured captured{statsd.transport()};
  CHECK(captured.timing("orders.find", {{"code", "ok"}}).values().size() == 1);
  CHECK(captured.timing("orders.find", {{"code", "error"}}).values().size() == 1);
}

TEST_CASE("recipe: a class that is measured, and its test") {
  statwire::StatsdClient statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};
  Shop shop{ShopMetrics{statsd}};
  shop.check_out();
  statsd.flush();

  statwire::testing::Captured captured{statsd.transport()};
  CHECK(captured.counter("orders") == 1);
  CHECK(captured.timing("checkout").values().size() == 1);
}

TEST_CASE("recipe: a thread pool") {
  MemoryStatsd statsd{statwire::testing::MemoryTransport{}, by_hand};
  std::atomic<int> done{0};
  {
    asio::thread_pool pool{2};
    std::atomic<int> waiting{0};
    const auto task = [&] { ++done; };

    statwire::Gauge depth = statsd.gauge("pool.depth");
    statwire::Timing waited = statsd.timing("pool.waited");
    statwire::Timing ran = statsd.timing("pool.ran");
    const auto submit = [&](auto work) {
      depth.set(++waiting);
      asio::post(pool, [&, work, submitted = std::chrono::steady_clock::now()] {
        depth.set(--waiting);
        waited.record(std::chrono::steady_clock::now() - submitted);
        statwire::ScopedTimer timer{ran};
        work();
      });
    };

    for (int i = 0; i < 10; ++i) submit(task);
    pool.join();
  }
  statsd.flush();
  const statwire::testing::Captured captured{statsd.transport()};
  CHECK(done == 10);
  CHECK(captured.timing("pool.waited").values().size() == 10);
  CHECK(captured.timing("pool.ran").values().size() == 10);
}

#if defined(ASIO_HAS_CO_AWAIT)
namespace {

asio::awaitable<std::string> ask_database(std::string question) {
  if (question.empty()) throw std::invalid_argument{"no question"};
  asio::steady_timer delay{co_await asio::this_coro::executor, 1ms};
  co_await delay.async_wait(asio::use_awaitable);
  co_return "answer to " + question;
}

template <class Statsd>
asio::awaitable<std::string> answer(Statsd& statsd, std::string question) {
  statwire::ScopedTimer timer{statsd, "answer"};  // until the coroutine ends, on whichever thread it does
  timer.tag_result();
  co_return co_await ask_database(std::move(question));
}

}  // namespace

TEST_CASE("recipe: a coroutine") {
  MemoryStatsd statsd{statwire::testing::MemoryTransport{}, by_hand};
  asio::io_context io;
  std::string text;
  asio::co_spawn(io, answer(statsd, "why"),
                 [&](std::exception_ptr, const std::string& result) { text = result; });
  asio::co_spawn(io, answer(statsd, ""),
                 [](std::exception_ptr failure, const std::string&) { CHECK(failure); });
  io.run();
  statsd.flush();
  const statwire::testing::Captured captured{statsd.transport()};
  CHECK(text == "answer to why");
  CHECK(captured.timing("answer", {{"result", "error"}}).values().size() == 1);
  const auto times = captured.timing("answer", {{"result", "ok"}}).values();
  REQUIRE(times.size() == 1);
  CHECK(times[0] >= 1);  // milliseconds: the wait within is part of it
}
#endif

#if defined(__unix__) || defined(__APPLE__)
TEST_CASE("recipe: a server that forks") {
  if (statwire::test::is_sanitized) {
    MESSAGE(
        "SKIPPED: sanitizers have locks of their own that do not survive the fork of a process with threads");
    return;
  }
  statwire::test::UdpReceiver receiver;
  const std::uint16_t port = receiver.port();
  const auto serve = [](auto& statsd, int worker) { statsd.increment("requests." + std::to_string(worker)); };

  statwire::StatsdClient statsd{"127.0.0.1", port};  // once, before the first fork
  statsd.increment("started");                       // the parent's: no child sends it again
  for (int worker = 0; worker < 2; ++worker) {
    if (::fork() == 0) {
      serve(statsd, worker);  // a socket and a thread of its own, from the first call on
      statsd.flush();         // _exit() ends no object
      ::_exit(0);
    }
  }
  while (::wait(nullptr) > 0) continue;

  statsd.flush();
  std::multiset<std::string> lines;
  while (lines.size() < 3) lines.insert(receiver.receive());
  CHECK(lines == std::multiset<std::string>{"requests.0:1|c", "requests.1:1|c", "started:1|c"});
}
#endif

TEST_CASE("recipe: a process that ends soon") {
  statwire::test::UdpReceiver receiver;
  const std::uint16_t port = receiver.port();
  {
    statwire::StatsdClient statsd{"127.0.0.1", port, {.prefix = "nightly"}};
    int copied = statwire::timed(statsd, "took", [] { return copy_files(); });
    statsd.gauge("files", copied);
    statsd.flush();  // before std::exit() and the like; a client that goes out of scope does it by itself
    CHECK(statsd.stats().sent == 2);
  }
  const std::string datagram = receiver.receive();
  CHECK(datagram.find("nightly.files:3|g") != std::string::npos);
  CHECK(datagram.find("nightly.took:") != std::string::npos);
}
