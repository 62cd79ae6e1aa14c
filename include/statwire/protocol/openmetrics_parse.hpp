#pragma once

// Reads a page of OpenMetrics 1.0.0. How a line is spelled is read strictly, as the format has one spelling;
// the order of the lines, and what the types ask of their samples, is left to those who write (see
// openmetrics_rules.hpp). Source: OpenMetrics 1.0.0, "ABNF"; accepts what Python's prometheus_client accepts.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/protocol/prometheus_parse.hpp"
#include "statwire/protocol/prometheus_scan.hpp"

namespace statwire::protocol {

/// Reads a time in seconds, to the nearest millisecond. Digits and a point are read digit by digit, as a
/// double has too few; nothing for what is no finite number, or too large.
inline std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text) noexcept {
  constexpr std::uint64_t milliseconds_per_second = 1000;
  constexpr std::size_t decimals = 3;
  constexpr std::string_view digits = "0123456789";
  const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(sign, point - std::min(sign, point));
  const std::string_view fraction = text.substr(std::min(point + 1, text.size()));
  const auto all_digits = [&](std::string_view part) {
    return part.find_first_not_of(digits) == std::string_view::npos;
  };
  constexpr std::size_t max_digits = 16;  // of 2^63 milliseconds
  if (whole.empty() || whole.size() > max_digits || !all_digits(whole) || !all_digits(fraction)) {
    const auto seconds = parse_prometheus_number(text);
    return seconds ? round_to_milliseconds(*seconds * double{milliseconds_per_second}) : std::nullopt;
  }
  std::int64_t seconds = 0;
  read_integer(whole.data(), whole.data() + whole.size(), seconds);
  std::uint64_t milliseconds = static_cast<std::uint64_t>(seconds) * milliseconds_per_second;
  std::uint64_t unit = milliseconds_per_second / 10;
  for (std::size_t i = 0; i < fraction.size() && unit != 0; ++i, unit /= 10) {
    milliseconds += unit * static_cast<std::uint64_t>(fraction[i] - '0');
  }
  if (fraction.size() > decimals && fraction[decimals] >= '5') ++milliseconds;
  const bool is_negative = text.starts_with('-');
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (milliseconds > limit + (is_negative ? 1 : 0)) return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::int64_t>(is_negative ? ~milliseconds + 1 : milliseconds)};
}

/// Reads one page.
class OpenmetricsReader {
 public:
  explicit OpenmetricsReader(std::string_view page) noexcept : scan_{page} {}

  /// Returns nothing when the page is none; error() says why.
  std::optional<std::vector<PrometheusFamily>> read() {
    bool is_complete = false;
    while (scan_.next_line()) {
      if (is_complete) {
        scan_.fail(scan_.rest, "nothing after '# EOF'");
        return std::nullopt;
      }
      is_complete = scan_.rest == "# EOF";
      if (is_complete) continue;
      if (!(scan_.rest.starts_with('#') ? read_metadata() : read_sample())) return std::nullopt;
    }
    if (!is_complete) {
      scan_.fail("", "'# EOF' as the last line; the page is not whole");
      return std::nullopt;
    }
    return table_.take();
  }

  const PrometheusError& error() const noexcept { return scan_.error(); }

 private:
  static constexpr std::string_view time_form =
      "one blank and a time in seconds, ' # {' and an exemplar, or the end of the line";

  bool read_metadata() {
    const std::string_view line = scan_.rest;
    const std::string_view hash = take_until(scan_.rest, ' ');
    const std::string_view keyword = take_until(scan_.rest, ' ');
    const std::string_view name = take_until(scan_.rest, ' ');
    const bool has_text = scan_.rest.data() != nullptr;
    if (hash != "#" || !has_text || (keyword != "HELP" && keyword != "TYPE" && keyword != "UNIT")) {
      return scan_.fail(line, "'# HELP name text', '# TYPE name type', '# UNIT name unit' or '# EOF'");
    }
    if (!is_prometheus_name(name, Colons::legal)) return scan_.fail(name, prometheus_name_form);
    PrometheusFamily& family = table_.family(name);
    if (keyword == "HELP") {
      family.help = scan_.take_help(detail::Quotes::escaped);
    } else if (keyword == "UNIT") {
      family.unit = scan_.take_help(detail::Quotes::escaped);
    } else {
      const auto type = parse_prometheus_type(scan_.rest);
      if (!type) return scan_.fail(scan_.rest, prometheus_type_form);
      family.type = *type;
    }
    return true;
  }

  bool read_sample() {
    const std::string_view begin = scan_.rest;
    const std::string_view name = scan_.take_name(Colons::legal);
    if (name.empty()) return scan_.fail(begin, prometheus_name_form);
    PrometheusSample sample;
    sample.name = name;
    if (scan_.rest.starts_with('{') && !scan_.take_labels(sample.labels, Spelling::strict)) return false;
    if (!take_number(sample.value)) return false;
    if (!scan_.rest.empty() && !scan_.rest.starts_with(" # ")) {
      scan_.rest.remove_prefix(1);
      if (!take_time(sample.timestamp)) return false;
    }
    if (!scan_.rest.empty() && !read_exemplar(sample.exemplar.emplace())) return false;
    table_.owner(name).samples.push_back(std::move(sample));
    return true;
  }

  /// Takes what stands before the next blank, and leaves that.
  std::string_view take_token() noexcept {
    const std::size_t size = std::min(scan_.rest.find(' '), scan_.rest.size());
    const std::string_view token = scan_.rest.substr(0, size);
    scan_.rest.remove_prefix(size);
    return token;
  }

  bool take_number(double& value) {
    if (!scan_.skip(' ')) return scan_.fail(scan_.rest, "one blank and a value");
    const std::string_view token = take_token();
    const auto number = parse_prometheus_number(token);
    if (!number) return scan_.fail(token, prometheus_number_form);
    value = *number;
    return true;
  }

  bool take_time(std::optional<std::chrono::milliseconds>& time) {
    const std::string_view token = take_token();
    time = parse_seconds(token);
    return time.has_value() || scan_.fail(token, time_form);
  }

  bool read_exemplar(PrometheusExemplar& exemplar) {
    if (!scan_.rest.starts_with(" # {")) return scan_.fail(scan_.rest, time_form);
    scan_.rest.remove_prefix(3);
    if (!scan_.take_labels(exemplar.labels, Spelling::strict)) return false;
    if (!take_number(exemplar.value)) return false;
    if (scan_.skip(' ') && !take_time(exemplar.timestamp)) return false;
    return scan_.rest.empty() || scan_.fail(scan_.rest, "the end of the line after an exemplar");
  }

  PrometheusScan scan_;
  PrometheusTable table_{PrometheusFormat::openmetrics};
};

}  // namespace statwire::protocol
