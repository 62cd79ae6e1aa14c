#pragma once

// Passes every packet on to other StatsD servers as it came, like the repeater of the reference daemon.

#include <cstddef>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/transport/endpoint.hpp"

namespace statwire::server::detail {

/// One thread at a time. Never waits: what a target does not take is lost to it.
class PacketRepeater {
 public:
  /// Errors: ClientError errc::invalid_option for what is no endpoint.
  explicit PacketRepeater(const std::vector<std::string>& endpoints) {
    for (const std::string& endpoint : endpoints) targets_.emplace_back(std::string_view{endpoint});
  }

  /// Returns how many packets a target did not take.
  std::size_t repeat(std::span<const std::string_view> packets) {
    std::size_t failures = 0;
    for (EndpointTransport& target : targets_) {
      const bool is_ready = target.ready();
      for (const std::string_view packet : packets) failures += !is_ready || target.send(packet) ? 1 : 0;
    }
    return failures;
  }

 private:
  std::list<EndpointTransport> targets_;  // they cannot move
};

}  // namespace statwire::server::detail
