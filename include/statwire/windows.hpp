#pragma once

// Tumbling windows over the time of events: each window begins at a multiple of its length since the epoch
// (UTC), and an event counts in the one that its own time falls into, whenever it is processed. For whoever
// reads a stream (Kafka, a log file) and wants figures for every five minutes, hour or day. What a window
// holds is a state of window_states.hpp, or one of your own. No I/O, no threads, no clock: the present is
// passed in.
//
//   statwire::TumblingWindows<statwire::DistinctCount> visitors{{.length = 5min}};
//   visitors.take(event.time, [&](statwire::DistinctCount& window) { window.insert(event.session); });
//   visitors.at(now).value();   // 0 when the window of `now` is still empty

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/window_states.hpp"

namespace statwire {

/// When something happened, in milliseconds since the epoch. Beyond 146 million years either way it is taken
/// as then.
using EventTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// What becomes of an event whose window has passed, since a newer event began the next.
class Late {
 public:
  /// It counts nowhere but in late(). The default.
  static const Late dropped_and_counted;

  /// The window before is open until an event is as much newer than its end. Costs the memory of the windows
  /// that are open at once.
  static constexpr Late allowed_for(std::chrono::milliseconds time) noexcept { return Late{time, false}; }

  /// There is one window, and any event of another, older or newer, empties it and begins again. Loses
  /// figures whenever events are out of order; for those who have to give the same numbers as a program that
  /// does so.
  static const Late resets_window;

  constexpr std::chrono::milliseconds allowed() const noexcept { return allowed_; }
  constexpr bool resets() const noexcept { return resets_; }
  friend constexpr bool operator==(const Late&, const Late&) = default;

 private:
  constexpr Late(std::chrono::milliseconds allowed, bool resets) noexcept
      : allowed_{allowed}, resets_{resets} {}

  std::chrono::milliseconds allowed_;
  bool resets_;
};

inline constexpr Late Late::dropped_and_counted{std::chrono::milliseconds{0}, false};
inline constexpr Late Late::resets_window{std::chrono::milliseconds{0}, true};

/// How long windows are, and what becomes of late events.
struct WindowOptions {
  std::chrono::milliseconds length = std::chrono::minutes{5};  ///< From 1 ms to 10,000 days.
  Late late = Late::dropped_and_counted;                       ///< For at most 10,000 times the length.
  std::size_t kept = 1;  ///< Windows that have passed and can still be read: 10,000 at most.
};

/// What a window holds: a value that can be emptied, and joined with another.
template <class State>
concept WindowState = std::copyable<State> && requires(State state, const State& other) {
  state.clear();
  state.merge(other);
};

/// One window and what it holds.
template <WindowState State>
struct Window {
  EventTime start;  ///< A multiple of the length; it ends, exclusively, where the next begins.
  State state;
};

/// Everything that windows hold, as a value: to show, to save, to go on from.
template <WindowState State>
struct WindowsSnapshot {
  std::vector<Window<State>> windows{};  ///< From the oldest to the newest.
  std::optional<EventTime> newest{};  ///< The newest event's time; with Late::resets_window the last one's.
  std::uint64_t late = 0;             ///< Events dropped.
};

/// One thread at a time. Memory: a state for each open window (one, and one for each length that late events
/// are allowed), and for each that is kept. An event costs a division and what is done with it, and allocates
/// nothing once the states have been as full before.
template <WindowState State>
class TumblingWindows {
 public:
  /// Every window begins as a copy of `empty`, which may hold limits. Throws
  /// ClientError(errc::invalid_option) that names an option out of range.
  explicit TumblingWindows(WindowOptions options = {}, State empty = State{})
      : options_{options}, empty_{std::move(empty)} {
    const auto length = options_.length.count();
    const auto allowed = options_.late.allowed().count();
    require(length >= 1 && options_.length <= longest, "length", length, "from 1 to 864000000000 ms");
    require(allowed >= 0 && allowed / length <= std::int64_t{most}, "late", allowed,
            "allowed for 0 to 10000 times the length");
    require(options_.kept <= most, "kept", options_.kept, "from 0 to 10000 windows");
    empty_.clear();
  }

  /// Calls `change(State&)` with the window that the time falls into. Returns false when the event is too
  /// late: it is counted in late(), and `change` is not called. A time far ahead makes everything after it
  /// late: check it against a clock before.
  template <std::invocable<State&> Change>
  bool take(EventTime time, Change&& change) {
    Window<State>* const window = find_to_change(clamped(time));
    if (window == nullptr) {
      ++data_.late;
      return false;
    }
    std::forward<Change>(change)(window->state);
    return true;
  }

  /// The window that `now` falls into; an empty one if no event has. So figures go back to zero when nothing
  /// comes, without an event that says so. Valid until the next call that changes anything.
  const State& at(EventTime now) const noexcept {
    const EventTime start = start_of(now);
    for (auto window = data_.windows.rbegin(); window != data_.windows.rend(); ++window) {
      if (window->start == start) return window->state;
    }
    return empty_;
  }

  EventTime start_of(EventTime time) const noexcept {
    const auto length = options_.length.count();
    const auto since_epoch = clamped(time).time_since_epoch().count();
    const auto into = since_epoch % length;
    return EventTime{std::chrono::milliseconds{since_epoch - into - (into < 0 ? length : 0)}};
  }

  std::uint64_t late() const noexcept { return data_.late; }

  const WindowsSnapshot<State>& snapshot() const noexcept { return data_; }

  /// Goes on from a snapshot of windows of the same length, in place of what was there. Throws
  /// ClientError(errc::invalid_option), and changes nothing, when windows begin elsewhere or two at once.
  void restore(WindowsSnapshot<State> snapshot) {
    std::sort(snapshot.windows.begin(), snapshot.windows.end(), is_before);
    const Window<State>* before = nullptr;
    for (const Window<State>& window : snapshot.windows) {
      const auto start = window.start.time_since_epoch().count();
      require(window.start == start_of(window.start), "the start of a window", start,
              "a multiple of the length");
      require(before == nullptr || before->start != window.start, "the start of two windows", start,
              "that of one");
      before = &window;
    }
    data_ = std::move(snapshot);
    forget_passed();
  }

  /// Joins what another part of the stream came to, as if its events had been taken here. Windows that only
  /// one of them has stay as they are, as long as they would be kept; with Late::resets_window the newer one
  /// stays. Both have to be of the same length.
  void merge(const TumblingWindows& other) {
    require(options_.length == other.options_.length, "length", other.options_.length.count(),
            "the same in windows that are merged");
    for (const Window<State>& window : other.data_.windows) {
      find_or_open(window.start).state.merge(window.state);
    }
    if (other.data_.newest)
      data_.newest = std::max(data_.newest.value_or(EventTime::min()), *other.data_.newest);
    data_.late += other.data_.late;
    forget_passed();
  }

 private:
  static constexpr std::chrono::milliseconds longest = std::chrono::days{10'000};
  static constexpr std::size_t most = 10'000;
  static constexpr EventTime farthest{std::chrono::milliseconds{std::int64_t{1} << 62}};

  static EventTime clamped(EventTime time) noexcept {
    return std::clamp(time, EventTime{-farthest.time_since_epoch()}, farthest);
  }

  static bool is_before(const Window<State>& left, const Window<State>& right) noexcept {
    return left.start < right.start;
  }

  template <class Value>
  static void require(bool is_legal, const char* what, Value value, const char* legal) {
    if (is_legal) return;
    detail::fail(make_error_code(errc::invalid_option),
                 "TumblingWindows: " + (what + (" is " + std::to_string(value))) + ", must be " + legal);
  }

  bool has_passed(EventTime start) const noexcept {
    return *data_.newest >= start + options_.length + options_.late.allowed();
  }

  /// Null when the event is too late.
  Window<State>* find_to_change(EventTime time) {
    const EventTime start = start_of(time);
    auto& windows = data_.windows;
    if (options_.late.resets()) {
      data_.newest = time;
      if (!windows.empty() && windows.back().start != start) {
        windows.back().start = start;
        windows.back().state.clear();
      }
      return &find_or_open(start);
    }
    if (!data_.newest || time > *data_.newest) data_.newest = time;
    if (!windows.empty() && windows.back().start == start) return &windows.back();
    if (has_passed(start)) return nullptr;
    find_or_open(start);
    forget_passed();
    return &find_or_open(start);
  }

  Window<State>& find_or_open(EventTime start) {
    auto& windows = data_.windows;
    const auto place =
        std::lower_bound(windows.begin(), windows.end(), start,
                         [](const Window<State>& window, EventTime time) { return window.start < time; });
    if (place != windows.end() && place->start == start) return *place;
    return *windows.insert(place, Window<State>{start, new_state()});
  }

  State new_state() {
    if (spares_.empty()) return empty_;
    State state = std::move(spares_.back());
    spares_.pop_back();
    return state;
  }

  void forget_passed() {
    auto& windows = data_.windows;
    if (!data_.newest) return;
    const std::size_t kept = options_.late.resets() ? 0 : options_.kept;
    std::size_t passed = 0;
    while (passed < windows.size() && has_passed(windows[passed].start)) ++passed;
    while (passed > kept) {
      if (spares_.empty()) {
        spares_.push_back(std::move(windows.front().state));
        spares_.back().clear();
      }
      windows.erase(windows.begin());
      --passed;
    }
  }

  WindowOptions options_;
  State empty_;
  WindowsSnapshot<State> data_;
  std::vector<State> spares_;  ///< One at most: its memory is for the next window.
};

}  // namespace statwire
