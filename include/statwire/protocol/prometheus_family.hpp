#pragma once

// What a page for Prometheus holds, as plain data: families of samples with labels. The same families are
// written as text 0.0.4 and as OpenMetrics, and come out of pages of both; prometheus.hpp has the calls.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace statwire {

/// The two texts that Prometheus scrapes: its own, 0.0.4, and OpenMetrics 1.0.0.
enum class PrometheusFormat { text, openmetrics };

/// What a family is. `untyped` is called `unknown` by OpenMetrics, which alone has the last three.
enum class PrometheusType { counter, gauge, histogram, summary, untyped, info, stateset, gaugehistogram };

/// A label. The name is of letters, digits and `_`, without a digit in front; the value is any text. To
/// Prometheus a label with an empty value is none.
struct PrometheusLabel {
  std::string name{};
  std::string value{};

  bool operator==(const PrometheusLabel&) const = default;
};

/// One measurement, such as a trace has, that a counter or a bucket is an example of. OpenMetrics alone has
/// them.
struct PrometheusExemplar {
  std::vector<PrometheusLabel> labels{};  ///< 128 characters at most, names and values together.
  double value = 0;
  std::optional<std::chrono::milliseconds> timestamp{};  ///< Since the epoch.

  bool operator==(const PrometheusExemplar&) const = default;
};

/// One line of a page. Two samples that hold NaN are not equal, as NaN is not.
struct PrometheusSample {
  std::string name{};  ///< As on the page, with its suffix: `latency_sum`.
  std::vector<PrometheusLabel> labels{};
  double value = 0;
  /// Since the epoch; without one, the time of the scrape.
  std::optional<std::chrono::milliseconds> timestamp{};
  std::optional<PrometheusExemplar> exemplar{};

  bool operator==(const PrometheusSample&) const = default;
};

/// The samples of one name, and what that is.
struct PrometheusFamily {
  /// Letters, digits, `_` and `:`, without a digit in front. Of a counter: see prometheus.hpp.
  std::string name{};
  PrometheusType type = PrometheusType::untyped;
  std::string help{};  ///< Any text, for people.
  std::string unit{};  ///< Such as `seconds`, which the name then ends with. OpenMetrics alone has it.
  std::vector<PrometheusSample> samples{};

  bool operator==(const PrometheusFamily&) const = default;
};

/// Why a page was not read, or families were not written.
struct PrometheusError {
  std::size_t line = 0;    ///< Of the page, from 1; 0 when families were written.
  std::string found{};     ///< What is wrong: the text, 60 bytes of it at most, without control characters.
  std::string expected{};  ///< What is legal in its place.

  std::string message() const {
    const std::string place = line == 0 ? "" : "line " + std::to_string(line) + ": ";
    return place + "found '" + found + "', expected " + expected;
  }
};

}  // namespace statwire
