#include "mesos_collector/service.hpp"

#include <chrono>
#include <condition_variable>
#include <utility>

#include "mesos_collector/gauges.hpp"
#include "mesos_collector/http_client.hpp"
#include "mesos_collector/python_json.hpp"
#include "mesos_collector/table.hpp"

namespace mesos_collector {
namespace {

using std::chrono::steady_clock;

/// As many series as the tasks of a large cluster have.
statwire::StatsdOptions statsd_options() {
  return {.profile = statwire::profiles::dogstatsd, .max_series = 200'000};
}

RedisSamplesOptions redis_options(const Options& options, const Environment& environment) {
  return {.url = environment.redis,
          .pool_min = environment.redis_pool_min,
          .pool_max = environment.redis_pool_max,
          .ttl = options.ttl};
}

std::unique_ptr<AmqpPublisher> make_publisher(const Options& options, const Environment& environment,
                                              Log& log) {
  if (!options.has_amqp) return nullptr;
  return std::make_unique<AmqpPublisher>(AmqpPublisherOptions{.broker = environment.rabbitmq,
                                                              .routing_key = environment.routing_key,
                                                              .persistent = options.persistent,
                                                              .queue_capacity = options.queue_capacity},
                                         log);
}

/// Returns false when a stop was requested before the time has come.
bool wait_until(steady_clock::time_point time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock{mutex};
  stopped.wait_until(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

Service::Service(const Options& options, const Environment& environment, Log& log,
                 std::function<void(const std::string& line)> print)
    : options_{options},
      log_{log},
      print_{std::move(print)},
      statsd_(statwire::StatsdClient<>::from_env(statsd_options())),
      samples_{redis_options(options, environment)},
      amqp_{make_publisher(options, environment, log)},
      pool_{options.workers},
      collector_{
          {.masters = environment.masters,
           .get = make_http_get(environment.timeouts),
           .samples = samples_,
           .pool = pool_,
           .log = log,
           .take = [this](const std::vector<Json>& documents) { take(documents); },
           .document = {.include_raw = environment.include_raw, .publish_resets = options.publish_resets},
           .verbose = options.verbose}} {}

Outcome Service::run(const std::stop_token& stop) {
  Outcome outcome;
  const std::size_t last = options_.rounds ? *options_.rounds : options_.every ? 0 : 1;  // 0: there is none
  auto due = steady_clock::now();
  do {
    const Round round = collector_.collect(stop);
    ++outcome.rounds;
    const bool no_agent_answered = round.agents != 0 && round.failed_agents == round.agents;
    if (round.is_skipped || no_agent_answered) ++outcome.failed_rounds;
    statsd_.flush();
    if (options_.table_rows) show_table(round);
    if (outcome.rounds == last) break;
    // A round that takes longer than the time between two never meets the next: those missed are left out.
    const auto late = steady_clock::now() - due;
    if (late > *options_.every) log_.event("round_overran", {{"processTime", round.time.count()}});
    due += *options_.every * (1 + late / *options_.every);
  } while (wait_until(due, stop));
  if (amqp_) {
    constexpr std::chrono::seconds patience{30};
    amqp_->flush(patience);
    const AmqpStats stats = amqp_->stats();
    outcome.lost_documents = stats.dropped + stats.waiting;
  }
  return outcome;
}

void Service::take(const std::vector<Json>& documents) {
  send_gauges(statsd_, documents);
  if (amqp_) {
    for (const Json& document : documents) {
      amqp_->publish({.task = document.at("taskname").get<std::string>(), .body = to_python_json(document)});
    }
  }
  if (options_.table_rows) {
    const std::lock_guard lock{mutex_};
    table_.insert(table_.end(), documents.begin(), documents.end());
  }
}

void Service::show_table(const Round& round) {
  std::string heading = std::to_string(round.tasks) + " tasks on " + std::to_string(round.agents) + " agents";
  if (round.first_samples != 0) {
    heading += "; " + std::to_string(round.first_samples) +
               " were seen for the first time, and have figures with the next round";
  }
  print_(heading);
  if (!table_.empty()) {
    for (const std::string& line : task_table(table_, *options_.table_rows)) print_(line);
    print_("");
  }
  table_.clear();
}

}  // namespace mesos_collector
