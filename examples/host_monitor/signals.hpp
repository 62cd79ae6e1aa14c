#pragma once

// The signals that end the program, taken where it waits: no handler ever runs.

#include <chrono>
#include <csignal>

namespace host_monitor {

class EndSignals {
 public:
  /// Blocks SIGINT, SIGTERM and SIGHUP, and SIGPIPE, whose write() then says so. Threads inherit this, so it
  /// comes before the first one.
  EndSignals();

  /// Waits until the time has come or a signal to end is there; returns whether it is a signal.
  bool wait_until(std::chrono::steady_clock::time_point time) const;

  /// From here on, a signal to end ends the program at once.
  void restore() const;

 private:
  sigset_t ending_;
};

}  // namespace host_monitor
