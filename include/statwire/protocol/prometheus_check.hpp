#pragma once

// What both formats of Prometheus forbid families to hold, for those who write pages: names that are none,
// names and series that come twice, bounds of buckets that are no numbers.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/protocol/prometheus_family.hpp"
#include "statwire/protocol/prometheus_rules.hpp"
#include "statwire/protocol/prometheus_text.hpp"

namespace statwire::protocol {

/// The value of a label; empty when there is none.
inline std::string_view label_value(std::span<const PrometheusLabel> labels, std::string_view name) noexcept {
  for (const PrometheusLabel& label : labels) {
    if (label.name == name) return label.value;
  }
  return {};
}

/// Appends labels as they stand between braces, those with an empty value left out.
inline void append_prometheus_labels(std::string& out, std::span<const PrometheusLabel> labels) {
  char before = '{';
  for (const PrometheusLabel& label : labels) {
    if (label.value.empty()) continue;
    out += before;
    out.append(label.name).append("=\"");
    detail::append_prometheus_escaped(out, label.value, detail::Quotes::escaped);
    out += '"';
    before = ',';
  }
  if (before == ',') out += '}';
}

/// Appends one text of labels in any order: whether two samples have the same labels is whether these are
/// equal. The label `but` is left out.
inline void append_label_key(std::string& key, std::span<const PrometheusLabel> labels,
                             std::string_view but = {}) {
  std::array<const PrometheusLabel*, 16> few;
  std::vector<const PrometheusLabel*> many(labels.size() > few.size() ? labels.size() : 0);
  const PrometheusLabel** const sorted = many.empty() ? few.data() : many.data();
  std::size_t count = 0;
  for (const PrometheusLabel& label : labels) {
    if (!label.value.empty() && label.name != but) sorted[count++] = &label;
  }
  std::sort(sorted, sorted + count, [](const auto* a, const auto* b) { return a->name < b->name; });
  for (std::size_t i = 0; i < count; ++i) {
    key.append(sorted[i]->name).append("=\"");
    detail::append_prometheus_escaped(key, sorted[i]->value, detail::Quotes::escaped);
    key += '"';
  }
}

inline std::string label_key(std::span<const PrometheusLabel> labels, std::string_view but = {}) {
  std::string key;
  append_label_key(key, labels, but);
  return key;
}

/// Remembers what a page holds already, and the first thing that is wrong with it.
class PrometheusCheck {
 public:
  /// Tells what is wrong; returns false.
  bool fail(std::string_view found, std::string expected) {
    error_ = {0, prometheus_excerpt(found), std::move(expected)};
    return false;
  }

  const PrometheusError& error() const noexcept { return error_; }

  /// Tells that a sample is called as no sample of its family is.
  bool fail_name(const PrometheusSample& sample, PrometheusType type, std::string_view family,
                 std::span<const std::string_view> suffixes) {
    std::string expected = "a sample of a " + std::string{word_of(type)} + " called";
    for (const std::string_view& suffix : suffixes) {
      expected += &suffix == suffixes.data() ? " " : " or ";
      expected += prometheus_excerpt(family) + std::string{suffix};
    }
    return fail(sample.name, std::move(expected));
  }

  /// Takes a name for a family or its samples; false when another one has it.
  bool claim(const std::string& name) {
    return names_.insert(name).second ||
           fail(name, "a name that no other family and none of its samples has");
  }

  bool check_name(std::string_view name) {
    return is_prometheus_name(name, Colons::legal) || fail(name, std::string{prometheus_name_form});
  }

  bool check_labels(std::span<const PrometheusLabel> labels) {
    for (const PrometheusLabel& label : labels) {
      if (!is_prometheus_name(label.name, Colons::illegal) || label.name.starts_with("__")) {
        return fail(label.name, std::string{prometheus_label_form} + ", nor with '__'");
      }
    }
    if (const auto twice = repeated_label(labels)) return fail(*twice, "each label once");
    return true;
  }

  /// Begins a family, whose series are distinct from those of any other by their names.
  void begin_series() noexcept { series_.clear(); }

  bool check_series(const PrometheusSample& sample) {
    key_ = sample.name;
    key_ += '{';
    append_label_key(key_, sample.labels);
    return series_.insert(key_).second ||
           fail(described(sample), "each sample once; the order of its labels makes no other");
  }

  /// Checks the bound of a bucket or of a quantile, which promtool reads as a number.
  bool check_bound(const PrometheusFamily& family, const PrometheusSample& sample) {
    if (family.type == PrometheusType::summary) {
      if (sample.name != family.name) return true;
      const auto quantile = parse_float(label_value(sample.labels, "quantile"));
      return (quantile && *quantile >= 0 && *quantile <= 1) ||
             fail(described(sample), "a label 'quantile' with a number from 0 to 1");
    }
    const bool has_buckets =
        family.type == PrometheusType::histogram || family.type == PrometheusType::gaugehistogram;
    if (!has_buckets || !sample.name.ends_with("_bucket")) return true;
    const std::string_view text = label_value(sample.labels, "le");
    const auto bound = parse_float(text);
    const bool is_legal =
        bound && !std::isnan(*bound) && (!std::isinf(*bound) || *bound < 0 || text == "+Inf");
    return is_legal || fail(described(sample), "a label 'le' with a number, or '+Inf'");
  }

  /// A sample as it stands on the page, without its value.
  static std::string described(const PrometheusSample& sample) {
    std::string text = sample.name;
    append_prometheus_labels(text, sample.labels);
    return text;
  }

 private:
  std::set<std::string> names_;
  std::set<std::string> series_;
  std::string key_;  ///< Kept for its memory.
  PrometheusError error_;
};

}  // namespace statwire::protocol
