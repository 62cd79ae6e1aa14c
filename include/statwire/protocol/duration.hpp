#pragma once

// Durations of any unit as the nanoseconds that a timing takes.

#include <chrono>

namespace statwire::protocol {

/// Whether a duration can be sent as a timing: not negative, below 292 years, a number.
template <class Rep, class Period>
constexpr bool is_timing(std::chrono::duration<Rep, Period> duration) noexcept {
  using FloatNanoseconds = std::chrono::duration<double, std::nano>;
  const double count = std::chrono::duration_cast<FloatNanoseconds>(duration).count();
  return count >= 0 && count < 9.2e18;  // false for NaN, too
}

/// Integer durations stay exact; those with a floating-point count are rounded to the nanosecond.
template <class Rep, class Period>
std::chrono::nanoseconds to_nanoseconds(std::chrono::duration<Rep, Period> duration) noexcept {
  if constexpr (std::chrono::treat_as_floating_point_v<Rep>) {
    return std::chrono::round<std::chrono::nanoseconds>(duration);
  } else {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(duration);
  }
}

}  // namespace statwire::protocol
