#pragma once

// What the shop's events come to: the windows of five minutes, of the hour and of the day, for one partition
// of the event log, or, merged, for all of them.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <statwire/windows.hpp>

#include "online_store/event.hpp"
#include "online_store/figures.hpp"

namespace online_store {

enum class Behaviour {
  right,       ///< Late events are dropped or allowed for; figures are what the windows hold.
  compatible,  ///< As the original: any event of another window empties the window, and the conversion is
               ///< that of the last order.
};

struct StoreOptions {
  Behaviour behaviour = Behaviour::right;
  std::chrono::milliseconds allowed_lateness{0};  ///< Not for Behaviour::compatible.
  std::size_t kept_windows = 1;                   ///< Of each length, beside the newest.
  statwire::DistinctLimits sessions{};            ///< In a window.
};

/// Of five minutes.
struct Visits {
  statwire::DistinctCount sessions{};
  statwire::Count orders{};

  void merge(const Visits& other);
  void clear() noexcept;
};

/// Of an hour.
struct Conversion {
  statwire::DistinctRatio sessions{};  ///< Hits are those that ordered.
  double at_last_order = 0;            ///< In percent.

  double percent() const noexcept;
  void merge(const Conversion& other);
  void clear() noexcept;
};

/// Of a day.
struct Baskets {
  statwire::Sum values{};
  double running_mean = 0;  ///< The mean with the original's rounding errors.

  void merge(const Baskets& other) noexcept;
  void clear() noexcept;
};

/// One thread at a time.
class StoreWindows {
 public:
  explicit StoreWindows(const StoreOptions& options = {});

  /// What is wrong with an event, whichever windows it belongs to; then it counts nowhere. An event that is
  /// too late for a window is counted by it, and may be in time for a longer one.
  std::optional<BadEvent> take(const Event& event);

  /// The windows that a time falls into, of one partition or of several.
  struct Slice {
    /// Together, partitions may have more sessions than each has room for.
    static constexpr statwire::DistinctLimits no_limits{.max_members = SIZE_MAX, .max_text_bytes = SIZE_MAX};

    Visits visits{.sessions = statwire::DistinctCount{no_limits}};
    Conversion conversion{.sessions = statwire::DistinctRatio{no_limits}};
    Baskets baskets{};

    Figures figures(Behaviour behaviour) const;
  };
  void add_to(Slice& slice, statwire::EventTime time) const;

  /// As they are at that time: of the windows that it falls into.
  Figures at(statwire::EventTime time) const;

  Behaviour behaviour() const noexcept { return behaviour_; }

  /// Of the last event that was taken; 0 before the first.
  std::int64_t last_message_time() const noexcept { return last_message_time_; }

  /// Joins what another partition came to.
  void merge(const StoreWindows& other);

  /// For those who save them, and go on from what was saved.
  struct State {
    statwire::WindowsSnapshot<Visits> visits{};
    statwire::WindowsSnapshot<Conversion> conversion{};
    statwire::WindowsSnapshot<Baskets> baskets{};
    std::int64_t last_message_time = 0;
  };
  State state() const;
  void restore(State state);

  /// Events that came too late for the windows of each length.
  struct LateCounts {
    std::uint64_t five_minutes = 0;
    std::uint64_t hour = 0;
    std::uint64_t day = 0;
  };
  LateCounts late() const noexcept { return {visits_.late(), conversion_.late(), baskets_.late()}; }

  /// Of the windows that are held, calls whose session found no room.
  std::uint64_t refused_sessions() const noexcept;

 private:
  Behaviour behaviour_;
  statwire::TumblingWindows<Visits> visits_;
  statwire::TumblingWindows<Conversion> conversion_;
  statwire::TumblingWindows<Baskets> baskets_;
  std::int64_t last_message_time_ = 0;
};

/// To two places, as Python rounds: what is exactly in the middle goes to the even digit.
double rounded(double value);

}  // namespace online_store
