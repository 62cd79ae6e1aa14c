#include "online_store/board.hpp"

#include <chrono>
#include <cstdint>

#include "online_store/metrics_page.hpp"

namespace online_store {

using statwire::EventTime;

Figures Board::show(EventTime now) {
  const std::lock_guard lock{mutex_};
  const auto called = Steady::now();
  const bool is_of_now = renewed_ && called - *renewed_ < renewal_interval && now >= time_ &&
                         now - time_ < std::chrono::minutes{1};
  if (is_of_now) return shown_;
  renewed_ = called;
  time_ = now;
  shown_ = publisher_.refresh(now, [this](EventTime time) { return counter_.at(time); });
  history_.take(now, shown_);
  return shown_;
}

std::string Board::page(EventTime now) {
  const Figures figures = show(now);
  if (publisher_.how() == Refresh::as_original) return compatible_page(figures);
  return metrics_page(figures, counts());
}

std::string Board::raw_page() {
  const StoreCounter::Last last = counter_.last();
  return online_store::raw_page(last.figures, last.message_time);
}

EventCounts Board::counts() {
  return counter_.counts();
}

std::deque<History::Sample> Board::history() {
  const std::lock_guard lock{mutex_};
  return history_.samples();
}

}  // namespace online_store
