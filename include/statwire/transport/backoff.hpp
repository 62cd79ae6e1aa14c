#pragma once

// When to try again: 100 milliseconds after the first failure, then after twice as long each time, up to five
// seconds. Used by the transports that reconnect.

#include <algorithm>
#include <chrono>

#include "statwire/transport/concepts.hpp"

namespace statwire::detail {

class Backoff {
 public:
  static constexpr std::chrono::milliseconds shortest{100};
  static constexpr std::chrono::milliseconds longest{5000};

  bool is_due(Deadline now) const noexcept { return now >= due_; }

  void failed(Deadline now) noexcept {
    due_ = now + pause_;
    pause_ = std::min(pause_ * 2, longest);
  }

  void succeeded() noexcept { pause_ = shortest; }

  void reset() noexcept { *this = {}; }

 private:
  Deadline due_ = Deadline::min();
  std::chrono::milliseconds pause_ = shortest;
};

}  // namespace statwire::detail
