#pragma once

// Sampling rates. A server multiplies a sampled value by 1/rate, and many cut the result off to an integer,
// so rates here are one in N with a whole N, and print so that such a server gets exactly N times the value.
// Sources: statsd_exporter pkg/line/line.go, telegraf plugins/inputs/statsd, vector src/sources/statsd.

#include <cmath>
#include <cstdint>

namespace statwire::protocol {

/// One in so many samples is sent; the nearest to what the user asked for. A rate that is none gives 0.
inline std::uint32_t one_in(double rate) noexcept {
  constexpr double rarest = 1e-9;
  if (rate == 1) return 1;
  if (!(rate >= rarest && rate < 1)) return 0;  // also for NaN
  return static_cast<std::uint32_t>(std::lround(1 / rate));
}

/// The rate to print for one in `n`: the double nearest to 1/n where a server that divides by it and cuts off
/// gets n back, else the next one below.
///
/// A double r = (1 + e)/n is right when e <= 2^-54: v/r then differs from v*n by less than half of the
/// distance to the double below v*n, and rounds to it. Above that, n = 93 would come back as 92.
inline double rate_of(std::uint64_t n) noexcept {
  const double count = static_cast<double>(n);
  const double rate = 1 / count;
  constexpr double two_to_minus_54 = 1.0 / 18014398509481984.0;
  return std::fma(rate, count, -1.0) <= two_to_minus_54 ? rate : std::nextafter(rate, 0.0);
}

}  // namespace statwire::protocol
