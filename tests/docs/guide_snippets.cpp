// The snippets of docs/guide.md and docs/migration.md that need no server: compiled and run here, compared by
// documents.cpp.

#include <ostream>

#include <doctest/doctest.h>

#include <stdlib.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/metrics.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "statwire/testing/manual_clock.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "statwire/testing/scripted_stream.hpp"
#include "statwire/timer.hpp"
#include "support/memory_statsd.hpp"

namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

using MemoryStatsd = statwire::StatsdClient<statwire::testing::MemoryTransport>;

int load_page() {
  return 200;
}

int f(int a, int b) {
  return a + b;
}

/// A variable of the environment, for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_{name} { ::setenv(name, value, 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

/// What a client sends of what a function gives it.
template <class Record>
Lines lines_of(statwire::StatsdOptions options, Record&& record) {
  options.flush = statwire::Flush::manual;
  MemoryStatsd statsd{statwire::testing::MemoryTransport{}, std::move(options)};
  record(statsd);
  statsd.flush();
  return statsd.transport().lines();
}

}  // namespace

TEST_CASE("snippet: no text makes a line of its own") {
  const auto record = [](auto& statsd) {
    statsd.increment("GET /a b:1|c\nforged:9|c");
    statsd.increment("hits", 1, {.tags = {{"user", "eve|#admin"}}});
  };
  CHECK(lines_of({}, record) == Lines{"GET_-a_b_1_c_forged_9_c:1|c", "hits:1|c|#user:eve__admin"});
}

TEST_CASE("snippet: timers") {
  MemoryStatsd statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};

  {
    statwire::ScopedTimer timer{statsd, "query"};
    timer.tag("table", "orders");  // known only now
    timer.tag_result();            // adds result:ok, or result:error when an exception ends the scope
  }
  statwire::ScopedTimer timer{statsd, "job"};
  auto took = timer.stop();  // sends now, and not again when the scope ends; cancel() sends nothing

  CHECK(took > 0ns);
  statsd.flush();
  const statwire::testing::Captured captured{statsd.transport()};
  CHECK(captured.timing("query", {{"table", "orders"}, {"result", "ok"}}).values().size() == 1);
  CHECK(captured.timing("job").values().size() == 1);
}

TEST_CASE("snippet: tags that win over others") {
  const auto record = [](auto& statsd) {
    auto api = statsd.scope("api", {.tags = {{"zone", "eu"}}});
    api.increment("calls");                                    // api.calls:1|c|#role:web,zone:eu
    api.increment("calls", 1, {.tags = {{"zone", "local"}}});  // api.calls:1|c|#role:web,zone:local
  };
  CHECK(lines_of({.tags = {{"role", "web"}}}, record) ==
        Lines{"api.calls:1|c|#role:web,zone:eu", "api.calls:1|c|#role:web,zone:local"});
}

TEST_CASE("snippet: where to send, as text and from the environment") {
  statwire::StatsdClient agent{"unix:///run/dsd.sock", {.profile = statwire::profiles::dogstatsd}};
  statwire::StatsdClient nobody{"null:"};

  const Variable url{"STATSD_URL", "null:"};
  const Variable service{"DD_SERVICE", "shop"};
  auto statsd = statwire::StatsdClient<>::from_env(
      {.tags = statwire::datadog_tags({{"role", "web"}})});  // role, service

  agent.increment("hits");
  nobody.increment("hits");
  statsd.increment("hits");
  CHECK(statwire::datadog_tags({{"role", "web"}}).size() == 2);
}

TEST_CASE("snippet: a profile of one's own") {
  statwire::Profile ours = statwire::profiles::telegraf;
  ours.name = "ours";
  ours.sets = false;  // refused, and counted as unsupported

  CHECK(lines_of({.profile = ours}, [](auto& statsd) {
          statsd.set("visitors", "alice");
          statsd.increment("hits", 1, {.tags = {{"zone", "eu"}}});
        }) == Lines{"hits,zone=eu:1|c"});
}

TEST_CASE("snippet: what Datadog's agent has beside metrics") {
  MemoryStatsd statsd{statwire::testing::MemoryTransport{},
                      {.profile = statwire::profiles::dogstatsd, .flush = statwire::Flush::manual}};

  statsd.histogram("basket", 3.5);                            // basket:3.5|h
  statsd.distribution("basket.all", 3.5);                     // basket.all:3.5|d
  statsd.increment("orders", 17, {.timestamp = 1700000000});  // orders:17|c|T1700000000, not summed
  statsd.event({.title = "deploy", .text = "v2", .alert_type = statwire::AlertType::success});
  statsd.service_check({.name = "db", .status = statwire::CheckStatus::critical, .message = "no answer"});

  statsd.flush();
  CHECK(statsd.transport().lines() == Lines{"orders:17|c|T1700000000", "_e{6,2}:deploy|v2|t:success",
                                            "_sc|db|2|m:no answer", "basket:3.5|h", "basket.all:3.5|d"});
}

TEST_CASE("snippet: a sample in ten") {
  const auto always = []() noexcept -> std::uint64_t { return 0; };
  MemoryStatsd statsd{statwire::testing::MemoryTransport{},
                      {.flush = statwire::Flush::manual, .random = always}};

  statsd.timing("query", 3ms, {.rate = 0.1});  // query:3|ms|@0.1, or nothing
  statwire::Timing page = statsd.timing("page", {.rate = 1.0 / 93});
  page.record(3ms);  // page:3|ms|@0.01075268817204301, or nothing

  statsd.flush();
  CHECK(statsd.transport().lines() == Lines{"query:3|ms|@0.1", "page:3|ms|@0.01075268817204301"});
}

TEST_CASE("snippet: see what was lost") {
  const auto report = [](const std::string& text) { std::clog << text << '\n'; };
  MemoryStatsd statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};
  statsd.increment("hits");
  statsd.increment("");

  statwire::DeliveryStats seen = statsd.stats();  // accepted == sent + sampled_out + dropped() + pending
  if (seen.dropped() != 0)
    report(std::to_string(seen.dropped_invalid) + " samples have no name or no number");

  CHECK(seen.pending == 1);
  CHECK(seen.dropped_invalid == 1);
}

TEST_CASE("snippet: be told of errors") {
  const auto report = [](const std::string& text) { std::clog << text << '\n'; };
  statwire::StatsdClient statsd{"127.0.0.1",
                                8125,
                                {.on_error =
                                     [report](const statwire::DeliveryError& error) {
                                       report("metrics are lost: " + error.code.message());
                                     },
                                 .telemetry = true}};
  statsd.increment("hits");
}

TEST_CASE("snippet: test a timer without waiting") {
  using statwire::testing::ManualClock;
  MemoryStatsd statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};
  {
    statwire::ScopedTimer<MemoryStatsd, ManualClock> timer{statsd, "request"};
    ManualClock::advance(5ms);
  }
  statsd.flush();
  CHECK(statsd.transport().lines() == std::vector<std::string>{"request:5|ms"});
}

TEST_CASE("snippet: test what a metrics server's failure does") {
  statwire::MetricsClient client{
      statwire::testing::ScriptedStream{{.replies = {"ok\n\n", "error\nfull\n\n"}}}};
  std::error_code ec;
  client.put("huginn.cpu", 0.5, 1642667947, ec);
  CHECK(!ec);
  client.put("huginn.cpu", 0.75, 1642667948, ec);
  CHECK(ec == statwire::errc::command_refused);
  CHECK(client.transport().written() == "put huginn.cpu 0.5 1642667947\nput huginn.cpu 0.75 1642667948\n");
}

TEST_CASE("snippet: a server that cannot be reached") {
  MemoryStatsd statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};
  statsd.transport().fail_with(std::make_error_code(std::errc::network_unreachable));
  statsd.increment("hits");
  statsd.flush();
  CHECK(statsd.stats().dropped_send == 1);
}

TEST_CASE("snippet: from cpp-statsd-client") {
  statwire::StatsdClient statsd{
      "127.0.0.1", 8125, {.prefix = "shop", .flush_interval = std::chrono::milliseconds{500}}};

  statsd.increment("orders", 1, {.tags = {{"route", "/a"}}});
  statsd.increment("bytes", 512, {.rate = 0.1});
  statsd.gauge("load", 0.75);
  statsd.timing("checkout", std::chrono::milliseconds{12});
  statsd.set("visitors", 42);
  statsd.flush();

  CHECK(statsd.stats().dropped_unsupported == 0);
}

TEST_CASE("snippet: from Python's statsd") {
  MemoryStatsd statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};

  statsd.increment("orders", 3);    // incr('orders', 3)
  statsd.gauge("depth", -5);        // gauge('depth', -5): depth:0|g and depth:-5|g here, too
  statsd.gauge_delta("depth", 3);   // gauge('depth', 3, delta=True)
  statsd.timing("query", 12500us);  // timing('query', 12.5)
  statsd.set("visitors", "alice");  // set('visitors', 'alice')
  {
    statwire::ScopedTimer timer{statsd, "page"};  // with timer('page'):
    load_page();
  }
  auto answer = statwire::timed(statsd, "f", [] { return f(1, 2); });  // @timer('f')

  CHECK(answer == 3);
  statsd.flush();
  const statwire::testing::Captured captured{statsd.transport()};
  CHECK(captured.counter("orders") == 3);
  CHECK(captured.gauge("depth") == -2);
}

TEST_CASE("snippet: the bytes of sivy/pystatsd") {
  CHECK(lines_of({.profile = statwire::profiles::pystatsd},
                 [](auto& statsd) { statsd.gauge("depth", 42); }) == Lines{"depth:42.000000|g"});
}
