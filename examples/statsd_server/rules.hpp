#pragma once

// What the values of statsd_server may be, wherever they are written: each rule reads a text, and says what
// would have been right.

#include <chrono>
#include <cstdint>
#include <optional>
#include <statwire/server/statsd_options.hpp>
#include <string>
#include <string_view>

#include "listen_address.hpp"

namespace statsd_server {

template <class Value>
struct Rule {
  std::optional<Value> (*read)(std::string_view text);
  const char* legal;
};

/// What may be `none`.
template <class Value>
struct Optional {
  std::optional<Value> value;
};

namespace rules {

std::optional<example::ListenAddress> read_listen(std::string_view text);
std::optional<Optional<example::ListenAddress>> read_listen_or_none(std::string_view text);
std::optional<std::string> read_address(std::string_view text);
std::optional<std::uint16_t> read_port(std::string_view text);
std::optional<Optional<std::uint16_t>> read_port_or_none(std::string_view text);
std::optional<std::string> read_unix_path(std::string_view text);
std::optional<std::string> read_graphite(std::string_view text);
std::optional<std::string> read_endpoint(std::string_view text);
std::optional<std::chrono::milliseconds> read_interval(std::string_view text);
std::optional<std::chrono::milliseconds> read_timeout(std::string_view text);
std::optional<std::chrono::seconds> read_seconds(std::string_view text);
std::optional<std::chrono::seconds> read_expiry(std::string_view text);
std::optional<double> read_percentile(std::string_view text);
std::optional<int> read_threshold(std::string_view text);
std::optional<int> read_flushes(std::string_view text);
std::optional<std::size_t> read_count(std::string_view text);
std::optional<std::size_t> read_sockets(std::string_view text);
std::optional<std::size_t> read_buffer(std::string_view text);
std::optional<std::size_t> read_spool(std::string_view text);
std::optional<std::string> read_path_part(std::string_view text);
std::optional<std::string> read_timer_metric(std::string_view text);
std::optional<statwire::server::Flavour> read_flavour(std::string_view text);
std::optional<statwire::server::Senders> read_senders(std::string_view text);

inline constexpr Rule<example::ListenAddress> listen{
    read_listen, "address:port, as 127.0.0.1:8125, 0.0.0.0:8125 or [::1]:8125, with a port from 1 to 65535"};
inline constexpr Rule<Optional<example::ListenAddress>> listen_or_none{
    read_listen_or_none,
    "address:port, as 127.0.0.1:8126 or [::1]:8126, with a port from 1 to 65535, nor 'none'"};
inline constexpr Rule<std::string> address{read_address,
                                           "an IPv4 or IPv6 address, as 127.0.0.1, 0.0.0.0 or ::1"};
inline constexpr Rule<std::uint16_t> port{read_port, "a port from 1 to 65535"};
inline constexpr Rule<Optional<std::uint16_t>> port_or_none{read_port_or_none,
                                                            "a port from 1 to 65535 nor 'none'"};
/// Empty when it is `none`, as the next one.
inline constexpr Rule<std::string> unix_path{
    read_unix_path, "an absolute path of at most 107 bytes, @ and a name (abstract, Linux), nor 'none'"};
inline constexpr Rule<std::string> graphite{
    read_graphite,
    "host:port, as graphite.example:2003, pickle://host:port, with a port from 1 to 65535, nor 'none'"};
inline constexpr Rule<std::string> endpoint{
    read_endpoint, "udp://host:port, tcp://host:port, unix:///path nor unixstream:///path"};
inline constexpr Rule<std::chrono::milliseconds> interval{
    read_interval, "a duration from 1ms to 24h, as 10s or 500ms; a bare number is of milliseconds"};
inline constexpr Rule<std::chrono::milliseconds> timeout{
    read_timeout, "a duration from 1ms to 24h, as 5s or 500ms; a bare number is of milliseconds"};
inline constexpr Rule<std::chrono::seconds> seconds{
    read_seconds, "a duration from 1s to 24h, as 60s; a bare number is of seconds"};
inline constexpr Rule<std::chrono::seconds> expiry{read_expiry,
                                                   "a number of seconds from 0 (never) to 1000000000"};
inline constexpr Rule<double> percentile{read_percentile, "a number from -100 to 100"};
inline constexpr Rule<int> threshold{read_threshold, "a whole number from 1 to 100"};
inline constexpr Rule<int> flushes{read_flushes, "a number from 1 to 1000000000"};
inline constexpr Rule<std::size_t> count{read_count, "a number from 1 to 1000000000"};
inline constexpr Rule<std::size_t> sockets{read_sockets, "a number from 1 to 256"};
inline constexpr Rule<std::size_t> buffer{read_buffer, "a number of bytes from 0 to 2147483647"};
inline constexpr Rule<std::size_t> spool{read_spool, "a number of bytes from 65536 to 1000000000000"};
inline constexpr Rule<std::string> path_part{
    read_path_part, "of printable ASCII without blanks, as Graphite wants its names"};
inline constexpr Rule<std::string> timer_metric{
    read_timer_metric,
    "std, upper, lower, count, count_ps, sum, sum_squares, mean, median, histogram, nor one of a percentile: "
    "count_percent, mean_percent, upper_percent, lower_percent, sum_percent or sum_squares_percent"};
inline constexpr Rule<statwire::server::Flavour> flavour{read_flavour, "statsd nor pystatsd"};
inline constexpr Rule<statwire::server::Senders> senders{read_senders, "statsd nor dogstatsd"};

}  // namespace rules

/// A text of the user's in quotes, cut when it is long.
std::string in_quotes(std::string_view text);

/// What is wrong with a text that a rule does not take.
template <class Value>
std::string refusal(const Rule<Value>& rule, std::string_view text) {
  const std::string_view legal = rule.legal;
  const bool is_choice = legal.find(" nor ") != std::string_view::npos;
  return in_quotes(text) + (is_choice ? " is neither " : " is not ") + rule.legal;
}

}  // namespace statsd_server
