#pragma once

// What a given server accepts, as data: how tags are written, which types it knows, what a signed gauge
// means. Whatever a profile cannot express is mapped by the rule that stands at the field, or refused and
// counted, never sent wrong. A profile of your own is a Profile with the fields that differ. Sources, read in
// the servers' code: statsd/statsd stats.js; datadog-agent comp/dogstatsd/server/impl; telegraf
// plugins/inputs/statsd/statsd.go; statsd_exporter pkg/line/line.go; opentelemetry-collector-contrib
// receiver/statsdreceiver; vector src/sources/statsd/parser.rs; amazon-cloudwatch-agent
// plugins/inputs/statsd.

#include <string_view>

#include "statwire/protocol/number.hpp"

namespace statwire {

/// Where the tags of a line stand.
enum class TagSyntax {
  dogstatsd,  ///< After type and rate: `name:1|c|#key:value,label`.
  influx,     ///< In the name: `name,key=value:1|c`.
  graphite,   ///< In the name: `name;key=value:1|c`.
  signalfx,   ///< In the name: `name[key=value]:1|c`.
  librato,    ///< In the name: `name#key=value:1|c`.
};

/// What a server accepts.
struct Profile {
  std::string_view name{};
  TagSyntax tags = TagSyntax::dogstatsd;
  bool labels = false;          ///< Tags without a value. Else they get the value `true`.
  bool colons_in_tags = false;  ///< A tag's value may hold `:` and UTF-8. Else these become `_`.
  bool signed_gauges = true;    ///< `+3|g` is a change. Else changes are summed here and the sum is sent.
  bool packed = false;          ///< `name:1:2:3|ms`. Else each value has a line.
  bool sets = true;             ///< `s`. Else sets are refused.
  bool histograms = false;  ///< `h`. Else sent as `ms`, which servers treat alike; negative ones are refused.
  bool negative_values = false;  ///< Of histograms and distributions. Else these are dropped as invalid.
  bool distributions = false;    ///< `d`. Else sent as histograms are.
  bool timestamps = false;   ///< `|T1700000000` on counters and gauges. Else samples with one are refused.
  bool empty_lines = false;  ///< Skips empty lines, so datagrams may be filled up and sent many at a time.
  /// `_e{...` and `_sc|...`. Else refused. Where they are, a name that begins with `_sc` begins with `-sc`.
  bool events = false;
  /// Of gauges and timings. Servers read either; six are for what compares bytes with pystatsd's.
  protocol::Decimals decimals = protocol::Decimals::fewest;
};

namespace profiles {

/// The reference daemon, statsd/statsd; it keeps tags as Graphite's. An unknown type would be counted there
/// as a counter.
inline constexpr Profile etsy{.name = "etsy", .empty_lines = true};
/// The same daemon, and the bytes that sivy/pystatsd sends it: `42.000000|g`.
inline constexpr Profile pystatsd{
    .name = "pystatsd", .empty_lines = true, .decimals = protocol::Decimals::six};
/// The Datadog agent from 7.40 (6.40) on.
inline constexpr Profile dogstatsd{.name = "dogstatsd",
                                   .labels = true,
                                   .colons_in_tags = true,
                                   .signed_gauges = false,
                                   .packed = true,
                                   .histograms = true,
                                   .negative_values = true,
                                   .distributions = true,
                                   .timestamps = true,
                                   .empty_lines = true,
                                   .events = true};
/// Telegraf splits a line at every colon and loses packed lines.
inline constexpr Profile telegraf{.name = "telegraf", .tags = TagSyntax::influx, .histograms = true};
/// prometheus/statsd_exporter takes packed values only without tags, so none are packed.
inline constexpr Profile statsd_exporter{.name = "statsd_exporter",
                                         .sets = false,
                                         .histograms = true,
                                         .negative_values = true,
                                         .distributions = true};
/// The OpenTelemetry collector.
inline constexpr Profile otel{.name = "otel",
                              .sets = false,
                              .histograms = true,
                              .negative_values = true,
                              .distributions = true,
                              .timestamps = true};
inline constexpr Profile vector{
    .name = "vector", .labels = true, .histograms = true, .negative_values = true, .distributions = true};
/// The CloudWatch agent, a fork of Telegraf's plugin.
inline constexpr Profile cloudwatch{.name = "cloudwatch", .histograms = true};
/// statsd/statsd from 0.9 on in front of Graphite 1.1 tags.
inline constexpr Profile graphite{.name = "graphite", .tags = TagSyntax::graphite};
inline constexpr Profile signalfx{.name = "signalfx", .tags = TagSyntax::signalfx};
/// Librato and Sysdig; statsd/statsd needs keyNameSanitize: false for it.
inline constexpr Profile librato{.name = "librato", .tags = TagSyntax::librato};

}  // namespace profiles
}  // namespace statwire
