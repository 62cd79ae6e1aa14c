#include "mesos_collector/options.hpp"

#include <string>

#include "command_line.hpp"

namespace mesos_collector {
namespace {

void add_flags(example::CommandLine& line, Options& options) {
  using example::number_reader;
  using std::chrono::milliseconds;
  const auto duration = [](milliseconds shortest) {
    return [shortest](const char* flag, const std::string& text) {
      return example::read_duration(flag, text, shortest);
    };
  };
  line.add_value("--every", "DURATION", options.every,
                 "Go on, a round each DURATION (default: one round, then end)", duration(milliseconds{100}));
  line.add_value("--rounds", "NUMBER", options.rounds, "End after so many rounds; needs --every",
                 example::read_count);
  line.add_value("--workers", "NUMBER", options.workers, "Agents that are asked at once (default 32)",
                 number_reader(1, 1024));
  line.add_value("--ttl", "DURATION", options.ttl,
                 "How long Redis keeps the sample of a task that is gone (default: for ever)",
                 duration(milliseconds{1000}));
  line.add_switch("--no-amqp", "Publish nothing to RabbitMQ; StatsD gets gauges",
                  [&options] { options.has_amqp = false; });
  line.add_switch("--persistent", options.persistent,
                  "Publish messages that a durable queue keeps on its disk");
  line.add_value("--queue", "NUMBER", options.queue_capacity,
                 "Documents kept while RabbitMQ is away (default 100000); then the oldest go",
                 number_reader(1, 100'000'000));
  line.add_switch("--publish-resets", options.publish_resets,
                  "Publish what follows when a task's counters went down, negative numbers, as the original");
  line.add_value("--table", "ROWS", options.table_rows, "Print the tasks that use most CPU after each round",
                 number_reader(1, 100'000));
  line.add_switch("--verbose", options.verbose, "Log each agent that answered, too");
}

constexpr const char* footer =
    "The environment says where everything is:\n"
    "  STATS_COLLECTOR_MESOS_MASTER_IP      a Mesos master, or several with commas between (port 5050)\n"
    "  HOLLOWMAN_MESOS_ADDRESS_0, _1, ...   the same; these win\n"
    "  STATS_COLLECTOR_RABBITMQ_HOST, _USER, _PWD, _VHOST, _RK   the broker and the routing key\n"
    "  STATS_COLLECTOR_REDIS_URL            (default redis://127.0.0.1/0)\n"
    "  STATS_COLLECTOR_REDIS_POOL_MIN, _MAX connections to Redis (default 5 and 10)\n"
    "  STATS_COLLECTOR_INCLUDE_RAW_METRICS  1: both samples go into the document (default 0)\n"
    "  STATS_CONNECT_TIMEOUT, STATS_REQUEST_TIMEOUT   seconds, of an HTTP request (default 2 and 5)\n"
    "  STATSD_URL, STATSD_PREFIX, STATSD_DISABLE=1    where gauges go (default udp://127.0.0.1:8125)";

}  // namespace

example::Command<Options> parse_options(int argc, const char* const* argv) {
  example::CommandLine line{
      "mesos_collector",
      "Collects CPU and memory of each task of a Mesos cluster, for RabbitMQ and for StatsD.", footer};
  auto command = example::parse_command<Options>(line, argc, argv, add_flags);
  if (const auto* options = std::get_if<Options>(&command);
      options && options->ttl && options->every && *options->ttl <= *options->every) {
    return example::UsageError{
        "--ttl has to be longer than --every, or no sample lives until the next round"};
  }
  if (const auto* options = std::get_if<Options>(&command); options && options->rounds && !options->every)
    return example::UsageError{"--rounds needs --every; without it there is one round"};
  return command;
}

}  // namespace mesos_collector
