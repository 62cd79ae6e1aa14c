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

/// What the thread that resolves leaves behind for the one that waits.
template <class Protocol>
struct Lookup {
  void run(const std::string& host, std::uint16_t port) {
    std::error_code result;
    std::vector<typename Protocol::endpoint> found;
    try {
      asio::io_context io;
      typename Protocol::resolver resolver{io};
      for (const auto& entry :
           resolver.resolve(host, std::to_string(port), Protocol::resolver::numeric_service, result)) {
        found.push_back(entry.endpoint());
      }
    } catch (const std::system_error& error) {  // no descriptors left
      result = error.code();
    } catch (const std::bad_alloc&) {
      result = std::make_error_code(std::errc::not_enough_memory);
    }
    const std::lock_guard lock{mutex};
    ec = standard(result);
    endpoints = std::move(found);
    is_finished = true;
    finished.notify_one();
  }

  std::mutex mutex;
  std::condition_variable finished;
  bool is_finished = false;
  std::error_code ec;
  std::vector<typename Protocol::endpoint> endpoints;
};

/// Returns the endpoints of `host`, in the order of preference of the system; at least one, or an error. Sets
/// `ec` to errc::invalid_option for an empty host or port 0, to errc::timed_out, or to what the resolver
/// says. `Protocol` is asio::ip::tcp or asio::ip::udp.
template <class Protocol>
std::vector<typename Protocol::endpoint> resolve(const std::string& host, std::uint16_t port,
                                                 std::chrono::steady_clock::time_point deadline,
                                                 std::error_code& ec) {
  if (host.empty() || port == 0) {
    ec = errc::invalid_option;
    return {};
  }
  if (const asio::ip::address address = asio::ip::make_address(host, ec); !ec) return {{address, port}};
  ec.clear();
  const auto lookup = std::make_shared<Lookup<Protocol>>();
  try {
    std::thread{[lookup, host, port] { lookup->run(host, port); }}.detach();
  } catch (const std::system_error& error) {  // no threads left
    ec = error.code();
    return {};
  }
  std::unique_lock lock{lookup->mutex};
  if (!lookup->finished.wait_until(lock, deadline, [&] { return lookup->is_finished; })) {
    ec = errc::timed_out;
    return {};
  }
  ec = lookup->ec;
  return lookup->endpoints;
}

}  // namespace statwire::detail
