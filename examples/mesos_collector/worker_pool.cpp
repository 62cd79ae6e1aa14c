#include "mesos_collector/worker_pool.hpp"

#include <stdexcept>

namespace mesos_collector {

WorkerPool::WorkerPool(std::size_t threads) {
  if (threads == 0) throw std::invalid_argument{"a pool has at least 1 thread, not 0"};
  threads_.reserve(threads);
  while (threads_.size() < threads) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

void WorkerPool::add(std::list<Task>& tasks) {
  {
    const std::lock_guard lock{mutex_};
    tasks_.splice(tasks_.end(), tasks);
  }
  added_.notify_all();
}

void WorkerPool::work(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (added_.wait(lock, stop, [this] { return !tasks_.empty(); })) {
    std::list<Task> task;
    task.splice(task.end(), tasks_, tasks_.begin());
    lock.unlock();
    task.front()();
    lock.lock();
  }
}

}  // namespace mesos_collector
