#pragma once

// The decision about a sample that has a rate.

#include <cmath>
#include <cstdint>

#include "statwire/aggregate/cell.hpp"

namespace statwire::aggregate {

inline constexpr double two_to_minus_53 = 1.0 / 9007199254740992.0;

/// Whether this sample of one in `one_in` is kept. The number of samples to leave out is drawn once for each
/// that is kept (it is geometrically distributed), which costs a decrement for the others.
inline bool is_kept(Cell& cell, std::uint32_t one_in, std::uint64_t (*random)() noexcept) noexcept {
  if (one_in == 1) return true;
  // 0 is a cell that has not drawn yet; else 1 + the samples left to skip.
  const auto draw = [&] {
    // In (0, 1]; as below, small random numbers are those that keep.
    const double uniform = 1 - static_cast<double>(random() >> 11) * two_to_minus_53;
    return static_cast<std::uint64_t>(std::log(uniform) / std::log1p(-1.0 / one_in));
  };
  if (cell.skip == 0) cell.skip = 1 + draw();
  return --cell.skip == 0;
}

/// The same for a line, which has no cell: drawn for each sample.
inline bool is_kept_by_chance(std::uint32_t one_in, std::uint64_t (*random)() noexcept) noexcept {
  return static_cast<double>(random() >> 11) * two_to_minus_53 * one_in <= 1;
}

}  // namespace statwire::aggregate
