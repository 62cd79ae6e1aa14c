#pragma once

// What a store of time series holds, as the tests compare it with what was sent there.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace statwire::test {

/// Values by time, by name of the series.
using Points = std::map<std::string, std::map<std::int64_t, double>>;

inline std::size_t count(const Points& points) {
  std::size_t count = 0;
  for (const auto& [name, values] : points) count += values.size();
  return count;
}

}  // namespace statwire::test
