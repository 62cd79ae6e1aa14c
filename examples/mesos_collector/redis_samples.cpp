#include "mesos_collector/redis_samples.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace mesos_collector {
namespace {

using Kind = RedisReply::Kind;

/// Whether an error is about Redis as a whole, and not about the key that was asked for.
bool is_of_all_keys(const std::string& error) {
  constexpr std::array<std::string_view, 9> codes{"BUSY",   "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF",
                                                  "NOAUTH", "NOREPLICAS",  "OOM",     "READONLY"};
  return std::ranges::find(codes, std::string_view{error}.substr(0, error.find(' '))) != codes.end();
}

std::vector<std::string> expiry_of(std::optional<std::chrono::milliseconds> ttl) {
  if (!ttl) return {};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*ttl);
  if (seconds == *ttl) return {"EX", std::to_string(seconds.count())};
  return {"PX", std::to_string(ttl->count())};
}

const RedisSamplesOptions& checked(const RedisSamplesOptions& options) {
  if (options.pool_max < 1 || options.pool_max < options.pool_min) {
    throw std::invalid_argument{"pool_max is " + std::to_string(options.pool_max) +
                                "; it is 1 or more, and no less than pool_min, which is " +
                                std::to_string(options.pool_min)};
  }
  if (options.ttl && options.ttl->count() < 1) throw std::invalid_argument{"ttl has to be above 0 ms"};
  if (options.timeout.count() < 1) throw std::invalid_argument{"timeout has to be above 0 ms"};
  return options;
}

}  // namespace

RedisSamples::RedisSamples(const RedisSamplesOptions& options)
    : pool_min_{checked(options).pool_min},
      expiry_{expiry_of(options.ttl)},
      pool_{options.url, options.pool_max, options.timeout} {}

void RedisSamples::check() {
  {
    RedisPool::Lease lease = pool_.lease();
    lease.ask([](RedisConnection& connection) { connection.ping(); });
    lease.keep();
  }
  pool_.fill(pool_min_);
}

std::vector<PreviousSample> RedisSamples::exchange(const std::vector<Sample>& samples) {
  std::vector<PreviousSample> previous(samples.size());
  if (samples.empty()) return previous;
  RedisPool::Lease lease = pool_.lease();
  lease.ask([&](RedisConnection& connection) { get(connection, samples, previous); });
  set(lease.connection(), samples, previous);
  lease.keep();
  return previous;
}

void RedisSamples::get(RedisConnection& connection, const std::vector<Sample>& samples,
                       std::vector<PreviousSample>& previous) const {
  std::vector<RedisCommand> commands;
  commands.reserve(samples.size());
  for (const Sample& sample : samples) commands.push_back({"GET", sample.task});
  connection.run(commands, [&](std::size_t index, RedisReply reply) {
    previous[index] = {};
    if (reply.kind == Kind::text) {
      previous[index].text = std::move(reply.text);
    } else if (reply.kind == Kind::error && !is_of_all_keys(reply.text)) {
      previous[index].error = "GET: " + reply.text;
    } else if (reply.kind != Kind::nil) {
      connection.refuse("GET", reply);
    }
  });
}

/// A sample that is not put has no previous one either: its time would be counted again in the next round.
void RedisSamples::set(RedisConnection& connection, const std::vector<Sample>& samples,
                       std::vector<PreviousSample>& previous) const {
  std::vector<RedisCommand> commands;
  commands.reserve(samples.size());
  for (const Sample& sample : samples) {
    commands.push_back({"SET", sample.task, sample.text});
    commands.back().insert(commands.back().end(), expiry_.begin(), expiry_.end());
  }
  connection.run(commands, [&](std::size_t index, const RedisReply& reply) {
    if (reply.kind == Kind::status) return;
    if (reply.kind != Kind::error || is_of_all_keys(reply.text)) connection.refuse("SET", reply);
    previous[index] = {.error = "SET: " + reply.text};
  });
}

}  // namespace mesos_collector
