#pragma once

// A StatsD server on a free loopback port that can tell when everything that was sent to it has arrived.

#include "host_monitor/input.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <statwire/server/statsd_server.hpp>

namespace host_monitor {

class EmbeddedStatsd {
 public:
  /// Starts the server; throws ClientError when that fails.
  EmbeddedStatsd();

  Endpoint endpoint() const;

  /// Waits until that many datagrams have arrived, a second at most, for a datagram can be lost; stops the
  /// server and returns what it saw.
  statwire::server::StatsdTotals finish(std::uint64_t datagrams);

 private:
  void count_datagram();

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::uint64_t datagrams_ = 0;
  statwire::server::StatsdServer server_;  ///< Last, so that it stops before what it calls is gone.
};

}  // namespace host_monitor
