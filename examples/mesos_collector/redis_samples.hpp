#pragma once

// The previous samples in Redis, one string a task, as the original keeps them: `GET task`, then `SET task
// text`, of all tasks of an exchange in one go each.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mesos_collector/redis_pool.hpp"
#include "mesos_collector/redis_url.hpp"
#include "mesos_collector/sample_store.hpp"

namespace mesos_collector {

struct RedisSamplesOptions {
  RedisUrl url{};
  std::size_t pool_min = 5;                        ///< Connections that check() opens; 0 or more.
  std::size_t pool_max = 10;                       ///< At once; 1 or more, and no less than `pool_min`.
  std::optional<std::chrono::milliseconds> ttl{};  ///< Of a sample, above 0; none: it stays.
  /// Above 0: of connecting, and of each 1000 commands or 64 KiB.
  std::chrono::milliseconds timeout = std::chrono::seconds{5};
};

/// A connection that ended while it idled is replaced unseen, as long as nothing was put. An error that Redis
/// gives for one key is that sample's, which then has no previous text; one that says that Redis can serve
/// nobody (`LOADING`, `NOAUTH`, `OOM`, `READONLY`, ...) is StoreAway.
class RedisSamples final : public SampleStore {
 public:
  /// Nothing is connected yet. Throws std::invalid_argument that names the option.
  explicit RedisSamples(const RedisSamplesOptions& options);

  void check() override;
  std::vector<PreviousSample> exchange(const std::vector<Sample>& samples) override;

  /// Connections that are open, or about to be.
  std::size_t connections() const { return pool_.size(); }

 private:
  void get(RedisConnection& connection, const std::vector<Sample>& samples,
           std::vector<PreviousSample>& previous) const;
  void set(RedisConnection& connection, const std::vector<Sample>& samples,
           std::vector<PreviousSample>& previous) const;

  std::size_t pool_min_;
  std::vector<std::string> expiry_;  ///< The arguments of SET behind the text.
  RedisPool pool_;
};

}  // namespace mesos_collector
