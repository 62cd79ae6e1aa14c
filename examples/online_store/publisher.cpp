#include "online_store/publisher.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace online_store {
namespace {

using namespace std::chrono_literals;
using statwire::EventTime;

struct Schedule {
  std::chrono::milliseconds period;
  bool is_window;  ///< A window as long as the period: once it has ended, only late events change it.
};

/// Of each of figure_fields.
constexpr Schedule schedules[figure_fields.size()]{
    {5min, true}, {5min, true}, {1h, true}, {1h, false}, {30min, false}};

/// How long a figure of a window that goes on is renewed after its time: what was sent until then has come.
constexpr std::chrono::milliseconds settling_time = 1min;

constexpr std::chrono::milliseconds period_of_original = 5min;

}  // namespace

const Figures& Publisher::refresh(EventTime now, const std::function<Figures(EventTime)>& read) {
  switch (refresh_) {
    case Refresh::at_once:
      shown_ = read(now);
      break;
    case Refresh::as_original:
      if (!due_ || now >= *due_ || now < *due_ - period_of_original) {  // or the clock was set back
        shown_ = read(now);
        // By its own start, whenever it is looked at.
        due_ = due_ && now >= *due_ ? *due_ + (now - *due_) / period_of_original * period_of_original : now;
        *due_ += period_of_original;
      }
      break;
    case Refresh::scheduled:
      refresh_scheduled(now, read);
      break;
  }
  return shown_;
}

void Publisher::refresh_scheduled(EventTime now, const std::function<Figures(EventTime)>& read) {
  if (!first_) first_ = now;
  std::optional<std::pair<EventTime, Figures>> last;  // several figures are of one time
  for (std::size_t i = 0; i < figure_fields.size(); ++i) {
    const auto [period, is_window] = schedules[i];
    const EventTime end{now.time_since_epoch() / period * period};
    const bool is_settled = ends_[i] == end && now >= std::max(end, *first_) + settling_time;
    if (is_settled && !is_window) continue;
    if (!last || last->first != end) last = {end, read(end - 1ms)};
    shown_.*figure_fields[i].value = last->second.*figure_fields[i].value;
    ends_[i] = end;
  }
}

}  // namespace online_store
