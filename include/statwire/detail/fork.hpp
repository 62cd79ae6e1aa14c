#pragma once

// Tells objects that have locks, threads or sockets when the process forks. A child has one thread, the one
// that called fork(); whatever another thread held at that moment stays held there for ever. So before the
// fork each object takes its locks, and afterwards both processes let them go.

#include <algorithm>
#include <mutex>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace statwire::detail {

/// What is told. The functions run on the thread that forks.
class ForkObserver {
 public:
  virtual void before_fork() noexcept = 0;
  virtual void after_fork_in_parent() noexcept = 0;
  virtual void after_fork_in_child() noexcept = 0;

 protected:
  ~ForkObserver() = default;
};

/// All observers of the process. Any thread.
class ForkObservers {
 public:
  /// Never destroyed: a process may fork while it ends.
  static ForkObservers& instance() {
    static ForkObservers& observers = *new ForkObservers;
    return observers;
  }

  void add(ForkObserver& observer) {
    const std::lock_guard lock{mutex_};
    observers_.push_back(&observer);
  }

  /// Waits for a fork that is under way.
  void remove(ForkObserver& observer) noexcept {
    const std::lock_guard lock{mutex_};
    std::erase(observers_, &observer);
  }

 private:
  ForkObservers() {
#if defined(__unix__) || defined(__APPLE__)
    ::pthread_atfork(
        [] {
          instance().mutex_.lock();
          // The youngest first: a transport of one client may record in another that is older.
          std::for_each(instance().observers_.rbegin(), instance().observers_.rend(),
                        [](ForkObserver* observer) { observer->before_fork(); });
        },
        [] {
          for (ForkObserver* observer : instance().observers_) observer->after_fork_in_parent();
          instance().mutex_.unlock();
        },
        [] {
          for (ForkObserver* observer : instance().observers_) observer->after_fork_in_child();
          instance().mutex_.unlock();
        });
#endif
  }

  std::mutex mutex_;
  std::vector<ForkObserver*> observers_;
};

}  // namespace statwire::detail
