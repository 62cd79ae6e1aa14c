#pragma once

// What is measured: the five figures of a host, in the order in which they are shown.

#include <array>
#include <string_view>

namespace host_monitor {

enum class Unit { percent, bytes, bytes_per_second };

struct Figure {
  std::string_view name;  ///< Its metric is `<host>.<name>`.
  Unit unit;
};

inline constexpr std::array<Figure, 5> figures{{
    {"cpu", Unit::percent},
    {"memory.used", Unit::bytes},
    {"disk.used", Unit::bytes},
    {"network.rx", Unit::bytes_per_second},
    {"network.tx", Unit::bytes_per_second},
}};

/// One value for each of `figures`.
using Readings = std::array<double, figures.size()>;

}  // namespace host_monitor
