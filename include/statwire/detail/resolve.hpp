#pragma once

// Resolves host names. The system's resolver takes no deadline and cannot be cancelled, so a name is resolved
// on a thread of its own, which is left to itself when nobody waits for it any more. Addresses are taken as
// they are, without a thread. Used by udp.hpp and tcp_lines.hpp, which poll, and by tcp.hpp, which waits.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/error.hpp"

namespace statwire::detail {

template <class Protocol>
using Endpoints = std::vector<typename Protocol::endpoint>;

/// Finds the endpoints of a host, in order of preference, or sets the error; may block.
template <class Protocol>
using LookupFunction =
    std::function<Endpoints<Protocol>(const std::string& host, std::uint16_t port, std::error_code& ec)>;

/// Asks the system's resolver. `Protocol` is asio::ip::tcp or asio::ip::udp.
template <class Protocol>
Endpoints<Protocol> system_lookup(const std::string& host, std::uint16_t port, std::error_code& ec) {
  Endpoints<Protocol> found;
  std::error_code result;
  const std::error_code thrown = error_of([&] {
    asio::io_context io;
    typename Protocol::resolver resolver{io};
    for (const auto& entry :
         resolver.resolve(host, std::to_string(port), Protocol::resolver::numeric_service, result)) {
      found.push_back(entry.endpoint());
    }
  });
  ec = thrown ? thrown : standard(result);
  return found;
}

/// Returns the endpoint of an address (IPv4, or IPv6 without brackets, with a scope or without); nothing for
/// a name.
template <class Protocol>
std::optional<typename Protocol::endpoint> literal_endpoint(const std::string& host, std::uint16_t port) {
  std::error_code ec;
  const asio::ip::address address = asio::ip::make_address(host, ec);
  if (ec) return std::nullopt;
  return typename Protocol::endpoint{address, port};
}

/// A lookup on a detached thread, at most one at a time. Used by one thread at a time.
template <class Protocol>
class BackgroundLookup {
 public:
  struct Result {
    std::error_code ec{};
    Endpoints<Protocol> endpoints{};  ///< At least one when there is no error.
  };

  /// Forgets a lookup that is under way and starts another.
  void start(const LookupFunction<Protocol>& function, const std::string& host, std::uint16_t port) noexcept {
    abandon();
    const std::error_code ec = error_of([&] {
      state_ = std::make_shared<State>();
      std::thread{[state = state_, function, host, port] {
        Result result;
        result.endpoints = function(host, port, result.ec);
        if (!result.ec && result.endpoints.empty()) result.ec = asio::error::host_not_found;
        state->finish(std::move(result));
      }}.detach();
    });
    if (!ec) return;
    state_.reset();  // no thread will come to it, or there was no memory for it
    not_started_ = ec;
  }

  bool is_running() const noexcept { return state_ != nullptr || not_started_; }

  /// Takes the result of a lookup that has ended; never waits.
  std::optional<Result> poll() noexcept {
    if (not_started_) return Result{.ec = std::exchange(not_started_, {})};
    if (!state_) return std::nullopt;
    std::unique_lock lock{state_->mutex, std::try_to_lock};
    if (!lock || !state_->result) return std::nullopt;
    std::optional<Result> result = std::move(state_->result);
    lock.unlock();
    state_.reset();
    return result;
  }

  /// Waits until the lookup has ended; false when the deadline comes first.
  bool wait(std::chrono::steady_clock::time_point deadline) noexcept {
    if (!state_) return bool{not_started_};
    std::unique_lock lock{state_->mutex};
    return state_->finished.wait_until(lock, deadline, [&] { return state_->result.has_value(); });
  }

  /// Forgets the lookup. In the child of a fork, where its thread is missing, the state is not touched: that
  /// thread may have held the mutex, and its share keeps the state alive.
  void abandon() noexcept {
    state_.reset();
    not_started_.clear();
  }

 private:
  struct State {
    void finish(Result value) {
      const std::lock_guard lock{mutex};
      result = std::move(value);
      finished.notify_one();
    }

    std::mutex mutex;
    std::condition_variable finished;
    std::optional<Result> result;
  };

  std::shared_ptr<State> state_;
  std::error_code not_started_;  ///< No memory, or no thread.
};

/// Returns the endpoints of `host`, in the order of preference of the system; at least one, or an error. Sets
/// `ec` to errc::invalid_option for an empty host or port 0, to errc::timed_out, or to what the resolver
/// says. `Protocol` is asio::ip::tcp or asio::ip::udp.
template <class Protocol>
Endpoints<Protocol> resolve(const std::string& host, std::uint16_t port,
                            std::chrono::steady_clock::time_point deadline, std::error_code& ec) {
  ec.clear();
  if (host.empty() || port == 0) {
    ec = errc::invalid_option;
    return {};
  }
  if (const auto endpoint = literal_endpoint<Protocol>(host, port)) return {*endpoint};
  BackgroundLookup<Protocol> lookup;
  lookup.start(&system_lookup<Protocol>, host, port);
  lookup.wait(deadline);
  auto result = lookup.poll();
  if (!result) {
    ec = errc::timed_out;
    return {};
  }
  ec = result->ec;
  return std::move(result->endpoints);
}

}  // namespace statwire::detail
