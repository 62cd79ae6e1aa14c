#pragma once

// The way from those who record to the client that sends, which handles may outlive.

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string_view>

#include "statwire/client/error_reporter.hpp"

namespace statwire::aggregate {

/// The side of a client that sends.
class Owner {
 public:
  /// Something was recorded while the flusher slept.
  virtual void wake() noexcept = 0;
  /// The lines of one sample, of a handle whose client sends at once. Returns whom to ask for a report when
  /// they could not go.
  virtual std::shared_ptr<client::ErrorReporter> send(std::string_view lines) noexcept = 0;
  /// A datagram of some thread is full, and that was asked for.
  virtual void take_full_datagrams() noexcept = 0;

 protected:
  ~Owner() = default;
};

/// Any thread.
class OwnerLink {
 public:
  /// With the flag that says whether a record has to wake the flusher.
  explicit OwnerLink(std::atomic<bool>& flusher_sleeps) noexcept : flusher_sleeps_{flusher_sleeps} {}

  /// The client comes and goes.
  void open(Owner& owner) noexcept {
    const std::lock_guard lock{mutex_};
    owner_ = &owner;
  }
  void close() noexcept {
    const std::lock_guard lock{mutex_};
    owner_ = nullptr;
    flusher_sleeps_ = false;
    is_closed_.store(true, std::memory_order_release);
  }
  bool is_closed() const noexcept { return is_closed_.load(std::memory_order_acquire); }

  void wake_sleeping_flusher() noexcept {
    if (!flusher_sleeps_.exchange(false)) return;
    const std::shared_lock lock{mutex_};
    if (owner_ != nullptr) owner_->wake();
  }

  /// To be called after a datagram was filled.
  void offer_full_datagrams() noexcept {
    if (wants_full_datagrams.load(std::memory_order_relaxed)) [[unlikely]] {
      tell_of_full_datagrams();
    }
  }

  void send(std::string_view lines) noexcept {
    std::shared_lock lock{mutex_};
    if (owner_ == nullptr) return;
    const std::shared_ptr<client::ErrorReporter> errors = owner_->send(lines);
    lock.unlock();  // the user's callback may use the client, or end it
    if (errors) errors->report();
  }

  /// In the child of a fork: threads that are gone may have held the lock.
  void after_fork_in_child() noexcept { std::construct_at(&mutex_); }

  /// Whether a thread that has filled a datagram has to say so.
  alignas(64) std::atomic<bool> wants_full_datagrams{false};

 private:
  /// Kept out of the calls, which are short and inlined.
  [[gnu::noinline, gnu::cold]] void tell_of_full_datagrams() noexcept {
    const std::shared_lock lock{mutex_};
    if (owner_ != nullptr) owner_->take_full_datagrams();
  }

  std::atomic<bool>& flusher_sleeps_;
  std::shared_mutex mutex_;  ///< Guards owner_ against its end; taken before the owner's own locks.
  Owner* owner_ = nullptr;
  std::atomic<bool> is_closed_{false};
};

}  // namespace statwire::aggregate
