// Requests that are handled on many threads, and by coroutines that change theirs.

#include "statwire/requests.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "statwire/detail/asio.hpp"
#if defined(ASIO_HAS_CO_AWAIT)
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#endif

#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

const Settings enabled{.collect_requests = true};
const std::string desktop = "controller_e1fc414efb00462ad25041a21e45e696.";

}  // namespace

TEST_CASE("requests: any number of threads see new controllers and paths at once, and none is lost") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  const RequestMetrics requests{
      statsd, enabled, {.names = RequestNames::controller_url_method, .max_names = 50}};
  constexpr int threads = 4;
  constexpr int rounds = 200;
  const auto visit = [&] {
    for (int i = 0; i < rounds; ++i) {
      const auto scope = requests.scope("/desktop", {"/" + std::to_string(i), "GET"});
    }
  };
  std::vector<std::thread> visitors;
  for (int i = 0; i < threads; ++i) visitors.emplace_back(visit);
  for (std::thread& visitor : visitors) visitor.join();
  statsd.flush();
  CHECK(testing::Captured{statsd.transport()}.counter("requests.total") == threads * rounds);
  // The paths that found room have their own names, and all others that of the controller.
  int own_names = 0;
  int requests_seen = 0;
  for (const std::string& line : statsd.transport().lines()) {
    const std::size_t value = line.find("requests.count:");
    if (value == std::string::npos) continue;
    own_names += line.starts_with(desktop + "url_");
    requests_seen += std::stoi(line.substr(line.find(':', value) + 1));
  }
  CHECK(requests_seen == threads * rounds);
  CHECK(own_names >= 50);
  CHECK(own_names < 50 + threads);  // each thread may be adding one when the bound is reached
  check_settled(statsd.stats());
}

#if defined(ASIO_HAS_CO_AWAIT)

namespace {

/// A request as Beast has them: moved into the handler.
struct Request {
  std::string target;
};

/// Waits until `wake` is cancelled, then answers or fails.
struct Desktop {
  asio::steady_timer& wake;

  asio::awaitable<std::string> operator()(Request request) const {
    asio::error_code ignored;
    co_await wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (request.target == "/broken") throw std::runtime_error{"broken"};
    co_return "answer to " + request.target;
  }
};

}  // namespace

TEST_CASE("requests: a coroutine is measured until it ends, not until it is suspended first") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.delivery = Delivery::immediate}};
  asio::io_context io;
  asio::steady_timer wake{io, asio::steady_timer::time_point::max()};
  std::string answer;
  std::string error;
  {
    const RequestMetrics requests{statsd, enabled, {.count_errors = true}};
    const auto handler = requests.wrap("/desktop", Desktop{wake});
    asio::co_spawn(io, handler(Request{"/desktop/save"}),
                   [&](std::exception_ptr, const std::string& result) { answer = result; });
    asio::co_spawn(io, handler(Request{"/broken"}), [&](std::exception_ptr failure, const std::string&) {
      try {
        std::rethrow_exception(failure);
      } catch (const std::runtime_error& caught) {
        error = caught.what();
      }
    });
  }  // the coroutines go on without metrics and handler
  io.poll();
  CHECK(statsd.transport().lines().empty());
  wake.cancel();
  io.run();
  CHECK(answer == "answer to /desktop/save");
  CHECK(error == "broken");
  const testing::Captured captured{statsd.transport()};
  CHECK(captured.counter(desktop + "requests.count") == 2);
  CHECK(captured.counter("requests.total") == 2);
  CHECK(captured.counter(desktop + "requests.errors") == 1);
}

TEST_CASE("requests: coroutines that go on on other threads are measured all the same") {
  MemoryStatsd statsd{testing::MemoryTransport{}, manual};
  const RequestMetrics requests{statsd, enabled};
  asio::thread_pool pool{3};
  const auto handler = requests.wrap("/desktop", [&]() -> asio::awaitable<void> {
    for (int i = 0; i < 10; ++i) co_await asio::post(pool, asio::use_awaitable);
  });
  constexpr int coroutines = 100;
  for (int i = 0; i < coroutines; ++i) asio::co_spawn(pool, handler(), asio::detached);
  pool.join();
  statsd.flush();
  CHECK(testing::Captured{statsd.transport()}.counter(desktop + "requests.count") == coroutines);
}

#endif
