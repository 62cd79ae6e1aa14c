#pragma once

// The two programs that say what a page for Prometheus is: promtool, and Python's prometheus_client. Each
// call takes many pages, as starting them takes longer than reading one.

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "statwire/prometheus.hpp"
#include "support/child_process.hpp"
#include "support/counterpart.hpp"
#include "support/scratch_directory.hpp"
#include "support/text.hpp"

namespace statwire::test {

/// Whether a test has to do without prometheus_client; says so, which makes it count as skipped.
inline bool is_missing_prometheus_client() {
  ChildProcess python{{"/usr/bin/python3", "-c", "import prometheus_client"}};
  if (python.wait() == 0) return false;
  MESSAGE(
      "SKIPPED: python3-prometheus-client is not installed; ./scripts/setup.sh --counterparts installs it");
  return true;
}

/// A sample as both sides can say it: name and sorted labels as one text; a time in milliseconds, with
/// fraction.
struct PlainSample {
  std::string series{};
  double value = 0;
  std::optional<double> milliseconds{};
  std::string exemplar{};
};

/// What was read of a page; families as name, type, help and unit.
struct PlainPage {
  std::vector<PlainSample> samples{};
  std::vector<std::vector<std::string>> families{};

  void sort() {
    std::stable_sort(samples.begin(), samples.end(),
                     [](const PlainSample& a, const PlainSample& b) { return a.series < b.series; });
    std::sort(families.begin(), families.end());
  }
};

namespace detail {

using Labels = std::vector<std::pair<std::string, std::string>>;

inline std::string series_of(std::string name, Labels labels, PrometheusFormat format) {
  // Python's client gives the counters of the text the names that they have in OpenMetrics.
  constexpr std::string_view total = "_total";
  if (format == PrometheusFormat::text && name.ends_with(total)) name.resize(name.size() - total.size());
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  std::sort(labels.begin(), labels.end());
  for (const auto& [label, value] : labels) name += "|" + label + "=" + value;
  return name;
}

inline std::string exemplar_of(Labels labels, double value, std::optional<double> milliseconds) {
  std::ostringstream text;
  text << series_of("", std::move(labels), PrometheusFormat::openmetrics) << " " << value;
  if (milliseconds) text << " " << std::llround(*milliseconds);
  return text.str();
}

inline Labels labels_of(const std::vector<PrometheusLabel>& labels) {
  Labels pairs;
  for (const PrometheusLabel& label : labels) pairs.emplace_back(label.name, label.value);
  return pairs;
}

inline std::optional<double> plain_time(const std::optional<std::chrono::milliseconds>& time) {
  if (!time) return std::nullopt;
  return static_cast<double>(time->count());
}

/// Prints one line of JSON for each page of a file: null where it is refused.
inline constexpr const char* python_reader = R"(
import json, sys
from prometheus_client.parser import text_string_to_metric_families as read_text
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics

def number(value):
    try:
        return repr(float(value))
    except OverflowError:
        return 'inf' if value > 0 else '-inf'

def milliseconds(time):
    if time is None:
        return None
    if hasattr(time, 'nsec'):
        return repr(time.sec * 1000 + time.nsec / 1e6)
    return repr(time * 1000)

def exemplar(found):
    return found and [list(found.labels.items()), number(found.value), milliseconds(found.timestamp)]

def read(kind, page):
    try:
        read_page = read_text if kind == b't' else read_openmetrics
        families = list(read_page(page.decode('utf-8')))
    except Exception:
        return None
    return {'families': [[f.name, f.type, f.documentation, f.unit] for f in families],
            'samples': [[s.name, list(s.labels.items()), number(s.value), milliseconds(s.timestamp),
                         exemplar(s.exemplar)] for f in families for s in f.samples]}

with open(sys.argv[1], 'rb') as pages:
    while head := pages.readline():
        kind, size = head.split()
        print(json.dumps(read(kind, pages.read(int(size)))))
)";

}  // namespace detail

/// What Python's client reads of each page.
inline std::vector<std::optional<PlainPage>> read_with_python(const std::vector<std::string>& pages,
                                                              PrometheusFormat format) {
  std::string file;
  for (const std::string& page : pages) {
    file += format == PrometheusFormat::text ? "t " : "o ";
    file += std::to_string(page.size()) + "\n" + page;
  }
  const ScratchDirectory scratch;
  ChildProcess python{{"/usr/bin/python3", "-c", detail::python_reader, scratch.write("pages", file)}};
  REQUIRE_MESSAGE(python.wait() == 0, python.output());
  const auto time_of = [](const nlohmann::json& time) {
    return time.is_null() ? std::nullopt : std::optional{number_of(time.get<std::string>())};
  };
  std::vector<std::optional<PlainPage>> read;
  for (const std::string& line : split(python.output(), '\n')) {
    if (line.empty()) continue;
    const auto json = nlohmann::json::parse(line);
    std::optional<PlainPage>& page = read.emplace_back();
    if (json.is_null()) continue;
    page.emplace().families = json.at("families").get<std::vector<std::vector<std::string>>>();
    for (const auto& sample : json.at("samples")) {
      PlainSample& plain = page->samples.emplace_back();
      plain.series = detail::series_of(sample.at(0), sample.at(1).get<detail::Labels>(), format);
      plain.value = number_of(sample.at(2).get<std::string>());
      plain.milliseconds = time_of(sample.at(3));
      if (const auto& exemplar = sample.at(4); !exemplar.is_null()) {
        plain.exemplar =
            detail::exemplar_of(exemplar.at(0).get<detail::Labels>(),
                                number_of(exemplar.at(1).get<std::string>()), time_of(exemplar.at(2)));
      }
    }
    page->sort();
  }
  REQUIRE(read.size() == pages.size());
  return read;
}

/// Whether promtool takes each page; it may blame how things are called.
inline std::vector<bool> take_with_promtool(const std::vector<std::string>& pages) {
  const ScratchDirectory scratch;
  std::vector<std::string> command{
      "/bin/sh", "-c", "for page; do promtool check metrics <\"$page\" >/dev/null 2>&1; echo $?; done", "sh"};
  for (std::size_t i = 0; i < pages.size(); ++i) {
    command.push_back(scratch.write(std::to_string(i), pages[i]));
  }
  ChildProcess promtool{command};
  promtool.wait();
  std::vector<bool> taken;
  for (const std::string& status : split(promtool.output(), '\n')) {
    if (!status.empty()) taken.push_back(status == "0" || status == "3");
  }
  REQUIRE(taken.size() == pages.size());
  return taken;
}

/// Our families, said in the same way.
inline PlainPage plain_page(const std::vector<PrometheusFamily>& families, PrometheusFormat format) {
  PlainPage page;
  for (const PrometheusFamily& family : families) {
    const bool is_untyped = family.type == PrometheusType::untyped;
    page.families.push_back({family.name,
                             is_untyped ? "unknown" : std::string{protocol::word_of(family.type)},
                             family.help, family.unit});
    for (const PrometheusSample& sample : family.samples) {
      PlainSample& plain = page.samples.emplace_back();
      plain.series = detail::series_of(sample.name, detail::labels_of(sample.labels), format);
      plain.value = sample.value;
      plain.milliseconds = detail::plain_time(sample.timestamp);
      if (sample.exemplar) {
        plain.exemplar =
            detail::exemplar_of(detail::labels_of(sample.exemplar->labels), sample.exemplar->value,
                                detail::plain_time(sample.exemplar->timestamp));
      }
    }
  }
  page.sort();
  return page;
}

/// What the samples of two pages differ in; empty when they are equal. Times may be half a millisecond apart,
/// as ours are rounded.
inline std::string difference(const PlainPage& ours, const PlainPage& theirs) {
  std::ostringstream text;
  if (ours.samples.size() != theirs.samples.size()) {
    text << ours.samples.size() << " samples, not " << theirs.samples.size();
    return text.str();
  }
  for (std::size_t i = 0; i < ours.samples.size(); ++i) {
    const PlainSample& a = ours.samples[i];
    const PlainSample& b = theirs.samples[i];
    const bool same_value = a.value == b.value || (std::isnan(a.value) && std::isnan(b.value));
    const bool same_time = a.milliseconds.has_value() == b.milliseconds.has_value() &&
                           (!a.milliseconds || std::fabs(*a.milliseconds - *b.milliseconds) <=
                                                   0.5 + 1e-12 * std::fabs(*b.milliseconds));
    if (a.series == b.series && same_value && same_time && a.exemplar == b.exemplar) continue;
    text << a.series << " " << a.value << " at " << a.milliseconds.value_or(-1) << " # " << a.exemplar
         << ", not " << b.series << " " << b.value << " at " << b.milliseconds.value_or(-1) << " # "
         << b.exemplar;
    return text.str();
  }
  return {};
}

}  // namespace statwire::test
