// What it costs to measure a request, everything included: the client sends to a socket in the background, as
// a service's does. The floor is the same handler with two readings of the clock.

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "figures.hpp"
#include "loopback.hpp"
#include "statwire/requests.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "statwire/testing/memory_transport.hpp"

#if defined(__linux__)

namespace {

using namespace statwire;
using namespace std::chrono_literals;

struct Request {
  std::string_view path;
  std::string_view method;
};

using Handler = std::function<int(const Request&)>;  // as a server keeps them

constexpr std::size_t requests_a_round = 200'000;
constexpr std::array<Request, 4> visits{{{"/desktop/save", "POST"},
                                         {"/desktop/rows", "GET"},
                                         {"/desktop/rows/with/a/longer/path/1234567", "GET"},
                                         {"/desktop", "HEAD"}}};

int handle(const Request& request) {
  return static_cast<int>(request.path.size() + request.method.size());
}

RequestTarget target_of(const Request& request) noexcept {
  return {request.path, request.method};
}

std::function<void()> round_of(Handler handler) {
  return [handler = std::move(handler)] {
    int sum = 0;
    for (std::size_t i = 0; i < requests_a_round; ++i) sum += handler(visits[i % visits.size()]);
    REQUIRE(sum != 0);
  };
}

const Settings enabled{.collect_requests = true};
const RequestOptions everything{.names = RequestNames::controller_url_method, .count_errors = true};

}  // namespace

TEST_CASE("a request, with a handler that does next to nothing") {
  {
    StatsdClient statsd{testing::MemoryTransport{}, {.flush = Flush::manual}};
    const RequestMetrics requests{statsd, enabled, everything};
    round_of(requests.wrap("/desktop", handle, target_of))();
    statsd.flush();
    REQUIRE(testing::Captured{statsd.transport()}.counter("requests.total") == double{requests_a_round});
  }
  bench::Sink receiver;
  StatsdClient statsd{"127.0.0.1", receiver.port(), {.prefix = "v1.eu.shop.web.instance_1"}};
  const RequestMetrics requests{statsd, enabled, {.count_errors = true}};
  const RequestMetrics with_targets{statsd, enabled, everything};
  const RequestMetrics disabled{statsd, Settings{}};
  bench::print_figures(
      "a request", "ns of CPU",
      bench::in_turn(15, requests_a_round,
                     {{"handler and two readings of the clock (floor)", round_of([](const Request& request) {
                         const auto start = std::chrono::steady_clock::now();
                         const int result = handle(request);
                         const auto duration = std::chrono::steady_clock::now() - start;
                         return duration.count() < 0 ? 0 : result;
                       })},
                      {"handler alone", round_of(handle)},
                      {"wrapped, switched off", round_of(disabled.wrap("/desktop", handle, target_of))},
                      {"wrapped", round_of(requests.wrap("/desktop", handle, target_of))},
                      {"scope by URL", round_of([&](const Request& request) {
                         const auto scope = requests.scope("/desktop");
                         return handle(request);
                       })},
                      {"wrapped, names with path and method",
                       round_of(with_targets.wrap("/desktop", handle, target_of))},
                      {"scope by URL, path and method", round_of([&](const Request& request) {
                         const auto scope = with_targets.scope("/desktop", target_of(request));
                         return handle(request);
                       })}}));
}

#endif  // defined(__linux__)
