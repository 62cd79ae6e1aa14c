#pragma once

// What both formats of Prometheus ask of names and numbers, for those who write pages and those who read
// them: what is a legal name, which samples belong to a family, and how numbers are spelled.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "statwire/detail/float_from_chars.hpp"
#include "statwire/detail/hash.hpp"
#include "statwire/protocol/clean.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/prometheus_family.hpp"
#include "statwire/protocol/prometheus_text.hpp"

namespace statwire::protocol {

inline constexpr std::string_view prometheus_name_form =
    "a name of letters, digits, '_' and ':' that does not begin with a digit";
inline constexpr std::string_view prometheus_label_form =
    "the name of a label, of letters, digits and '_', that does not begin with a digit";

enum class Colons { legal, illegal };

/// How many bytes at the front of a text are a name; 0: none.
inline std::size_t prometheus_name_size(std::string_view text, Colons colons) noexcept {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return 0;
  std::size_t size = 0;
  while (size < text.size() && (detail::is_alphanumeric(static_cast<unsigned char>(text[size])) ||
                                text[size] == '_' || (text[size] == ':' && colons == Colons::legal))) {
    ++size;
  }
  return size;
}

inline bool is_prometheus_name(std::string_view text, Colons colons) noexcept {
  return !text.empty() && prometheus_name_size(text, colons) == text.size();
}

/// What the samples of a family are called: its name and one of these.
inline std::span<const std::string_view> prometheus_suffixes(PrometheusType type,
                                                             PrometheusFormat format) noexcept {
  static constexpr std::string_view none[] = {""};
  static constexpr std::string_view counter[] = {"_total", "_created"};
  static constexpr std::string_view histogram[] = {"_bucket", "_sum", "_count", "_created"};
  static constexpr std::string_view summary[] = {"", "_sum", "_count", "_created"};
  static constexpr std::string_view gaugehistogram[] = {"_bucket", "_gsum", "_gcount"};
  static constexpr std::string_view info[] = {"_info"};
  const bool is_openmetrics = format == PrometheusFormat::openmetrics;
  switch (type) {
    case PrometheusType::counter:
      return is_openmetrics ? std::span<const std::string_view>{counter} : none;
    case PrometheusType::histogram:
      return std::span{histogram}.first(is_openmetrics ? 4 : 3);
    case PrometheusType::summary:
      return std::span{summary}.first(is_openmetrics ? 4 : 3);
    case PrometheusType::gaugehistogram:
      return gaugehistogram;
    case PrometheusType::info:
      return info;
    case PrometheusType::gauge:
    case PrometheusType::stateset:
    case PrometheusType::untyped:
      break;
  }
  return none;
}

/// Whether all of a text is UTF-8. ASCII is seen eight bytes at a time.
inline bool is_utf8(std::string_view text) noexcept {
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  while (!text.empty()) {
    if (text.size() >= sizeof(high_bits) && (statwire::detail::word_at(text.data()) & high_bits) == 0) {
      text.remove_prefix(sizeof(high_bits));
      continue;
    }
    const std::size_t size = detail::utf8_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

/// A text for a PrometheusError: at most 60 bytes, no control characters, no bytes that are no UTF-8.
inline std::string prometheus_excerpt(std::string_view text) {
  constexpr std::size_t limit = 60;
  constexpr std::string_view more = "...";
  std::string excerpt;
  std::size_t fits = 0;  // what leaves room for `more`
  while (!text.empty()) {
    const std::size_t size = detail::utf8_size(text);
    const bool is_plain = size > 1 || (size == 1 && text[0] >= ' ' && text[0] != 0x7f);
    const std::size_t bytes = is_plain ? size : 1;
    if (excerpt.size() + bytes > limit) {
      excerpt.resize(fits);
      return excerpt.append(more);
    }
    excerpt.append(is_plain ? text.substr(0, size) : "?");
    text.remove_prefix(size == 0 ? 1 : size);
    if (excerpt.size() + more.size() <= limit) fits = excerpt.size();
  }
  return excerpt;
}

/// The name that comes twice among labels; nothing when none does. Takes n log n steps.
inline std::optional<std::string_view> repeated_label(std::span<const PrometheusLabel> labels) {
  constexpr std::size_t few = 12;
  if (labels.size() <= few) {
    for (std::size_t i = 1; i < labels.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (labels[i].name == labels[k].name) return labels[i].name;
      }
    }
    return std::nullopt;
  }
  std::vector<std::string_view> names;
  names.reserve(labels.size());
  for (const PrometheusLabel& label : labels) names.push_back(label.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return std::nullopt;
  return *twice;
}

namespace detail {

/// Whether a number that no double can hold is too small for one, not too large: where its first digit that
/// is not 0 stands. The text is one that std::from_chars calls out of range.
inline bool is_tiny(std::string_view number) noexcept {
  if (number.starts_with('-')) number.remove_prefix(1);
  const std::size_t exponent_at = number.find_first_of("eE");
  const std::string_view digits = number.substr(0, exponent_at);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t first = std::min(digits.find_first_not_of("0."), digits.size());
  // The places before the point are positive, those after it negative.
  const std::int64_t place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  if (exponent_at == std::string_view::npos) return place < 0;
  std::string_view exponent = number.substr(exponent_at + 1);
  if (exponent.starts_with('+')) exponent.remove_prefix(1);
  const bool is_negative = exponent.starts_with('-');
  std::int64_t value = 0;
  if (read_integer(exponent.data(), exponent.data() + exponent.size(), value) == nullptr) return is_negative;
  constexpr std::int64_t beyond_any_text = std::numeric_limits<std::int64_t>::max() / 2;
  return std::clamp(value, -beyond_any_text, beyond_any_text) + place < 0;
}

}  // namespace detail

/// Reads a number as pages spell it: `1`, `+.5`, `1e3`, `Inf`, `-infinity`, `NaN`, in any case; not in
/// hexadecimal. What is too large for a double is infinite, what is too small 0, as for Python.
inline std::optional<double> parse_prometheus_number(std::string_view text) noexcept {
  if (const std::optional<double> value = parse_float(text)) return value;
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = statwire::detail::float_from_chars(text.data(), end, value);
  if (error != std::errc::result_out_of_range || stop != end) return std::nullopt;
  const double size = detail::is_tiny(text) ? 0 : std::numeric_limits<double>::infinity();
  return text.starts_with('-') ? -size : size;
}

}  // namespace statwire::protocol
