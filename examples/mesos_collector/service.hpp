#pragma once

// The collector put together: rounds on time, documents to RabbitMQ, gauges to StatsD, a table to look at.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <statwire/statsd.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "mesos_collector/amqp_publisher.hpp"
#include "mesos_collector/collector.hpp"
#include "mesos_collector/environment.hpp"
#include "mesos_collector/json.hpp"
#include "mesos_collector/log.hpp"
#include "mesos_collector/options.hpp"
#include "mesos_collector/redis_samples.hpp"
#include "mesos_collector/worker_pool.hpp"

namespace mesos_collector {

/// What came of a run.
struct Outcome {
  std::size_t rounds = 0;
  std::size_t failed_rounds = 0;     ///< Skipped, or no agent answered.
  std::uint64_t lost_documents = 0;  ///< RabbitMQ did not confirm them, or there was no room to keep them.
};

/// Threads: one at a time.
class Service {
 public:
  /// Connects to nothing yet but RabbitMQ, in the background. `print` gets the lines of tables. Throws
  /// ClientError when the environment of StatsD is wrong.
  Service(const Options& options, const Environment& environment, Log& log,
          std::function<void(const std::string& line)> print);

  /// Runs the rounds until there are no more or a stop is requested; then waits until RabbitMQ has
  /// everything, 30 s at most.
  Outcome run(const std::stop_token& stop);

 private:
  void take(const std::vector<Json>& documents);
  void show_table(const Round& round);

  Options options_;
  Log& log_;
  std::function<void(const std::string& line)> print_;
  statwire::StatsdClient<statwire::EndpointTransport> statsd_;
  RedisSamples samples_;
  std::unique_ptr<AmqpPublisher> amqp_;  ///< None: it is not wanted.
  std::mutex mutex_;
  std::vector<Json> table_;  ///< The documents of this round, when a table is wanted; under the mutex.
  WorkerPool pool_;
  Collector collector_;
};

}  // namespace mesos_collector
