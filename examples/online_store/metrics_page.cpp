#include "online_store/metrics_page.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <statwire/protocol/prometheus_text.hpp>
#include <string_view>

namespace online_store {
namespace {

using namespace statwire::protocol;

/// As Python writes a float: always with a point or an exponent.
std::string python_number(double value) {
  constexpr double exponents_from = 1e16;
  char text[64];
  const bool is_long = std::abs(value) >= exponents_from;
  const auto written = std::to_chars(text, text + sizeof text, value,
                                     is_long ? std::chars_format::scientific : std::chars_format::fixed);
  std::string number{text, written.ptr};
  if (number.find_first_of(".e") == std::string::npos) number += ".0";
  return number;
}

void append_bare(std::string& page, std::string_view name, double value) {
  append_prometheus_family(page, name, PrometheusType::gauge, "");
  page.append(name).append(" ").append(python_number(value)).append("\n");
}

void append_count(std::string& page, std::string_view name, std::string_view label, std::string_view word,
                  std::uint64_t count) {
  std::string labels;
  if (!label.empty()) append_prometheus_label(labels, label, word);
  append_prometheus_sample(page, name, labels, static_cast<double>(count));
}

}  // namespace

std::string metrics_page(const Figures& figures, const EventCounts& counts) {
  std::string page;
  for (const FigureField& field : figure_fields) {
    append_prometheus_family(page, field.name, PrometheusType::gauge, field.help);
    append_prometheus_sample(page, field.name, {}, figures.*field.value);
  }
  constexpr std::string_view taken = "online_store_events_total";
  append_prometheus_family(page, taken, PrometheusType::counter, "Events that count");
  append_count(page, taken, {}, {}, counts.taken);
  constexpr std::string_view bad = "online_store_bad_events_total";
  append_prometheus_family(page, bad, PrometheusType::counter, "Events that do not count, by reason");
  for (std::size_t i = 0; i < all_bad_events.size(); ++i) {
    append_count(page, bad, "reason", word_of(all_bad_events[i]), counts.bad[i]);
  }
  constexpr std::string_view late = "online_store_late_events_total";
  append_prometheus_family(page, late, PrometheusType::counter,
                           "Events too late for a window, by its length");
  append_count(page, late, "window", "5m", counts.late.five_minutes);
  append_count(page, late, "window", "1h", counts.late.hour);
  append_count(page, late, "window", "1d", counts.late.day);
  constexpr std::string_view refused = "online_store_refused_sessions";
  append_prometheus_family(page, refused, PrometheusType::gauge,
                           "Visits in the windows that are open whose session found no room");
  append_count(page, refused, {}, {}, counts.refused_sessions);
  return page;
}

std::string compatible_page(const Figures& figures) {
  std::string page;
  for (const FigureField& field : figure_fields) append_bare(page, field.name, figures.*field.value);
  return page;
}

std::string raw_page(const Figures& figures, std::int64_t last_message_time) {
  std::string page;
  append_bare(page, "last_message_time", static_cast<double>(last_message_time));
  return page + compatible_page(figures);
}

}  // namespace online_store
