#pragma once

// A connection to a metrics server that comes back: when it is lost, puts fail at once until the next round
// connects anew.

#include "host_monitor/input.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <statwire/metrics.hpp>
#include <string>
#include <system_error>

namespace host_monitor {

/// One thread at a time.
class MetricsLink {
 public:
  /// Connects; throws ClientError when that fails.
  explicit MetricsLink(const Endpoint& endpoint);

  /// Connects again when the connection was lost.
  void begin_round();

  /// Puts one value; returns whether the server acknowledged it.
  bool put(const std::string& key, double value, std::int64_t second);

  /// Why the connection is lost; no error while it is not.
  std::error_code error() const noexcept { return error_; }

 private:
  /// Longer, and a server that hangs would hold up the rounds; a put is a matter of milliseconds.
  static constexpr std::chrono::milliseconds timeout{1000};

  Endpoint endpoint_;
  std::optional<statwire::MetricsClient<>> client_;
  std::error_code error_;
};

}  // namespace host_monitor
