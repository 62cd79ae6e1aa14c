#pragma once

// What the embedded servers share: an event loop that runs on a thread of its own (start) or on the caller's
// (run) and ends from any thread (stop). Everything that a server does with its sockets happens on that loop,
// without locks.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/error_of.hpp"

namespace statwire::server {

/// Runs a Listener, which is made anew by every start: `Listener(asio::io_context&, args...,
/// std::error_code&)` opens its sockets, `port()` says which port was taken, and its destructor closes
/// everything. Threads: stop() and port() from any, also from within the loop; start() and run() from the
/// owner.
template <class Listener>
class Service {
 public:
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service() { stop(); }

  /// Opens a listener and serves on a thread of its own. An exception that leaves the loop there ends the
  /// program, as that of any thread; a listener lets none out that it can lay to one client.
  template <class... Args>
  void start(std::error_code& ec, Args&&... args) {
    open(ec, std::forward<Args>(args)...);
    if (ec) return;
    const std::lock_guard joining{join_mutex_};
    if (thread_.joinable()) thread_.join();  // a loop that was stopped from within
    try {
      thread_ = std::thread{[this] { serve(); }};
    } catch (const std::system_error& error) {  // no threads left
      ec = error.code();
      close();
    }
  }

  /// Opens a listener and serves on this thread until stop(). A stop() that comes before the listener is open
  /// has nothing to stop. An exception that leaves the loop closes everything and is passed on.
  template <class... Args>
  void run(std::error_code& ec, Args&&... args) {
    open(ec, std::forward<Args>(args)...);
    if (!ec) serve();
  }

  /// Ends the loop; when start() made its thread, returns once that has closed everything.
  void stop() {
    if (loop_thread_.load() == std::this_thread::get_id()) {
      // It cannot wait for itself, nor for the mutex, which it holds while the listener ends and calls back.
      if (loop_) loop_->io.stop();
      return;
    }
    {
      const std::lock_guard lock{mutex_};
      if (loop_) loop_->io.stop();
    }
    const std::lock_guard joining{join_mutex_};
    if (thread_.joinable()) thread_.join();
  }

  std::uint16_t port() const noexcept { return port_.load(std::memory_order_relaxed); }

 private:
  struct Loop {
    template <class... Args>
    explicit Loop(std::error_code& ec, Args&&... args) : listener{io, std::forward<Args>(args)..., ec} {}

    asio::io_context io{1};
    Listener listener;
  };

  template <class... Args>
  void open(std::error_code& ec, Args&&... args) {
    ec.clear();
    const std::lock_guard lock{mutex_};
    if (loop_) {
      ec = std::make_error_code(std::errc::operation_in_progress);
      return;
    }
    try {
      auto loop = std::make_unique<Loop>(ec, std::forward<Args>(args)...);
      port_.store(loop->listener.port(), std::memory_order_relaxed);
      if (!ec) loop_ = std::move(loop);
    } catch (const std::system_error& error) {  // the event loop takes descriptors
      ec = error.code();
    }
    ec = statwire::detail::standard(ec);
  }

  void serve() {
    /// However the loop ends, the service can be started again.
    struct AtEnd {
      explicit AtEnd(Service& owner) : service{owner} {
        service.loop_thread_.store(std::this_thread::get_id());
      }
      AtEnd(const AtEnd&) = delete;
      AtEnd& operator=(const AtEnd&) = delete;
      ~AtEnd() {
        service.close();
        auto this_thread = std::this_thread::get_id();  // unless another loop has begun meanwhile
        service.loop_thread_.compare_exchange_strong(this_thread, {});
      }

      Service& service;
    };
    const AtEnd closing{*this};
    loop_->io.run();
  }

  /// Ends the loop, and with it every socket and every operation under way.
  void close() {
    const std::lock_guard lock{mutex_};
    loop_.reset();
  }

  std::mutex mutex_;  ///< Guards the pointer to the loop, not the loop.
  std::unique_ptr<Loop> loop_;
  std::atomic<std::uint16_t> port_{0};
  std::atomic<std::thread::id> loop_thread_{};
  std::mutex join_mutex_;  ///< Guards the thread object.
  std::thread thread_;
};

}  // namespace statwire::server
