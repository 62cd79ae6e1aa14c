#pragma once

// When to try again: after a pause that doubles with each failure, from 100 milliseconds up to five seconds
// unless told otherwise. Used by whatever reconnects.

#include <algorithm>
#include <chrono>
#include <utility>

#include "statwire/transport/concepts.hpp"

namespace statwire::detail {

class Backoff {
 public:
  Backoff() = default;
  Backoff(std::chrono::milliseconds shortest, std::chrono::milliseconds longest) noexcept
      : shortest_{shortest}, longest_{std::max(shortest, longest)} {}

  bool is_due(Deadline now) const noexcept { return now >= due_; }

  void failed(Deadline now) noexcept { due_ = now + next_pause(); }

  /// How long to wait after another failure.
  std::chrono::milliseconds next_pause() noexcept {
    return std::exchange(pause_, pause_ > longest_ / 2 ? longest_ : pause_ * 2);
  }

  void succeeded() noexcept { pause_ = shortest_; }

  void reset() noexcept {
    due_ = Deadline::min();
    succeeded();
  }

 private:
  std::chrono::milliseconds shortest_{100};
  std::chrono::milliseconds longest_{5000};
  std::chrono::milliseconds pause_ = shortest_;
  Deadline due_ = Deadline::min();
};

}  // namespace statwire::detail
