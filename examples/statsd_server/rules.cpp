#include "statsd_server/rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <statwire/protocol/endpoint.hpp>
#include <statwire/protocol/number.hpp>
#include <utility>

#include "duration.hpp"

namespace statsd_server {
namespace {

using statwire::server::Flavour;
using statwire::server::Senders;
using std::chrono::milliseconds;

constexpr std::int64_t most = 1'000'000'000;
constexpr milliseconds longest = std::chrono::hours{24};

constexpr std::string_view none = "none";

template <class Value>
std::optional<Optional<Value>> or_none(std::string_view text,
                                       std::optional<Value> (*read)(std::string_view)) {
  if (text == none) return Optional<Value>{};
  std::optional<Value> value = read(text);
  if (!value) return std::nullopt;
  return Optional<Value>{std::move(value)};
}

template <class Integer>
std::optional<Integer> integer_from(std::string_view text, std::int64_t least, std::int64_t greatest) {
  const std::optional<std::int64_t> value = statwire::protocol::parse_integer(text);
  if (!value || *value < least || *value > greatest) return std::nullopt;
  return static_cast<Integer>(*value);
}

/// A number without a unit counts in `unit`.
std::optional<milliseconds> duration_from(std::string_view text, milliseconds unit, milliseconds least) {
  std::optional<milliseconds> time = example::parse_duration(text);
  if (const auto count = integer_from<std::int64_t>(text, 0, longest / unit)) time = *count * unit;
  if (!time || *time < least || *time > longest) return std::nullopt;
  return time;
}

template <class Value, std::size_t size>
std::optional<Value> word_from(const std::pair<std::string_view, Value> (&words)[size],
                               std::string_view text) {
  for (const auto& [word, value] : words) {
    if (word == text) return value;
  }
  return std::nullopt;
}

}  // namespace

namespace rules {

std::optional<example::ListenAddress> read_listen(std::string_view text) {
  return example::parse_listen_address(text);
}

std::optional<Optional<example::ListenAddress>> read_listen_or_none(std::string_view text) {
  return or_none(text, read_listen);
}

std::optional<std::string> read_address(std::string_view text) {
  const bool is_v6 = text.find(':') != text.npos;
  const std::string host{text};
  const auto parsed = read_listen((is_v6 ? "[" + host + "]" : host) + ":1");
  if (!parsed) return std::nullopt;
  return parsed->host;
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  return integer_from<std::uint16_t>(text, 1, std::numeric_limits<std::uint16_t>::max());
}

std::optional<Optional<std::uint16_t>> read_port_or_none(std::string_view text) {
  return or_none(text, read_port);
}

std::optional<std::string> read_unix_path(std::string_view text) {
  if (text == none) return "";
  statwire::EndpointError error;
  const auto parsed = statwire::parse_endpoint("unix://" + std::string{text}, error);
  if (!parsed) return std::nullopt;
  return parsed->path;
}

std::optional<std::string> read_graphite(std::string_view text) {
  if (text == none) return "";
  constexpr std::string_view pickle = "pickle://";
  const std::string_view peer = text.starts_with(pickle) ? text.substr(pickle.size()) : text;
  if (!example::parse_host_and_port(peer)) return std::nullopt;
  return std::string{text};
}

std::optional<std::string> read_endpoint(std::string_view text) {
  statwire::EndpointError error;
  const auto parsed = statwire::parse_endpoint(text, error);
  if (!parsed || parsed->kind == statwire::Endpoint::Kind::null) return std::nullopt;
  return std::string{text};
}

std::optional<milliseconds> read_interval(std::string_view text) {
  return duration_from(text, milliseconds{1}, milliseconds{1});
}

std::optional<milliseconds> read_timeout(std::string_view text) {
  return duration_from(text, milliseconds{1}, milliseconds{0});
}

std::optional<std::chrono::seconds> read_seconds(std::string_view text) {
  const auto time = duration_from(text, std::chrono::seconds{1}, std::chrono::seconds{1});
  if (!time) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::seconds>(*time);
}

std::optional<std::chrono::seconds> read_expiry(std::string_view text) {
  const auto parsed = integer_from<std::int64_t>(text, 0, most);
  if (!parsed) return std::nullopt;
  return std::chrono::seconds{*parsed};
}

std::optional<double> read_percentile(std::string_view text) {
  constexpr double whole = 100;
  const std::optional<double> value = statwire::protocol::parse_float(text);
  if (!value || !(std::abs(*value) <= whole)) return std::nullopt;
  return value;
}

std::optional<int> read_threshold(std::string_view text) {
  constexpr int whole = 100;
  return integer_from<int>(text, 1, whole);
}

std::optional<int> read_flushes(std::string_view text) {
  return integer_from<int>(text, 1, most);
}

std::optional<std::size_t> read_count(std::string_view text) {
  return integer_from<std::size_t>(text, 1, most);
}

std::optional<std::size_t> read_sockets(std::string_view text) {
  constexpr int most_sockets = 256;
  return integer_from<std::size_t>(text, 1, most_sockets);
}

std::optional<std::size_t> read_buffer(std::string_view text) {
  return integer_from<std::size_t>(text, 0, std::numeric_limits<std::int32_t>::max());
}

std::optional<std::size_t> read_spool(std::string_view text) {
  return integer_from<std::size_t>(text, 65'536, 1'000'000'000'000);
}

std::optional<std::string> read_path_part(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; })) {
    return std::nullopt;
  }
  return std::string{text};
}

std::optional<std::string> read_timer_metric(std::string_view text) {
  // Of a percentile with a point the reference leaves the digits before it, as in upper_99_percent.
  const auto& names = statwire::server::timer_metric_names;
  const bool is_known = std::find(names.begin(), names.end(), text) != names.end();
  if (!is_known && !text.ends_with("_percent")) return std::nullopt;
  return std::string{text};
}

std::optional<Flavour> read_flavour(std::string_view text) {
  constexpr std::pair<std::string_view, Flavour> words[]{{"statsd", Flavour::statsd},
                                                         {"pystatsd", Flavour::pystatsd}};
  return word_from(words, text);
}

std::optional<Senders> read_senders(std::string_view text) {
  constexpr std::pair<std::string_view, Senders> words[]{{"statsd", Senders::statsd},
                                                         {"dogstatsd", Senders::dogstatsd}};
  return word_from(words, text);
}

}  // namespace rules

std::string in_quotes(std::string_view text) {
  constexpr std::size_t enough = 60;
  if (text.size() <= enough) return "'" + std::string{text} + "'";
  return "'" + std::string{text.substr(0, enough)} + "...'";
}

}  // namespace statsd_server
