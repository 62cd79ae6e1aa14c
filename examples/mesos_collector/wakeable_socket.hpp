#pragma once

// A TCP socket for a library that waits in it for as long as it likes: other threads can wake its thread, and
// end whatever it waits for.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <statwire/detail/asio.hpp>
#include <statwire/transport/concepts.hpp>
#include <string>
#include <system_error>

namespace mesos_collector {

/// One thread uses it; wake() and interrupt() are for the others.
class WakeableSocket {
 public:
  /// Throws std::system_error when the process may open no more descriptors.
  WakeableSocket();
  WakeableSocket(const WakeableSocket&) = delete;
  WakeableSocket& operator=(const WakeableSocket&) = delete;
  ~WakeableSocket();

  /// Resolves the host and connects to the first of its addresses that answers, each of which may take its
  /// share of the time that is left. The socket does not block.
  std::error_code connect(const std::string& host, std::uint16_t port, statwire::Deadline deadline);

  /// Another descriptor of the connected socket, for the caller to close; -1 and an error when there is none.
  int duplicate(std::error_code& ec) const;

  /// Returns when something can be read, an end of the connection included, or after a wake().
  void wait(statwire::Deadline deadline);

  void close();

  /// Has the wait that is under way, or the next one, return. Any thread.
  void wake();

  /// Ends the connection for good, whoever waits for it and in whichever call; no other comes about. Any
  /// thread.
  void interrupt();

 private:
  std::error_code try_connect(const asio::ip::tcp::endpoint& endpoint, statwire::Deadline deadline);
  void replace(int descriptor);

  const int wakings_;
  std::atomic<bool> is_interrupted_{false};
  std::mutex mutex_;     ///< Of changes of descriptor_, and its use by others.
  int descriptor_ = -1;  ///< Stays open while others shut it down: they reach no other file by its number.
};

}  // namespace mesos_collector
