#include "mesos_collector/table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

namespace mesos_collector {
namespace {

constexpr std::size_t columns = 6;
constexpr std::size_t text_columns = 2;  // in front; the numbers are aligned to the right
using Cells = std::array<std::string, columns>;

/// One column for each character of UTF-8, whatever it is.
std::string shown(std::string_view text) {
  constexpr std::size_t limit = 44;
  std::string out;
  for (const char c : text) {
    const bool is_inside_character = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (is_inside_character) continue;
    if (out.size() == limit) {
      out.back() = '~';
      break;
    }
    out += c >= ' ' && c <= '~' ? c : '?';
  }
  return out;
}

std::string shown(double value) {
  constexpr double longest = 1e9;
  std::array<char, 32> text;
  const char* const format = std::fabs(value) < longest ? "%.2f" : "%.2e";
  const int length = std::snprintf(text.data(), text.size(), format, value);
  return {text.data(), static_cast<std::size_t>(length)};
}

Cells cells_of(const Json& document) {
  constexpr double mebibyte = 1024 * 1024;
  const auto figure = [&](const char* name) { return shown(document.at(name).get<double>()); };
  return {shown(document.at("appname").get_ref<const std::string&>()),
          shown(document.at("host").get_ref<const std::string&>()),
          figure("cpu_pct"),
          document.contains("cpu_thr_pct") ? figure("cpu_thr_pct") : "-",
          figure("mem_pct"),
          shown(document.at("mem_bytes").get<double>() / mebibyte)};
}

std::vector<const Json*> largest(const std::vector<Json>& documents, std::size_t count) {
  std::vector<const Json*> sorted;
  for (const Json& document : documents) sorted.push_back(&document);
  const auto need = [](const Json* document) {
    return std::pair{document->at("cpu_pct").get<double>(), document->at("mem_pct").get<double>()};
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Json* a, const Json* b) { return need(a) > need(b); });
  sorted.resize(std::min(count, sorted.size()));
  return sorted;
}

std::vector<std::string> aligned(const std::vector<Cells>& table) {
  std::array<std::size_t, columns> widths{};
  for (const Cells& row : table) {
    for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::vector<std::string> lines;
  for (const Cells& row : table) {
    std::string& line = lines.emplace_back();
    for (std::size_t i = 0; i < columns; ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      if (i > 0) line += "  ";
      line += i < text_columns ? row[i] + padding : padding + row[i];
    }
  }
  return lines;
}

}  // namespace

std::vector<std::string> task_table(const std::vector<Json>& documents, std::size_t rows) {
  std::vector<Cells> table{{"application", "host", "cpu %", "throttled %", "memory %", "memory MiB"}};
  for (const Json* const document : largest(documents, rows)) table.push_back(cells_of(*document));
  std::vector<std::string> lines = aligned(table);
  if (documents.size() > rows)
    lines.push_back("... and " + std::to_string(documents.size() - rows) + " more");
  return lines;
}

}  // namespace mesos_collector
