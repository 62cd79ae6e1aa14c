#pragma once

// Connections to one Redis, kept between their uses: up to so many at once, and callers beyond wait.

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "mesos_collector/redis_connection.hpp"
#include "mesos_collector/redis_url.hpp"

namespace mesos_collector {

/// May be used from several threads at once.
class RedisPool {
 public:
  class Lease;

  /// `max` is at least 1. `timeout` is a connection's. Nothing is connected yet.
  RedisPool(RedisUrl url, std::size_t max, std::chrono::milliseconds timeout);

  /// A connection that idles, else room for one. Waits while all are in use: a busy Redis is not away, and
  /// each use ends within its own time.
  Lease lease();

  /// Connects until there are as many, those in use included. Throws StoreAway.
  void fill(std::size_t count);

  /// Those in use, and those that idle.
  std::size_t size() const;

 private:
  void drop_idle();
  void give_back(std::unique_ptr<RedisConnection> connection);

  const RedisUrl url_;
  const std::size_t max_;
  const std::chrono::milliseconds timeout_;
  mutable std::mutex mutex_;
  std::condition_variable given_back_;
  std::size_t leased_ = 0;
  std::vector<std::unique_ptr<RedisConnection>> idle_;
};

/// A place in the pool. The connection goes back to those that idle only if it is kept; else it is closed.
class RedisPool::Lease {
 public:
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&&) = delete;
  ~Lease();

  /// Connects where nothing idled. Throws StoreAway.
  RedisConnection& connection();

  /// Calls `question` with the connection; and once more, with a fresh one, when the connection had idled and
  /// has ended meanwhile. So the question must not change anything at Redis.
  template <std::invocable<RedisConnection&> Question>
  void ask(Question question) {
    try {
      question(connection());
    } catch (const ConnectionLost&) {
      if (!had_idled_) throw;
      renew();
      question(connection());
    }
  }

  void keep() { is_kept_ = true; }

 private:
  friend RedisPool;
  Lease(RedisPool& pool, std::unique_ptr<RedisConnection> connection);
  void renew();

  RedisPool* pool_;
  std::unique_ptr<RedisConnection> connection_;
  bool had_idled_;
  bool is_kept_ = false;
};

}  // namespace mesos_collector
