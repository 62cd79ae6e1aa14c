#include "online_store/report.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <statwire/protocol/number.hpp>
#include <string_view>

namespace online_store {
namespace {

std::string number(double value) {
  char text[statwire::protocol::max_number_chars];
  return {text, statwire::protocol::write_float(text, value, statwire::protocol::WholeNumbers::plain)};
}

void append_part(std::string& list, std::uint64_t count, std::string_view what) {
  if (count == 0) return;
  if (!list.empty()) list += ", ";
  list.append(std::to_string(count)).append(" ").append(what);
}

}  // namespace

std::string figures_line(statwire::EventTime now, const Figures& figures) {
  const auto since_midnight = now - std::chrono::floor<std::chrono::days>(now);
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::minutes>(since_midnight)};
  char clock[16];
  std::snprintf(clock, sizeof clock, "%02d:%02d", static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()));
  return std::string{clock} + " users " + number(figures.users_count) + ", orders " +
         number(figures.orders_count) + ", conversion " + number(figures.conversion) + " %, mean order " +
         number(figures.aov) + ", total " + number(figures.tov);
}

std::string counts_line(const EventCounts& counts) {
  std::string line = std::to_string(counts.taken) + " events counted";
  std::string bad;
  for (std::size_t i = 0; i < all_bad_events.size(); ++i) {
    append_part(bad, counts.bad[i], word_of(all_bad_events[i]));
  }
  if (!bad.empty()) line += "; bad: " + bad;
  std::string late;
  append_part(late, counts.late.five_minutes, "for 5 minutes");
  append_part(late, counts.late.hour, "for the hour");
  append_part(late, counts.late.day, "for the day");
  if (!late.empty()) line += "; too late: " + late;
  if (counts.refused_sessions != 0) {
    line += "; " + std::to_string(counts.refused_sessions) + " visits found no room for their session";
  }
  return line;
}

}  // namespace online_store
