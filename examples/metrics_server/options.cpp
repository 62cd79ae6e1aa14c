#include "metrics_server/options.hpp"

#include <utility>

#include "command_line.hpp"

namespace metrics_server {
namespace {

example::ListenAddress read_listen(const char* flag, const std::string& text) {
  return example::read_listen_address(flag, text, "8888");
}

std::string read_path(const char* flag, const std::string& text) {
  if (text.empty() || text.starts_with(':')) {  // which SQLite would keep in memory
    example::refuse(flag, "'" + text + "' is not the path of a file");
  }
  return text;
}

Forward read_forward(const char* flag, const std::string& text) {
  std::optional<Forward> forward = parse_forward(text);
  if (!forward) {
    example::refuse(
        flag, "'" + text +
                  "' is neither graphite://host:port nor opentsdb://host:port, with a port from 1 to 65535");
  }
  return *std::move(forward);
}

void add_flags(example::CommandLine& line, Options& options) {
  line.add_value("--listen", "ADDRESS:PORT", options.listen, "Where to listen (default 127.0.0.1:8888)",
                 read_listen);
  line.add_value("--store", "PATH", options.store,
                 "Keep the points in this SQLite database (default: in memory)", read_path);
  line.add_value("--max-connections", "N", options.max_connections,
                 "Refuse clients beyond so many (default 10000)", example::read_count);
  line.add_value("--max-series", "N", options.max_series,
                 "Refuse puts of new keys beyond so many (default 1000000)", example::read_count);
  line.add_value("--forward", "URL", options.forward,
                 "Pass every point on to graphite://host:port or opentsdb://host:port", read_forward);
}

}  // namespace

std::optional<Forward> parse_forward(std::string_view text) {
  using statwire::server::ForwardingFormat;
  constexpr std::pair<std::string_view, ForwardingFormat> schemes[]{
      {"graphite://", ForwardingFormat::graphite}, {"opentsdb://", ForwardingFormat::opentsdb}};
  for (const auto& [scheme, format] : schemes) {
    if (!text.starts_with(scheme)) continue;
    std::optional<statwire::Endpoint> endpoint = example::parse_host_and_port(text.substr(scheme.size()));
    if (!endpoint) return std::nullopt;
    return Forward{.format = format,
                   .host = std::move(endpoint->host),
                   .port = endpoint->port,
                   .text = std::string{text}};
  }
  return std::nullopt;
}

example::Command<Options> parse_options(int argc, const char* const* argv) {
  example::CommandLine line{
      "metrics_server",
      "Serves `put key value timestamp` and `get key` over TCP, until SIGTERM or SIGINT.\n"
      "With --store, a put is answered once it is on the disk.",
      "The protocol has no password: whoever reaches the address may read and write."};
  return example::parse_command<Options>(line, argc, argv, add_flags);
}

}  // namespace metrics_server
