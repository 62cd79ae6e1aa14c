#pragma once

// Resolves a host name by a deadline. The system's resolver takes none and cannot be cancelled, so a name is
// resolved on a thread of its own, which is left to itself when it is late. Addresses are taken as they are,
// without a thread.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/error.hpp"

namespace statwire::detail {

/// Returns the endpoints of `host`, in the order of preference of the system. Sets `ec` to errc::timed_out or
/// to what the resolver says. `Protocol` is asio::ip::tcp or asio::ip::udp.
template <class Protocol>
std::vector<typename Protocol::endpoint> resolve(const std::string& host, std::uint16_t port,
                                                 std::chrono::steady_clock::time_point deadline,
                                                 std::error_code& ec) {
  using Endpoint = typename Protocol::endpoint;
  if (const asio::ip::address address = asio::ip::make_address(host, ec); !ec)
    return {Endpoint{address, port}};
  ec.clear();

  struct Lookup {
    std::mutex mutex;
    std::condition_variable finished;
    bool is_finished = false;
    std::error_code ec;
    std::vector<Endpoint> endpoints;
  };
  const auto lookup = std::make_shared<Lookup>();
  std::thread{[lookup, host, port] {
    asio::io_context io;
    typename Protocol::resolver resolver{io};
    std::error_code result;
    const auto found =
        resolver.resolve(host, std::to_string(port), Protocol::resolver::numeric_service, result);
    const std::lock_guard lock{lookup->mutex};
    lookup->ec = result;
    for (const auto& entry : found) lookup->endpoints.push_back(entry.endpoint());
    lookup->is_finished = true;
    lookup->finished.notify_one();
  }}.detach();

  std::unique_lock lock{lookup->mutex};
  if (!lookup->finished.wait_until(lock, deadline, [&] { return lookup->is_finished; })) {
    ec = errc::timed_out;
    return {};
  }
  ec = lookup->ec;
  return lookup->endpoints;
}

}  // namespace statwire::detail
