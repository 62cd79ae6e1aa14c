#include "web_app/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

namespace web_app {
namespace {

std::string whole(double number) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%.0f", number);
  return {text, static_cast<std::size_t>(size)};
}

std::string milliseconds(double number) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%.3f", number);
  return {text, static_cast<std::size_t>(size)};
}

struct Row {
  std::string name;
  std::string cells[5];
};

/// The name to the left, the rest to the right of columns.
std::string text_of(const Row& row, std::size_t name_width) {
  constexpr std::size_t cell_width = 10;
  std::string text = row.name;
  text.resize(std::max(name_width, text.size()), ' ');
  for (const std::string& cell : row.cells) {
    text.append(cell.size() < cell_width ? cell_width - cell.size() : 1, ' ').append(cell);
  }
  return text;
}

/// What others wrote must neither move the cursor nor break the table.
std::string shown(std::string_view url) {
  constexpr std::size_t longest = 60;
  std::string text{url.substr(0, longest)};
  if (url.size() > longest) text.replace(longest - 3, 3, "...");
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  return text;
}

Row row_of(const std::string& name, const ControllerFigures& figures) {
  Row row{name, {whole(figures.requests), whole(figures.errors), "-", "-", "-"}};
  if (figures.timings.count() > 0) {
    row.cells[2] = milliseconds(figures.timings.percentile(0.5));
    row.cells[3] = milliseconds(figures.timings.percentile(0.9));
    row.cells[4] = milliseconds(figures.timings.percentile(0.99));
  }
  return row;
}

}  // namespace

std::vector<std::string> request_lines(const Figures& figures, const Urls& urls,
                                       std::chrono::duration<double> time) {
  std::vector<std::pair<std::string_view, const ControllerFigures*>> busiest_first;
  for (const auto& [hash, controller] : figures.controllers()) busiest_first.emplace_back(hash, &controller);
  std::stable_sort(busiest_first.begin(), busiest_first.end(), [](const auto& left, const auto& right) {
    return left.second->requests > right.second->requests;
  });
  std::vector<Row> rows{{"controller", {"requests", "errors", "p50 ms", "p90 ms", "p99 ms"}}};
  for (const auto& [hash, controller] : busiest_first) {
    const auto url = urls.find(hash);
    rows.push_back(row_of(url == urls.end() ? std::string{hash} : shown(url->second), *controller));
  }
  std::size_t width = 0;
  for (const Row& row : rows) width = std::max(width, row.name.size());
  std::vector<std::string> lines;
  for (const Row& row : rows) lines.push_back(text_of(row, width));

  const double total = figures.total_requests();
  std::string summary = "requests.total " + whole(total) + " in " + milliseconds(time.count()) + " s";
  if (time.count() > 0) summary += ", " + whole(total / time.count()) + " a second";
  lines.push_back(summary + "; percentiles are within 1 %");
  if (figures.dropped_values() != 0) {
    lines.push_back(std::to_string(figures.dropped_values()) + " values of more than " +
                    std::to_string(Figures::max_controllers) + " controllers are in requests.total only");
  }
  if (figures.bad_values() != 0) {
    lines.push_back(std::to_string(figures.bad_values()) + " values could not be read");
  }
  return lines;
}

std::vector<std::string> user_lines(const Figures& figures) {
  if (!figures.user_count() || !figures.active_users()) return {};
  return {"users.count " + whole(*figures.user_count()) + " (created " + whole(figures.created_users()) +
          "), users.active " + whole(*figures.active_users()) + " (logins less logouts " +
          whole(figures.logins()) + ")"};
}

std::string delivery_line(const statwire::DeliveryStats& sent) {
  std::string line = std::to_string(sent.sent) + " samples sent in " + std::to_string(sent.datagrams) +
                     " datagrams, " + std::to_string(sent.dropped()) + " dropped";
  const std::pair<const char*, std::uint64_t> reasons[]{
      {"invalid", sent.dropped_invalid},         {"oversize", sent.dropped_oversize},
      {"queue_full", sent.dropped_queue_full},   {"send", sent.dropped_send},
      {"unsupported", sent.dropped_unsupported}, {"series_limit", sent.dropped_series_limit}};
  if (sent.pending != 0) line += ", " + std::to_string(sent.pending) + " never sent";
  const char* separator = "; dropped as ";
  for (const auto& [reason, count] : reasons) {
    if (count == 0) continue;
    line += separator + std::string{reason} + ' ' + std::to_string(count);
    separator = ", ";
  }
  return line;
}

std::string delivery_line(const statwire::DeliveryStats& sent, std::uint64_t datagrams_received) {
  const std::uint64_t lost = sent.datagrams - std::min(sent.datagrams, datagrams_received);
  return delivery_line(sent) + ", " +
         (lost == 0 ? std::string{"none"} : std::to_string(lost) + " datagrams") + " lost on the way";
}

}  // namespace web_app
