#pragma once

// Threads that are kept from one round to the next: so many agents are asked at once, and no more.

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <future>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace mesos_collector {

class WorkerPool {
 public:
  /// Throws std::system_error when there are no more threads to have, and std::invalid_argument for 0.
  explicit WorkerPool(std::size_t threads);

  /// Calls `call(0)` to `call(count - 1)` on the threads, as many at once as there are threads, and returns
  /// when all have ended. Then throws what the first of them in this order threw; the others were called all
  /// the same. May be called from several threads at once, but not from within a call.
  template <class Call>
  void for_each(std::size_t count, Call&& call) {
    std::list<Task> tasks;
    std::vector<std::future<void>> results;
    for (std::size_t i = 0; i < count; ++i) {
      results.push_back(tasks.emplace_back([&call, i] { call(i); }).get_future());
    }
    add(tasks);
    for (const std::future<void>& result : results) result.wait();
    for (std::future<void>& result : results) result.get();
  }

 private:
  using Task = std::packaged_task<void()>;

  void add(std::list<Task>& tasks);
  void work(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any added_;
  std::list<Task> tasks_;  ///< Those that no thread has yet; under the mutex.
  std::vector<std::jthread> threads_;
};

}  // namespace mesos_collector
