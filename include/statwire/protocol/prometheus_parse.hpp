#pragma once

// Reads a page of Prometheus' own text, 0.0.4, and takes what either of its two readers takes: promtool,
// whose rules are the stricter ones in most places, and Python's prometheus_client. Where they differ and
// both readings cannot hold, promtool's does. What Python passes over without a word is refused all the same,
// as it would lose data: text between a value and its time, labels without value, a label twice, names that
// are none, times that are not finite or do not fit into 64 bits; so are blanks and digits that are not
// ASCII.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/protocol/prometheus_scan.hpp"

namespace statwire::protocol {

/// Reads a number as parse_prometheus_number() does, or with `_` between its digits, as Python does.
inline std::optional<double> parse_loose_number(std::string_view text) {
  if (text.find('_') == std::string_view::npos) return parse_prometheus_number(text);
  const auto is_digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      digits += text[i];
    } else if (i == 0 || !is_digit(i - 1) || !is_digit(i + 1)) {
      return std::nullopt;
    }
  }
  return parse_prometheus_number(digits);
}

/// Rounds a time to whole milliseconds; nothing when they do not fit into 64 bits.
inline std::optional<std::chrono::milliseconds> round_to_milliseconds(double milliseconds) noexcept {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  const double rounded = std::round(milliseconds);
  if (!(rounded >= -limit && rounded < limit)) return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::int64_t>(rounded)};
}

/// Reads one page.
class PrometheusReader {
 public:
  explicit PrometheusReader(std::string_view page) noexcept : scan_{page} {}

  /// Returns nothing when the page is none; error() says why.
  std::optional<std::vector<PrometheusFamily>> read() {
    while (scan_.next_line()) {
      scan_.rest = without_returns(scan_.rest);
      scan_.skip_blanks();
      if (scan_.rest.empty()) continue;
      if (!(scan_.skip('#') ? read_comment() : read_sample())) return std::nullopt;
    }
    return table_.take();
  }

  const PrometheusError& error() const noexcept { return scan_.error(); }

 private:
  /// Without the `\r` that lines of some systems end with.
  static std::string_view without_returns(std::string_view line) noexcept {
    while (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  void skip_spaces() noexcept {
    while (scan_.skip(' ') || scan_.skip('\t')) {
    }
  }

  bool read_comment() {
    skip_spaces();
    const std::string_view keyword = scan_.take_word();
    if (keyword != "HELP" && keyword != "TYPE") return true;
    skip_spaces();
    const std::string_view name = scan_.take_word();
    if (name.empty()) return true;
    if (!is_prometheus_name(name, Colons::legal)) return scan_.fail(name, prometheus_name_form);
    PrometheusFamily& family = table_.family(name);
    skip_spaces();
    if (keyword == "HELP") {
      family.help = scan_.take_help(detail::Quotes::as_they_are);
      return true;
    }
    const std::string_view word = trim(scan_.rest);
    if (word.empty()) return true;
    std::string lower{word.substr(0, 20)};  // longer than any
    std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
    const auto type = parse_prometheus_type(lower);
    if (!type) return scan_.fail(word, prometheus_type_form);
    family.type = *type;
    return true;
  }

  bool read_sample() {
    const std::string_view begin = scan_.rest;
    const std::string_view name = scan_.take_name(Colons::legal);
    if (name.empty()) return scan_.fail(begin, prometheus_name_form);
    PrometheusSample sample;
    sample.name = name;
    skip_spaces();
    if (scan_.rest.starts_with('{') && !scan_.take_labels(sample.labels, Spelling::loose)) return false;
    if (!read_numbers(sample)) return false;
    table_.owner(name).samples.push_back(std::move(sample));
    return true;
  }

  /// Reads the value and, when there is one, the time in milliseconds.
  bool read_numbers(PrometheusSample& sample) {
    scan_.skip_blanks();
    const std::string_view number = trim(scan_.take_word());
    const auto value = parse_loose_number(number);
    if (!value) return scan_.fail(number, prometheus_number_form);
    sample.value = *value;
    const std::string_view time = trim(scan_.rest);
    if (time.empty()) return true;
    sample.timestamp = parse_time(time);
    return sample.timestamp.has_value() || scan_.fail(time, "a time in milliseconds, or the end of the line");
  }

  static std::optional<std::chrono::milliseconds> parse_time(std::string_view text) {
    if (const auto whole = parse_integer(text)) return std::chrono::milliseconds{*whole};
    const auto time = parse_loose_number(text);
    return time ? round_to_milliseconds(*time) : std::nullopt;
  }

  PrometheusScan scan_;
  PrometheusTable table_{PrometheusFormat::text};
};

}  // namespace statwire::protocol
