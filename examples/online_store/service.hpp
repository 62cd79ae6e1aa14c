#pragma once

// The shop's figures as a service: events in, pages, API and StatsD out.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "online_store/options.hpp"

namespace online_store {

/// Runs for as long as it lives. Threads: those of its own, and one that calls it.
class Service {
 public:
  /// Listens, and begins to read events. `say` and `complain` get lines for the log, also from other threads.
  /// Throws std::runtime_error that says what cannot be done.
  Service(const Options& options, std::function<void(const std::string&)> say,
          std::function<void(const std::string&)> complain);

  ~Service();

  /// Takes part in the group no longer; what was counted is kept where it is to be. Throws what went wrong
  /// with that. To be called once, at the end, when all is well.
  void stop();

  /// Renews the figures, and sends them to StatsD. To be called again after tick_interval(). Throws what
  /// ended the reading of events.
  void tick();

  std::chrono::milliseconds tick_interval() const;

  /// What became of the events, in a few words.
  std::string summary();

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace online_store
