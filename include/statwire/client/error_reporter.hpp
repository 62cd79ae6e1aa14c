#pragma once

// Tells the user of errors, seldom: a server that is away for a night makes one line in a log every ten
// seconds, with the number of datagrams that it did not get, and not one for each of them.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <utility>

#include "statwire/client/delivery.hpp"
#include "statwire/error.hpp"

namespace statwire::client {

/// Any thread.
class ErrorReporter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds interval{10};

  explicit ErrorReporter(ErrorCallback callback) : callback_{std::move(callback)} {}

  /// Remembers a datagram that could not go; the callback is not called here, where locks may be held.
  void note(std::error_code ec) noexcept {
    if (!callback_) return;
    const std::lock_guard lock{mutex_};
    last_ = ec;
    ++datagrams_;
  }

  /// Remembers why nothing can go for now. No error is that the first lookup of a name goes on.
  void note_state(std::error_code ec) noexcept {
    if (!callback_ || !ec || ec == errc::not_connected) return;
    const std::lock_guard lock{mutex_};
    last_ = ec;
  }

  /// Calls the callback when something was noted and it is time again.
  void report(TimePoint now = std::chrono::steady_clock::now()) noexcept {
    if (!callback_) return;
    std::unique_lock lock{mutex_};
    if (!last_ || now < next_ || is_reporting_) return;
    const DeliveryError error{last_, datagrams_ == 0 ? 0 : datagrams_ - 1};
    last_.clear();
    datagrams_ = 0;
    next_ = now + interval;
    is_reporting_ = true;  // also keeps a callback that emits from calling itself
    lock.unlock();
    callback_(error);
    lock.lock();
    is_reporting_ = false;
  }

  /// Around a fork(): see aggregate::Registry.
  void before_fork() noexcept { mutex_.lock(); }
  void after_fork_in_parent() noexcept { mutex_.unlock(); }
  void after_fork_in_child() noexcept {
    last_.clear();
    datagrams_ = 0;
    next_ = TimePoint::min();
    is_reporting_ = false;  // a thread that is gone may have been in the callback
    mutex_.unlock();
  }

 private:
  ErrorCallback callback_;
  std::mutex mutex_;
  std::error_code last_;
  std::uint64_t datagrams_ = 0;  ///< Those that could not go since the last report.
  TimePoint next_ = TimePoint::min();
  bool is_reporting_ = false;
};

}  // namespace statwire::client
