#pragma once

// Writes the text that Prometheus scrapes, exposition format 0.0.4: families with HELP and TYPE, labels,
// numbers. Whatever bytes the strings hold, a call makes the lines that it says and no others. What the
// format asks of a whole page is left to the caller: one family a name, all its samples after it, no sample
// twice; prometheus_write.hpp sees to that. No I/O. Source: prometheus.io, "Exposition formats" and "Metric
// and label naming"; a Prometheus server refuses a page that is not UTF-8, help included.

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

#include "statwire/protocol/clean.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/prometheus_family.hpp"

namespace statwire::protocol {

using statwire::PrometheusType;

/// What an HTTP server says that the page is.
inline constexpr std::string_view prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// The word of a TYPE line; OpenMetrics has another one for untyped.
constexpr std::string_view word_of(PrometheusType type) noexcept {
  switch (type) {
    case PrometheusType::counter:
      return "counter";
    case PrometheusType::gauge:
      return "gauge";
    case PrometheusType::histogram:
      return "histogram";
    case PrometheusType::summary:
      return "summary";
    case PrometheusType::info:
      return "info";
    case PrometheusType::stateset:
      return "stateset";
    case PrometheusType::gaugehistogram:
      return "gaugehistogram";
    case PrometheusType::untyped:
      break;
  }
  return "untyped";
}

namespace detail {

/// How many bytes the character of UTF-8 takes that the text begins with; 0: it begins with none. The text is
/// not empty.
inline std::size_t utf8_size(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xc2 && first < 0xe0   ? 2
                           : first >= 0xe0 && first < 0xf0 ? 3
                           : first >= 0xf0 && first < 0xf5 ? 4
                                                           : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool is_overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool is_surrogate = first == 0xed && byte(1) >= 0xa0;
  const bool is_beyond = first == 0xf4 && byte(1) >= 0x90;
  return is_overlong || is_surrogate || is_beyond ? 0 : size;
}

enum class Quotes { as_they_are, escaped };

/// Appends a text of HELP or of a label. What is no UTF-8 becomes U+FFFD, byte by byte.
inline void append_prometheus_escaped(std::string& out, std::string_view text, Quotes quotes) {
  const auto is_plain = [](char c) {
    return static_cast<signed char>(c) >= 0 && c != '\\' && c != '\n' && c != '"';
  };
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const std::size_t size = utf8_size(text);
    if (size == 0) {
      out += "\xef\xbf\xbd";
    } else if (text[0] == '\n') {
      out += "\\n";
    } else {
      if (text[0] == '\\' || (text[0] == '"' && quotes == Quotes::escaped)) out += '\\';
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
}

inline constexpr ByteMap prometheus_bytes = [] {
  ByteMap map{};
  for (std::size_t i = 0; i < map.size(); ++i) {
    const auto byte = static_cast<unsigned char>(i);
    map[i] = is_alphanumeric(byte) ? static_cast<char>(byte) : '_';
  }
  return map;
}();

inline void append_prometheus_word(std::string& out, std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) out += '_';
  const std::size_t begin = out.size();
  out.resize(begin + text.size());
  copy_mapped(out.data() + begin, text, prometheus_bytes);
}

}  // namespace detail

/// Appends a name of a metric, made of any text: every byte but letters, digits and `_` becomes `_`, a colon
/// too, as it belongs to the rules of a Prometheus server; what is empty or begins with a digit gets a `_` in
/// front. Names that differ in such bytes only become one.
inline void append_prometheus_name(std::string& out, std::string_view text) {
  detail::append_prometheus_word(out, text);
}

/// Appends a name of a label, in the same way. Those that Prometheus keeps for itself are changed: of two or
/// more `_` in front one is left, and `le` and `quantile` get a `_` at the end.
inline void append_prometheus_label_name(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  detail::append_prometheus_word(out, text);
  const std::size_t first = out.find_first_not_of('_', begin);
  const std::size_t underscores = (first == std::string::npos ? out.size() : first) - begin;
  if (underscores > 1) out.erase(begin, underscores - 1);
  const std::string_view name = std::string_view{out}.substr(begin);
  if (name == "le" || name == "quantile") out += '_';
}

/// Appends `name="value"` to the labels of a sample, after a comma if there are some already; nothing for an
/// empty value, which to Prometheus is no label. The name is legal and not among them yet. In the value `\`,
/// `"` and line feeds are escaped; what is no UTF-8 becomes U+FFFD.
inline void append_prometheus_label(std::string& labels, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!labels.empty()) labels += ',';
  labels.append(name).append("=\"");
  detail::append_prometheus_escaped(labels, value, detail::Quotes::escaped);
  labels += '"';
}

/// Appends the two lines that a family begins with. The name is legal; the help is any text, one line.
inline void append_prometheus_family(std::string& out, std::string_view name, PrometheusType type,
                                     std::string_view help) {
  out.append("# HELP ").append(name).append(" ");
  detail::append_prometheus_escaped(out, help, detail::Quotes::as_they_are);
  out.append("\n# TYPE ").append(name).append(" ").append(word_of(type)).append("\n");
}

/// Appends a number: `NaN`, `+Inf`, `-Inf`, or the shortest text that reads back as the same.
inline void append_prometheus_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    char text[max_number_chars];
    out.append(text, write_float(text, value, WholeNumbers::plain));
  }
}

/// Appends `name{labels} value\n`. The name is legal, suffixes as `_sum` included; the labels are text of
/// append_prometheus_label(), or empty.
inline void append_prometheus_sample(std::string& out, std::string_view name, std::string_view labels,
                                     double value) {
  out.append(name);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out += ' ';
  append_prometheus_number(out, value);
  out += '\n';
}

}  // namespace statwire::protocol
