// Any bytes as a page for Prometheus, in both formats: refused with a message of one line, or read; and what
// is read and can be written is read again as the same, and written again as the same.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/prometheus.hpp"

namespace {

using namespace statwire;

void require(bool condition) {
  if (!condition) std::abort();
}

bool is_clean(const PrometheusError& error) {
  const std::string message = error.message();
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  return error.found.size() <= 100 && !error.expected.empty() && protocol::is_utf8(message) &&
         std::none_of(message.begin(), message.end(), is_control);
}

/// NaN is not equal to itself.
void replace_nan(std::vector<PrometheusFamily>& families) {
  for (PrometheusFamily& family : families) {
    for (PrometheusSample& sample : family.samples) {
      if (std::isnan(sample.value)) sample.value = 42;
      if (sample.exemplar && std::isnan(sample.exemplar->value)) sample.exemplar->value = 42;
    }
  }
}

/// Whether the older text can say all that there is.
bool has_types_of_text(const std::vector<PrometheusFamily>& families) {
  return std::all_of(families.begin(), families.end(),
                     [](const PrometheusFamily& family) { return family.type < PrometheusType::info; });
}

/// OpenMetrics puts the samples of a metric together.
void sort_samples(std::vector<PrometheusFamily>& families) {
  for (PrometheusFamily& family : families) {
    std::sort(family.samples.begin(), family.samples.end(),
              [](const PrometheusSample& a, const PrometheusSample& b) {
                return a.name + protocol::label_key(a.labels) < b.name + protocol::label_key(b.labels);
              });
  }
}

void read_and_write(std::string_view page, PrometheusFormat format) {
  PrometheusError error;
  auto read = parse_prometheus(page, format, error);
  if (!read) {
    require(error.line <= page.size() + 1 && is_clean(error));
    return;
  }
  const auto written = write_prometheus(*read, format, error);
  if (!written) {
    require(is_clean(error));
    return;
  }
  auto again = parse_prometheus(*written, format, error);
  require(again.has_value());
  require(write_prometheus(*again, format, error) == written);
  if (format == PrometheusFormat::text && !has_types_of_text(*read)) return;
  replace_nan(*read);
  replace_nan(*again);
  sort_samples(*read);
  sort_samples(*again);
  require(again == read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  read_and_write(bytes, PrometheusFormat::text);
  read_and_write(bytes, PrometheusFormat::openmetrics);
  read_and_write(std::string{bytes} + "\n# EOF\n", PrometheusFormat::openmetrics);
  return 0;
}
