#pragma once

// Writes families as OpenMetrics 1.0.0. A counter or an info that is called as in the older text,
// `hits_total` with samples `hits_total`, is written under the name that OpenMetrics has for it, `hits`. The
// samples of one metric are put together, as the format asks.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/protocol/number.hpp"
#include "statwire/protocol/openmetrics_rules.hpp"
#include "statwire/protocol/prometheus_check.hpp"
#include "statwire/protocol/prometheus_rules.hpp"
#include "statwire/protocol/prometheus_text.hpp"

namespace statwire::protocol {

/// What an HTTP server says that the page is.
inline constexpr std::string_view openmetrics_content_type =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Appends a time in seconds, exactly: `1.5`, `-0.001`.
inline void append_seconds(std::string& out, std::chrono::milliseconds time) {
  constexpr std::uint64_t milliseconds_per_second = 1000;
  const std::int64_t count = time.count();
  const auto bits = static_cast<std::uint64_t>(count);
  const std::uint64_t magnitude = count < 0 ? ~bits + 1 : bits;
  char text[max_integer_chars];
  if (count < 0) out += '-';
  out.append(text, write_integer(text, magnitude / milliseconds_per_second));
  std::uint64_t fraction = magnitude % milliseconds_per_second;
  if (fraction == 0) return;
  out += '.';
  for (std::uint64_t unit = milliseconds_per_second / 10; fraction != 0; unit /= 10) {
    out += static_cast<char>('0' + fraction / unit);
    fraction %= unit;
  }
}

/// Writes one page.
class OpenmetricsWriter {
 public:
  /// Returns nothing when a family holds what the format forbids; error() says what.
  std::optional<std::string> write(std::span<const PrometheusFamily> families) {
    for (const PrometheusFamily& family : families) {
      if (!write_family(family)) return std::nullopt;
    }
    out_ += "# EOF\n";
    return std::move(out_);
  }

  const PrometheusError& error() const noexcept { return check_.error(); }

 private:
  bool write_family(const PrometheusFamily& family) {
    const std::string name{stem_of(family)};
    if (!check_.check_name(name) || !claim(name, family.type) || !check_unit(family, name)) return false;
    check_.begin_series();
    OpenmetricsRules rules{check_, family, name};
    Metrics metrics;
    for (const PrometheusSample& sample : family.samples) {
      if (!check_suffix(family, name, sample) || !check_.check_labels(sample.labels) ||
          !check_.check_series(sample) || !rules.check_sample(sample)) {
        return false;
      }
      metrics.add(family.type, rules.own_label(sample), sample);
    }
    append_head(family, name);
    for (const auto& samples : metrics.all) {
      if (!rules.check_metric(samples)) return false;
      for (const PrometheusSample* sample : samples) append_sample(*sample);
    }
    return true;
  }

  /// The samples of a family by metric, in the order in which the metrics came.
  struct Metrics {
    std::vector<std::vector<const PrometheusSample*>> all{};
    std::map<std::string, std::size_t> by_labels{};

    void add(PrometheusType type, std::string_view own_label, const PrometheusSample& sample) {
      const bool is_one = type == PrometheusType::info;  // which have no labels but their own
      const auto [found, is_new] =
          by_labels.try_emplace(is_one ? std::string{} : label_key(sample.labels, own_label), all.size());
      if (is_new) all.emplace_back();
      all[found->second].push_back(&sample);
    }
  };

  /// The name of a family as OpenMetrics has it.
  static std::string_view stem_of(const PrometheusFamily& family) noexcept {
    std::string_view name = family.name;
    const std::string_view suffix = family.type == PrometheusType::counter ? "_total"
                                    : family.type == PrometheusType::info  ? "_info"
                                                                           : "";
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
    return name;
  }

  bool claim(const std::string& name, PrometheusType type) {
    if (!check_.claim(name)) return false;
    for (const std::string_view suffix : prometheus_suffixes(type, PrometheusFormat::openmetrics)) {
      if (!suffix.empty() && !check_.claim(name + std::string{suffix})) return false;
    }
    return true;
  }

  bool check_unit(const PrometheusFamily& family, std::string_view name) {
    if (family.unit.empty()) return true;
    if (family.type == PrometheusType::info || family.type == PrometheusType::stateset) {
      return check_.fail(family.unit, "no unit of an info or a stateset");
    }
    const bool is_end = name.ends_with(family.unit) && name.size() > family.unit.size() &&
                        name[name.size() - family.unit.size() - 1] == '_';
    return is_end ||
           check_.fail(family.unit, "a unit that '" + prometheus_excerpt(name) + "' ends with, behind '_'");
  }

  bool check_suffix(const PrometheusFamily& family, std::string_view name, const PrometheusSample& sample) {
    const auto suffixes = prometheus_suffixes(family.type, PrometheusFormat::openmetrics);
    const bool is_of_family = std::any_of(suffixes.begin(), suffixes.end(), [&](std::string_view suffix) {
      return sample.name.size() == name.size() + suffix.size() && sample.name.starts_with(name) &&
             sample.name.ends_with(suffix);
    });
    return is_of_family || check_.fail_name(sample, family.type, name, suffixes);
  }

  void append_head(const PrometheusFamily& family, std::string_view name) {
    const bool is_untyped = family.type == PrometheusType::untyped;
    out_.append("# TYPE ").append(name).append(" ");
    out_.append(is_untyped ? "unknown" : word_of(family.type)).append("\n");
    if (!family.unit.empty()) {
      out_.append("# UNIT ").append(name).append(" ").append(family.unit).append("\n");
    }
    out_.append("# HELP ").append(name).append(" ");
    detail::append_prometheus_escaped(out_, family.help, detail::Quotes::escaped);
    out_ += '\n';
  }

  void append_sample(const PrometheusSample& sample) {
    out_ += sample.name;
    append_prometheus_labels(out_, sample.labels);
    append_point(sample.value, sample.timestamp);
    if (sample.exemplar) {
      out_ += " # ";
      const std::size_t begin = out_.size();
      append_prometheus_labels(out_, sample.exemplar->labels);
      if (out_.size() == begin) out_ += "{}";
      append_point(sample.exemplar->value, sample.exemplar->timestamp);
    }
    out_ += '\n';
  }

  void append_point(double value, std::optional<std::chrono::milliseconds> time) {
    out_ += ' ';
    append_prometheus_number(out_, value);
    if (!time) return;
    out_ += ' ';
    append_seconds(out_, *time);
  }

  PrometheusCheck check_;
  std::string out_;
};

}  // namespace statwire::protocol
