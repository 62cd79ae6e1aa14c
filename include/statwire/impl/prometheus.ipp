#pragma once

// What prometheus.hpp declares; see detail/config.hpp.

#include "statwire/prometheus.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/detail/config.hpp"
#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/openmetrics_parse.hpp"
#include "statwire/protocol/openmetrics_write.hpp"
#include "statwire/protocol/prometheus_check.hpp"
#include "statwire/protocol/prometheus_family.hpp"
#include "statwire/protocol/prometheus_parse.hpp"
#include "statwire/protocol/prometheus_write.hpp"

namespace statwire {

static_assert(prometheus_content_type(PrometheusFormat::openmetrics) == protocol::openmetrics_content_type);

STATWIRE_DECL std::optional<std::string> write_prometheus(std::span<const PrometheusFamily> families,
                                                          PrometheusFormat format, PrometheusError& error) {
  const auto write = [&](auto writer) {
    auto page = writer.write(families);
    error = writer.error();
    return page;
  };
  return format == PrometheusFormat::text ? write(protocol::PrometheusWriter{})
                                          : write(protocol::OpenmetricsWriter{});
}

STATWIRE_DECL std::string write_prometheus(std::span<const PrometheusFamily> families,
                                           PrometheusFormat format) {
  PrometheusError error;
  if (auto page = write_prometheus(families, format, error)) return *std::move(page);
  detail::fail(errc::invalid_family, "statwire: " + error.message());
}

STATWIRE_DECL std::optional<std::vector<PrometheusFamily>> parse_prometheus(std::string_view page,
                                                                            PrometheusFormat format,
                                                                            PrometheusError& error) {
  const auto read = [&](auto reader) {
    auto families = reader.read();
    error = reader.error();
    return families;
  };
  return format == PrometheusFormat::text ? read(protocol::PrometheusReader{page})
                                          : read(protocol::OpenmetricsReader{page});
}

STATWIRE_DECL std::vector<PrometheusFamily> parse_prometheus(std::string_view page, PrometheusFormat format) {
  PrometheusError error;
  if (auto families = parse_prometheus(page, format, error)) return *std::move(families);
  detail::fail(errc::invalid_page, "statwire: " + error.message());
}

STATWIRE_DECL const PrometheusSample* find_sample(std::span<const PrometheusFamily> families,
                                                  std::string_view name) noexcept {
  for (const PrometheusFamily& family : families) {
    for (const PrometheusSample& sample : family.samples) {
      if (sample.name == name) return &sample;
    }
  }
  return nullptr;
}

STATWIRE_DECL const PrometheusSample* find_sample(std::span<const PrometheusFamily> families,
                                                  std::string_view name,
                                                  const std::vector<PrometheusLabel>& labels) {
  const std::string wanted = protocol::label_key(labels);
  for (const PrometheusFamily& family : families) {
    for (const PrometheusSample& sample : family.samples) {
      if (sample.name == name && protocol::label_key(sample.labels) == wanted) return &sample;
    }
  }
  return nullptr;
}

}  // namespace statwire
