#include "host_monitor/layout.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace host_monitor {
namespace {

constexpr std::array<std::string_view, 8> utf8_bars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 8> ascii_bars{"_", ".", "-", ":", "=", "+", "*", "#"};

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string_view cut_mark(Charset charset) {
  return charset == Charset::utf8 ? "…" : "~";
}

std::string format_number(double value, int decimals) {
  std::array<char, 352> text;  // the longest double has 309 digits before the point
  const int length = std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return {text.data(), static_cast<std::size_t>(length)};
}

struct Scale {
  double bottom;
  double top;
};

Scale scale_of(std::span<const std::optional<double>> values, Unit unit) {
  Scale range{INFINITY, -INFINITY};
  for (const std::optional<double>& value : values) {
    if (!value) continue;
    range = {std::min(range.bottom, *value), std::max(range.top, *value)};
  }
  if (unit == Unit::percent) return {0, 100};
  if (unit == Unit::bytes_per_second) return {0, range.top};
  return range;
}

}  // namespace

std::string format_value(double value, Unit unit) {
  if (unit == Unit::percent) return format_number(value, 1) + " %";
  constexpr std::array<std::string_view, 7> prefixes{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  constexpr double step = 1024;
  std::size_t prefix = 0;
  while (value >= step && prefix + 1 < prefixes.size()) {
    value /= step;
    ++prefix;
  }
  const bool is_rate = unit == Unit::bytes_per_second;
  const int decimals = prefix == 0 ? 0 : is_rate ? 1 : 2;
  return format_number(value, decimals) + ' ' + std::string{prefixes[prefix]} + (is_rate ? "B/s" : "B");
}

std::string format_milliseconds(double value) {
  return format_number(value, 2) + " ms";
}

std::string sparkline(std::span<const std::optional<double>> values, Unit unit, Charset charset) {
  const auto& bars = charset == Charset::utf8 ? utf8_bars : ascii_bars;
  const Scale scale = scale_of(values, unit);
  std::string line;
  for (const std::optional<double>& value : values) {
    if (!value) {
      line += ' ';
      continue;
    }
    const double share = scale.top > scale.bottom ? (*value - scale.bottom) / (scale.top - scale.bottom) : 0;
    const auto bar = static_cast<std::size_t>(share * static_cast<double>(bars.size()));
    line += bars[std::min(bar, bars.size() - 1)];
  }
  return line;
}

std::string row(std::initializer_list<Cell> cells) {
  std::string line;
  for (const Cell& cell : cells) {
    if (cell.width == 0) continue;
    if (!line.empty()) line += "  ";
    const std::size_t used = width_of(cell.text);
    const std::string padding(cell.width > used ? cell.width - used : 0, ' ');
    line += cell.align == Align::left ? cell.text + padding : padding + cell.text;
  }
  return line;
}

std::string cut(std::string_view text, std::size_t width, Charset charset) {
  if (width_of(text) <= width) return std::string{text};
  if (width == 0) return {};
  std::size_t columns = 0;
  const auto end = std::find_if(text.begin(), text.end(),
                                [&](char byte) { return begins_character(byte) && ++columns == width; });
  return std::string{text.begin(), end} + std::string{cut_mark(charset)};
}

std::string cut_front(std::string_view text, std::size_t width, Charset charset) {
  if (text.size() <= width) return std::string{text};
  if (width == 0) return {};
  return std::string{cut_mark(charset)} + std::string{text.substr(text.size() - width + 1)};
}

}  // namespace host_monitor
