#pragma once

// When the figures on the page are renewed. No clock and no threads: the present is passed in.

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <statwire/windows.hpp>

#include "online_store/figures.hpp"

namespace online_store {

enum class Refresh {
  /// Visits and orders every five minutes, the conversion and the mean order by the hour, the day's total
  /// every
  /// half hour, all by the clock. Shown is the period that has ended: at 11:00 the conversion of the hour
  /// from
  /// 10:00, with what still comes of it. So a scraper that asks as often gets each period whole, and zero for
  /// one in which nothing happened.
  scheduled,
  /// The running window, as it is when asked.
  at_once,
  /// Everything every five minutes from the start on: the running window, as it was then.
  as_original,
};

/// One thread at a time.
class Publisher {
 public:
  explicit Publisher(Refresh refresh) : refresh_{refresh} {}

  Refresh how() const noexcept { return refresh_; }

  /// What the page shows at `now`. `read(time)` gives the figures of the windows that the time falls into.
  const Figures& refresh(statwire::EventTime now, const std::function<Figures(statwire::EventTime)>& read);

 private:
  void refresh_scheduled(statwire::EventTime now, const std::function<Figures(statwire::EventTime)>& read);

  Refresh refresh_;
  Figures shown_;
  std::optional<statwire::EventTime> due_;                                       ///< As the original.
  std::optional<statwire::EventTime> first_;                                     ///< When it was asked first.
  std::array<std::optional<statwire::EventTime>, figure_fields.size()> ends_{};  ///< Of the periods shown.
};

}  // namespace online_store
