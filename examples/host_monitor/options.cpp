#include "host_monitor/options.hpp"

#include <limits>
#include <statwire/protocol/clean.hpp>
#include <statwire/protocol/number.hpp>
#include <utility>

#include "command_line.hpp"
#include "duration.hpp"

namespace host_monitor {
namespace {

using std::chrono::milliseconds;

struct DurationRange {
  milliseconds shortest;
  milliseconds longest;
  const char* text;
};

// The kernel counts processor time in ticks of 10 ms; nothing shorter can be measured.
constexpr DurationRange interval_range{milliseconds{10}, std::chrono::hours{1}, "from 10ms to 1h"};
// Room for the baseline and a first round.
constexpr DurationRange run_range{milliseconds{200}, std::chrono::days{365}, "from 200ms to 8760h"};

milliseconds read_duration(const char* flag, const std::string& text, const DurationRange& range) {
  const std::optional<milliseconds> duration = parse_duration(text);
  if (!duration) {
    example::refuse(
        flag, "'" + text + "' is not a duration; write a number with ms, s, m or h, such as 500ms, 1s or 2m");
  }
  if (*duration < range.shortest || *duration > range.longest)
    example::refuse(flag, text + " is out of range; " + range.text + " is right");
  return *duration;
}

Endpoint read_endpoint(const char* flag, const std::string& text) {
  std::optional<Endpoint> endpoint = parse_endpoint(text);
  if (!endpoint) {
    example::refuse(flag, "'" + text +
                              "' is not host:port; write it as localhost:8125, 10.0.0.1:8125 or "
                              "[::1]:8125, with a port from 1 to 65535");
  }
  return *std::move(endpoint);
}

std::string read_prefix(const char* flag, const std::string& text) {
  std::string clean = text;
  statwire::protocol::copy_clean_name(clean.data(), text);
  if (clean != text || text.starts_with('.') || text.ends_with('.') || text.find("..") != text.npos) {
    example::refuse(flag, "'" + text +
                              "' cannot stand before a name; letters, digits, '_', '-' and single "
                              "dots between them can");
  }
  return text;
}

void add_flags(example::CommandLine& line, Options& options) {
  line.add_value("--statsd", "HOST:PORT", options.statsd,
                 "StatsD server to send to; without it, one is started here", read_endpoint);
  line.add_value("--metrics", "HOST:PORT", options.metrics,
                 "Metrics server to put to; without it, one is started here", read_endpoint);
  line.add_value(
      "--interval", "DURATION", options.interval, "Time between two rounds (default 1s)",
      [](const char* flag, const std::string& text) { return read_duration(flag, text, interval_range); });
  line.add_value(
      "--for", "DURATION", options.run_for, "End after this time (default: at Ctrl-C)",
      [](const char* flag, const std::string& text) { return read_duration(flag, text, run_range); });
  line.add_value("--prefix", "NAME", options.prefix, "Put before every name, with a dot between",
                 read_prefix);
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  const bool needs_brackets = endpoint.host.find(':') != std::string::npos;
  const std::string host = needs_brackets ? '[' + endpoint.host + ']' : endpoint.host;
  return host + ':' + std::to_string(endpoint.port);
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return std::nullopt;  // without brackets, the port could as well be the end of the address
  }
  const bool is_all_digits = port_text.find_first_not_of("0123456789") == port_text.npos;
  const std::optional<std::int64_t> port = statwire::protocol::parse_integer(port_text);
  if (host.empty() || host.find_first_of("[] \t") != host.npos || !is_all_digits || !port || *port < 1 ||
      *port > std::numeric_limits<std::uint16_t>::max())
    return std::nullopt;
  return Endpoint{.host = std::string{host}, .port = static_cast<std::uint16_t>(*port)};
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  return example::parse_duration(text);
}

example::Command<Options> parse_options(int argc, const char* const* argv) {
  example::CommandLine line{
      "host_monitor",
      "Measures processor, memory, disk and network of this machine, sends the figures\n"
      "to a StatsD server and a metrics server, and reads them back at the end.",
      "A DURATION is a number with ms, s, m or h: 500ms, 1s, 2m."};
  return example::parse_command<Options>(line, argc, argv, add_flags);
}

}  // namespace host_monitor
