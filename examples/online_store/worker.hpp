#pragma once

// A thread whose end by an exception is not overlooked.

#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace online_store {

/// Runs `work(stop_token)`; stops it and waits for it at the end.
class Worker {
 public:
  template <class Work>
  explicit Worker(Work work)
      : thread_{[this, work = std::move(work)](const std::stop_token& stop) mutable {
          try {
            work(stop);
          } catch (...) {  // thrown on by check()
            const std::lock_guard lock{mutex_};
            error_ = std::current_exception();
          }
        }} {}

  /// Stops it, waits for it, and throws what ended it. To be called once.
  void stop() {
    thread_.request_stop();
    thread_.join();
    check();
  }

  /// Throws what ended the work, once.
  void check() {
    const std::lock_guard lock{mutex_};
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  std::mutex mutex_;
  std::exception_ptr error_;
  std::jthread thread_;
};

}  // namespace online_store
