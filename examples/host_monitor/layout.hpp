#pragma once

// Text in columns: values with their units, sparklines, rows and cutting. Every character that occurs here is
// one column wide.

#include "host_monitor/series.hpp"

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace host_monitor {

enum class Charset { ascii, utf8 };

/// `23.4 %`, `5.21 GiB`, `1.3 MiB/s`.
std::string format_value(double value, Unit unit);

/// `0.31 ms`.
std::string format_milliseconds(double value);

/// A bar for each value, a blank where there is none. A percentage is drawn against 100, a rate against the
/// largest, and a level, whose changes are small beside it, between the smallest and the largest.
std::string sparkline(std::span<const std::optional<double>> values, Unit unit, Charset charset);

enum class Align { left, right };

struct Cell {
  std::string text;
  std::size_t width;  ///< 0 leaves the cell out.
  Align align = Align::right;
};

/// The cells with two blanks between them. A text that is wider than its cell is not cut.
std::string row(std::initializer_list<Cell> cells);

/// Cuts the end of a text that is wider, and shows that it did; never within a character.
std::string cut(std::string_view text, std::size_t width, Charset charset);

/// Cuts the beginning of an ASCII text that is wider, and shows that it did.
std::string cut_front(std::string_view text, std::size_t width, Charset charset);

}  // namespace host_monitor
