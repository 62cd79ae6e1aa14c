#pragma once

// What the environment tells the collector, under the names that the original has.

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <statwire/client/environment.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "mesos_collector/amqp_connection.hpp"
#include "mesos_collector/http_client.hpp"
#include "mesos_collector/redis_url.hpp"

namespace mesos_collector {

/// The variables, read and checked.
struct Environment {
  std::vector<std::string> masters{};  ///< `http://host:port` each, in the order to be asked.
  AmqpOptions rabbitmq{};
  std::string routing_key{};  ///< Of the default exchange: the name of a queue.
  RedisUrl redis{};
  std::size_t redis_pool_min = 5;
  std::size_t redis_pool_max = 10;
  bool include_raw = false;
  HttpTimeouts timeouts{};
};

/// The values of HOLLOWMAN_<SPACE>_<NAME>, then of the same with _0, _1, ... until one is missing or empty.
/// Letters of both may be small.
std::vector<std::string> get_option(std::string_view space, std::string_view name,
                                    const statwire::ReadVariable& read);

/// Reads all of it; `needs_rabbitmq` says whether those variables have to be there. `errors` gets a line for
/// each variable that is wrong or missing: its name, its value, and what is legal.
Environment read_environment(bool needs_rabbitmq, std::vector<std::string>& errors,
                             const statwire::ReadVariable& read = &std::getenv);

}  // namespace mesos_collector
