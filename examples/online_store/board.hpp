#pragma once

// What the shop shows: the figures as they were last renewed, and those of the last day.

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "online_store/history.hpp"
#include "online_store/publisher.hpp"
#include "online_store/store_counter.hpp"

namespace online_store {

/// Threads: any.
class Board {
 public:
  /// `counter` outlives it.
  Board(StoreCounter& counter, Refresh refresh) : counter_{counter}, publisher_{refresh} {}

  /// What is shown at `now`. However often it is asked, the windows are looked at once in renewal_interval,
  /// or once in a minute of the shop's time if that is sooner.
  Figures show(statwire::EventTime now);
  static constexpr std::chrono::milliseconds renewal_interval{40};

  /// The page of the five figures and the counts; with Refresh::as_original as the original's.
  std::string page(statwire::EventTime now);

  /// The original's page on port 8012.
  std::string raw_page();

  EventCounts counts();
  std::deque<History::Sample> history();

 private:
  using Steady = std::chrono::steady_clock;

  StoreCounter& counter_;
  std::mutex mutex_;
  Publisher publisher_;
  History history_;
  Figures shown_;
  std::optional<Steady::time_point> renewed_;
  statwire::EventTime time_;  ///< Then.
};

}  // namespace online_store
