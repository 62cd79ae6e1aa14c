#pragma once

// The figures of the last day, for the live page.

#include <deque>
#include <statwire/windows.hpp>

#include "online_store/figures.hpp"

namespace online_store {

/// One thread at a time.
class History {
 public:
  struct Sample {
    statwire::EventTime time;  ///< When it was shown, at the latest.
    Figures figures;
  };

  /// Takes what is shown now: one sample for each five minutes, the last of them. When time goes back by
  /// more than that, it begins anew.
  void take(statwire::EventTime now, const Figures& figures);

  /// From the oldest to the newest.
  const std::deque<Sample>& samples() const noexcept { return samples_; }

 private:
  std::deque<Sample> samples_;
};

}  // namespace online_store
