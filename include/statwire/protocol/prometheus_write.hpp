#pragma once

// Writes families as Prometheus' own text, 0.0.4. It has fewer types than OpenMetrics, and asks that all
// samples of a family but those of histograms and summaries have the name of the family. So a family may
// become several: the counter `hits` of OpenMetrics is written as `hits_total`, and when it was created as a
// gauge, `hits_created`; an info becomes a gauge `..._info`, a stateset a gauge, a gaugehistogram a histogram
// and two gauges. Units and exemplars have no place in this text and are left out. Python's client does
// the same.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/protocol/number.hpp"
#include "statwire/protocol/prometheus_check.hpp"
#include "statwire/protocol/prometheus_text.hpp"

namespace statwire::protocol {

/// A family of the text that a family becomes or a part of it.
struct PrometheusPart {
  std::string_view suffix;  ///< Its name without that of the family.
  PrometheusType type;
  std::string_view samples[3] = {};  ///< What its samples are called, behind the name of the family.
  std::size_t sample_names = 1;

  bool has(std::string_view sample_suffix) const noexcept {
    return std::find(samples, samples + sample_names, sample_suffix) != samples + sample_names;
  }
};

/// What a type becomes.
inline std::span<const PrometheusPart> prometheus_parts(PrometheusType type) noexcept {
  using enum PrometheusType;
  static constexpr PrometheusPart created{"_created", gauge, {"_created"}};
  static constexpr PrometheusPart counters[] = {
      {"", counter, {""}}, {"_total", counter, {"_total"}}, created};
  static constexpr PrometheusPart gauges[] = {{"", gauge, {""}}};
  static constexpr PrometheusPart untypeds[] = {{"", untyped, {""}}};
  static constexpr PrometheusPart infos[] = {{"", gauge, {""}}, {"_info", gauge, {"_info"}}};
  static constexpr PrometheusPart summaries[] = {{"", summary, {"", "_sum", "_count"}, 3}, created};
  static constexpr PrometheusPart histograms[] = {{"", histogram, {"_bucket", "_sum", "_count"}, 3}, created};
  static constexpr PrometheusPart gaugehistograms[] = {
      {"", histogram, {"_bucket"}}, {"_gsum", gauge, {"_gsum"}}, {"_gcount", gauge, {"_gcount"}}};
  switch (type) {
    case counter:
      return counters;
    case histogram:
      return histograms;
    case summary:
      return summaries;
    case untyped:
      return untypeds;
    case info:
      return infos;
    case gaugehistogram:
      return gaugehistograms;
    case gauge:
    case stateset:
      break;
  }
  return gauges;
}

/// Writes one page.
class PrometheusWriter {
 public:
  /// Returns nothing when a family holds what the format forbids; error() says what.
  std::optional<std::string> write(std::span<const PrometheusFamily> families) {
    for (const PrometheusFamily& family : families) {
      if (!write_family(family)) return std::nullopt;
    }
    return std::move(out_);
  }

  const PrometheusError& error() const noexcept { return check_.error(); }

 private:
  bool write_family(const PrometheusFamily& family) {
    if (!check_.check_name(family.name)) return false;
    check_.begin_series();
    const auto parts = prometheus_parts(family.type);
    std::array<std::size_t, 3> sizes{};
    for (const PrometheusSample& sample : family.samples) {
      const auto part = std::find_if(parts.begin(), parts.end(), [&](const PrometheusPart& candidate) {
        return is_of_part(family, sample, candidate);
      });
      if (part == parts.end()) return fail_name(family, sample);
      if (!check_.check_labels(sample.labels) || !check_.check_series(sample) ||
          !check_.check_bound(family, sample)) {
        return false;
      }
      ++sizes[static_cast<std::size_t>(part - parts.begin())];
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool is_needed = sizes[i] != 0 || (i == 0 && family.samples.empty());
      if (is_needed && !write_part(family, parts[i])) return false;
    }
    return true;
  }

  /// The name of a family that suffixes follow.
  static std::string_view stem_of(const PrometheusFamily& family) noexcept {
    constexpr std::string_view total = "_total";
    std::string_view name = family.name;
    if (family.type == PrometheusType::counter && name.ends_with(total)) name.remove_suffix(total.size());
    return name;
  }

  /// What a sample is called behind the name of its family; nothing when it does not begin with that.
  static std::optional<std::string_view> suffix_of(const PrometheusFamily& family,
                                                   const PrometheusSample& sample) noexcept {
    const std::string_view name = sample.name;
    if (name == family.name) return std::string_view{};
    const std::string_view stem = stem_of(family);
    if (!name.starts_with(stem) || name.size() == stem.size()) return std::nullopt;
    return name.substr(stem.size());
  }

  static bool is_of_part(const PrometheusFamily& family, const PrometheusSample& sample,
                         const PrometheusPart& part) noexcept {
    const auto suffix = suffix_of(family, sample);
    return suffix && part.has(*suffix);
  }

  bool fail_name(const PrometheusFamily& family, const PrometheusSample& sample) {
    std::vector<std::string_view> suffixes;
    for (const PrometheusPart& part : prometheus_parts(family.type)) {
      suffixes.insert(suffixes.end(), part.samples, part.samples + part.sample_names);
    }
    return check_.fail_name(sample, family.type, family.name, suffixes);
  }

  bool write_part(const PrometheusFamily& family, const PrometheusPart& part) {
    const bool has_own_name = part.suffix.empty();
    const std::string name =
        has_own_name ? family.name : std::string{stem_of(family)} + std::string{part.suffix};
    if (!check_.claim(name)) return false;
    for (std::size_t i = 0; i < part.sample_names && has_own_name; ++i) {
      if (!part.samples[i].empty() && !check_.claim(name + std::string{part.samples[i]})) return false;
    }
    append_prometheus_family(out_, name, part.type, family.help);
    for (const PrometheusSample& sample : family.samples) {
      if (is_of_part(family, sample, part)) append_sample(sample);
    }
    return true;
  }

  void append_sample(const PrometheusSample& sample) {
    out_ += sample.name;
    append_prometheus_labels(out_, sample.labels);
    out_ += ' ';
    append_prometheus_number(out_, sample.value);
    if (sample.timestamp) {
      char text[max_integer_chars];
      const std::int64_t milliseconds = sample.timestamp->count();
      out_ += ' ';
      out_.append(text, write_integer(text, milliseconds));
    }
    out_ += '\n';
  }

  PrometheusCheck check_;
  std::string out_;
};

}  // namespace statwire::protocol
