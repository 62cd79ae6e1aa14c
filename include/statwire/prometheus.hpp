#pragma once

// Pages for Prometheus, written and read: its own text 0.0.4, and OpenMetrics 1.0.0.
//
//   const std::vector<statwire::PrometheusFamily> families{
//       {.name = "orders", .type = statwire::PrometheusType::gauge, .help = "Orders of five minutes",
//        .samples = {{.name = "orders", .labels = {{"shop", "north"}}, .value = 17}}}};
//   std::string page = statwire::write_prometheus(families);
//   const auto read = statwire::parse_prometheus(page);
//   const statwire::PrometheusSample* orders = statwire::find_sample(read, "orders");
//
// The same families can be written in both formats. What a format forbids is refused, with a message that
// names it and what is legal: a name that is none, a label twice, a sample twice, a family whose name another
// has, a sample that is not called as those of its type, a bucket without bound; in OpenMetrics also a
// counter below 0, buckets in disorder, and what else openmetrics_rules.hpp lists. Text of any bytes is made
// legal: what is no UTF-8 becomes U+FFFD, quotes, backslashes and line feeds are escaped, NUL and other
// control characters are legal and stay. A label with an empty value is left out, as it is none to
// Prometheus.
//
// Reading takes what either promtool or Python's prometheus_client takes; protocol/prometheus_parse.hpp names
// what it does not. Names in quotes, which Prometheus 3 has, are not among it.
//
// Why not prometheus-cpp: Debian's release of it, 1.0.1, puts help on the page as it is, so that a backslash
// or a line feed in it makes a page that promtool refuses. It has no reader and no OpenMetrics either.
//
// No I/O, no sockets. Threads: every call stands alone.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/detail/config.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/prometheus_family.hpp"
#include "statwire/protocol/prometheus_text.hpp"

namespace statwire {

/// The Content-Type of a page: `text/plain; version=0.0.4; charset=utf-8`, or
/// `application/openmetrics-text; version=1.0.0; charset=utf-8`.
constexpr std::string_view prometheus_content_type(PrometheusFormat format) noexcept {
  return format == PrometheusFormat::text ? protocol::prometheus_content_type
                                          : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

/// Writes a page: of each family HELP (also an empty one: `# HELP orders `), TYPE, UNIT, and its samples,
/// `orders{shop="north"} 17 1642667947000`; in OpenMetrics times are seconds (`1642667947.5`) and `# EOF` is
/// the last line. A counter is called `hits_total` as in the text, or `hits` with samples `hits_total` as in
/// OpenMetrics; either is written in both formats. What the text has no place for is left out, and types that
/// it does not know become others (protocol/prometheus_write.hpp).
///
/// Returns nothing, and sets `error`, when a family holds what the format forbids. Time and memory: those of
/// the text, and n log n for what must not come twice.
[[nodiscard]] STATWIRE_DECL std::optional<std::string> write_prometheus(
    std::span<const PrometheusFamily> families, PrometheusFormat format, PrometheusError& error);

/// The same; throws ClientError errc::invalid_family.
[[nodiscard]] STATWIRE_DECL std::string write_prometheus(std::span<const PrometheusFamily> families,
                                                         PrometheusFormat format = PrometheusFormat::text);

/// Reads a page. Families come in the order in which the page first names them, each name once, samples in
/// that of the page; a sample without TYPE makes an untyped family. In the text, a counter is called as its
/// samples are; in OpenMetrics without `_total`. The last HELP and TYPE of a name count. Times are rounded to
/// milliseconds; a number too large for a double is infinite. Labels with an empty value are left out. What
/// the types ask of their samples is not checked.
///
/// Returns nothing, and sets `error`, when the page is none: its line, what stands there, and what is legal.
/// An OpenMetrics page without `# EOF` is none, as it may have been cut. Time n log n, memory at most 150
/// bytes for each byte of the page.
[[nodiscard]] STATWIRE_DECL std::optional<std::vector<PrometheusFamily>> parse_prometheus(
    std::string_view page, PrometheusFormat format, PrometheusError& error);

/// The same; throws ClientError errc::invalid_page.
[[nodiscard]] STATWIRE_DECL std::vector<PrometheusFamily> parse_prometheus(
    std::string_view page, PrometheusFormat format = PrometheusFormat::text);

/// Finds the first sample of exactly this name, suffix included, whatever its labels; null when there is
/// none. Points into the families. Looks at every sample.
[[nodiscard]] STATWIRE_DECL const PrometheusSample* find_sample(std::span<const PrometheusFamily> families,
                                                                std::string_view name) noexcept;

/// Finds the first sample of exactly this name with exactly these labels, in any order.
[[nodiscard]] STATWIRE_DECL const PrometheusSample* find_sample(std::span<const PrometheusFamily> families,
                                                                std::string_view name,
                                                                const std::vector<PrometheusLabel>& labels);

// A temporary would be gone before what is found in it is looked at.
const PrometheusSample* find_sample(std::vector<PrometheusFamily>&&, std::string_view) = delete;
const PrometheusSample* find_sample(std::vector<PrometheusFamily>&&, std::string_view,
                                    const std::vector<PrometheusLabel>&) = delete;

}  // namespace statwire

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/impl/prometheus.ipp"
#endif
