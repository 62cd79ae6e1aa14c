#include "mesos_collector/redis_pool.hpp"

#include <utility>

namespace mesos_collector {

RedisPool::RedisPool(RedisUrl url, std::size_t max, std::chrono::milliseconds timeout)
    : url_{std::move(url)}, max_{max}, timeout_{timeout} {}

RedisPool::Lease RedisPool::lease() {
  std::unique_lock lock{mutex_};
  given_back_.wait(lock, [this] { return leased_ < max_; });
  ++leased_;
  std::unique_ptr<RedisConnection> connection;
  if (!idle_.empty()) {
    connection = std::move(idle_.back());
    idle_.pop_back();
  }
  return {*this, std::move(connection)};
}

void RedisPool::fill(std::size_t count) {
  for (;;) {
    {
      const std::lock_guard lock{mutex_};
      if (leased_ + idle_.size() >= count) return;
      ++leased_;
    }
    Lease lease{*this, nullptr};
    lease.connection();
    lease.keep();
  }
}

std::size_t RedisPool::size() const {
  const std::lock_guard lock{mutex_};
  return leased_ + idle_.size();
}

void RedisPool::drop_idle() {
  std::vector<std::unique_ptr<RedisConnection>> dropped;  // closed when others may go on
  const std::lock_guard lock{mutex_};
  dropped.swap(idle_);
}

void RedisPool::give_back(std::unique_ptr<RedisConnection> connection) {
  {
    const std::lock_guard lock{mutex_};
    --leased_;
    if (connection) idle_.push_back(std::move(connection));
  }
  given_back_.notify_one();
}

RedisPool::Lease::Lease(RedisPool& pool, std::unique_ptr<RedisConnection> connection)
    : pool_{&pool}, connection_{std::move(connection)}, had_idled_{connection_ != nullptr} {}

RedisPool::Lease::Lease(Lease&& other) noexcept
    : pool_{std::exchange(other.pool_, nullptr)},
      connection_{std::move(other.connection_)},
      had_idled_{other.had_idled_},
      is_kept_{other.is_kept_} {}

RedisPool::Lease::~Lease() {
  if (!is_kept_) connection_.reset();
  if (pool_ != nullptr) pool_->give_back(std::move(connection_));
}

RedisConnection& RedisPool::Lease::connection() {
  if (!connection_) connection_ = std::make_unique<RedisConnection>(pool_->url_, pool_->timeout_);
  return *connection_;
}

/// What idled beside a connection that has ended has most likely ended, too.
void RedisPool::Lease::renew() {
  pool_->drop_idle();
  connection_.reset();
  had_idled_ = false;
}

}  // namespace mesos_collector
