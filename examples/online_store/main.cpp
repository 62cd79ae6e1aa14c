// Counts an online store: visits, orders, conversion, mean order and the day's total, from events in Kafka to
// a page for Prometheus, an API, a live page and StatsD. Without a cluster it brings one, and a shop to fill
// it. Ends in order at SIGTERM or SIGINT, and at once at a second one.
//
//   online_store --eager
//   online_store --brokers kafka:9092 --topic online_store --group metrics --state /var/lib/online_store

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "daemon.hpp"
#include "online_store/options.hpp"
#include "online_store/service.hpp"

namespace online_store {
namespace {

using std::chrono::steady_clock;

constexpr const char* program = "online_store";

void say(const std::string& line) {
  example::print(stdout, program, line);
}

void complain(const std::string& line) {
  example::print(stderr, program, line);
}

void run(const Options& options, const example::EndSignals& signals) {
  Service service{options, say, complain};
  // A signal ends it at once when it is on its way out, also by an error; clients may hold that up.
  struct Restore {
    const example::EndSignals& signals;
    ~Restore() { signals.restore(); }
  } const restore{signals};
  const auto start = steady_clock::now();
  const auto end = options.run_for ? start + *options.run_for : steady_clock::time_point::max();
  auto due = start;
  do {
    service.tick();
    due = std::max(due + service.tick_interval(), steady_clock::now());
  } while (!signals.wait_until(std::min(due, end)) && due < end);
  signals.restore();  // the group may hold up the end
  service.stop();
  say(service.summary());
}

}  // namespace
}  // namespace online_store

int main(int argc, char** argv) {
  using namespace online_store;
  example::open_standard_streams();
  const example::EndSignals signals;
  return example::run_daemon<Options>(program, parse_options(argc, argv),
                                      [&](const Options& options) { run(options, signals); });
}
