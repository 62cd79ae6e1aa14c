#pragma once

// What OpenMetrics asks of the samples of each type, beyond what the older text does. A server may refuse the
// whole page for one of these. Source: OpenMetrics 1.0.0, "Metric Types"; tried with Python's reader, which
// looks closest.

#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "statwire/protocol/prometheus_check.hpp"

namespace statwire::protocol {

/// Looks at the samples of one metric of a family: those whose labels are the same but for the bound or the
/// state.
class OpenmetricsRules {
 public:
  /// `stem` is the name of the family, as it is written.
  OpenmetricsRules(PrometheusCheck& check, const PrometheusFamily& family, std::string_view stem) noexcept
      : check_{check}, family_{family}, stem_{stem} {}

  /// What a sample has by itself.
  bool check_sample(const PrometheusSample& sample) {
    const std::string_view suffix = suffix_of(sample);
    const double value = sample.value;
    const bool counts = suffix == "_bucket" || suffix == "_count" || suffix == "_gcount";
    if (counts && !(std::isfinite(value) && std::trunc(value) == value && value >= 0)) {
      return fail(sample, "a whole number from 0 on");
    }
    if ((suffix == "_total" || suffix == "_sum") && !(value >= 0)) return fail(sample, "a number from 0 on");
    if (suffix == "_gsum" && std::isnan(value)) return fail(sample, "a number");
    if (family_.type == PrometheusType::summary && suffix.empty() && value < 0) {
      return fail(sample, "a quantile that is not negative");
    }
    if (family_.type == PrometheusType::info && value != 1) return fail(sample, "an info with the value 1");
    if (family_.type == PrometheusType::stateset) {
      if (value != 0 && value != 1) return fail(sample, "a state with the value 0 or 1");
      if (label_value(sample.labels, stem_).empty()) {
        return fail(sample, "a state in a label that has the name of the family");
      }
    }
    return check_.check_bound(family_, sample) && check_exemplar(sample);
  }

  /// What the samples of a metric have together.
  bool check_metric(std::span<const PrometheusSample* const> samples) {
    for (const PrometheusSample* sample : samples) {
      const bool same = family_.type == PrometheusType::info
                            ? sample->timestamp.has_value() == samples[0]->timestamp.has_value()
                            : sample->timestamp == samples[0]->timestamp;
      if (!same) return fail(*sample, "the same time for all samples with these labels");
    }
    const bool has_buckets =
        family_.type == PrometheusType::histogram || family_.type == PrometheusType::gaugehistogram;
    return !has_buckets || check_buckets(samples);
  }

  /// The label that tells the samples of one metric apart; empty when there is none.
  std::string_view own_label(const PrometheusSample& sample) const noexcept {
    if (family_.type == PrometheusType::summary && suffix_of(sample).empty()) return "quantile";
    if (family_.type == PrometheusType::stateset) return stem_;
    return suffix_of(sample) == "_bucket" ? "le" : "";
  }

 private:
  std::string_view suffix_of(const PrometheusSample& sample) const noexcept {
    return std::string_view{sample.name}.substr(stem_.size());
  }

  bool fail(const PrometheusSample& sample, std::string_view expected) {
    std::string found = prometheus_excerpt(PrometheusCheck::described(sample)) + ' ';
    append_prometheus_number(found, sample.value);
    return check_.fail(found, std::string{expected});
  }

  bool check_exemplar(const PrometheusSample& sample) {
    if (!sample.exemplar) return true;
    const std::string_view suffix = suffix_of(sample);
    if (suffix != "_bucket" && !(suffix == "_total" && family_.type == PrometheusType::counter)) {
      return fail(sample, "exemplars of buckets and of counters only");
    }
    constexpr std::size_t max_characters = 128;
    std::size_t characters = 0;
    for (const PrometheusLabel& label : sample.exemplar->labels) {
      if (!label.value.empty()) characters += label.name.size() + count_characters(label.value);
    }
    if (characters > max_characters) return fail(sample, "an exemplar with 128 characters of labels at most");
    return check_.check_labels(sample.exemplar->labels);
  }

  /// A byte that is no UTF-8 becomes one character.
  static std::size_t count_characters(std::string_view text) noexcept {
    std::size_t count = 0;
    for (; !text.empty(); ++count) {
      const std::size_t size = detail::utf8_size(text);
      text.remove_prefix(size == 0 ? 1 : size);
    }
    return count;
  }

  bool check_buckets(std::span<const PrometheusSample* const> samples) {
    const PrometheusSample* last = nullptr;
    const PrometheusSample* count = nullptr;
    const PrometheusSample* sum = nullptr;
    double last_bound = 0;
    bool has_negative = false;
    for (const PrometheusSample* sample : samples) {
      const std::string_view suffix = suffix_of(*sample);
      if (suffix == "_count" || suffix == "_gcount") count = sample;
      if (suffix == "_sum" || suffix == "_gsum") sum = sample;
      if (suffix != "_bucket") continue;
      const double bound = parse_float(label_value(sample->labels, "le")).value_or(0);  // checked before
      if (last != nullptr && bound <= last_bound) return fail(*sample, "buckets in ascending order of 'le'");
      if (last != nullptr && sample->value < last->value) {
        return fail(*sample, "in each bucket the counts of those below it, too");
      }
      has_negative = has_negative || bound < 0;
      last = sample;
      last_bound = bound;
    }
    if (last == nullptr || !std::isinf(last_bound) || last_bound < 0) {
      return fail(*samples[0], "a last bucket with le=\"+Inf\"");
    }
    if (count != nullptr && count->value != last->value) return fail(*count, "the count of the last bucket");
    if ((count == nullptr) != (sum == nullptr))
      return fail(*samples[0], "both a sum and a count, or neither");
    if (sum == nullptr) return true;
    if (family_.type == PrometheusType::histogram) {
      return !has_negative || fail(*sum, "no sum where buckets are negative");
    }
    return has_negative || sum->value >= 0 || fail(*sum, "a sum from 0 on, as no bucket is negative");
  }

  PrometheusCheck& check_;
  const PrometheusFamily& family_;
  std::string_view stem_;
};

}  // namespace statwire::protocol
