#include "metrics_server/options.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <CLI/CLI.hpp>
#include <statwire/protocol/endpoint.hpp>
#include <statwire/protocol/number.hpp>
#include <statwire/version.hpp>
#include <utility>

namespace metrics_server {
namespace {

/// Reads `host:port`, both of which have to be there.
std::optional<statwire::Endpoint> parse_host_and_port(std::string_view text) {
  const std::string url = "tcp://" + std::string{text};
  statwire::EndpointError error;
  std::optional<statwire::Endpoint> endpoint = statwire::parse_endpoint(url, error);
  if (!endpoint || statwire::to_string(*endpoint) != url) return std::nullopt;  // without a port
  return endpoint;
}

/// An address as bytes; nothing for a name. The scope of an IPv6 address is left out.
std::optional<in_addr> ipv4(const std::string& host) {
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) != 1) return std::nullopt;
  return address;
}
std::optional<in6_addr> ipv6(const std::string& host) {
  in6_addr address{};
  if (inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &address) != 1) return std::nullopt;
  return address;
}

Address read_address(const char* flag, const std::string& text) {
  std::optional<Address> address = parse_address(text);
  if (!address) {
    throw CLI::ValidationError{flag, "'" + text +
                                         "' is not address:port; write it as 127.0.0.1:8888, 0.0.0.0:8888 or "
                                         "[::1]:8888, with a port from 1 to 65535"};
  }
  return *std::move(address);
}

std::string read_path(const char* flag, const std::string& text) {
  if (text.empty() || text.starts_with(':')) {  // which SQLite would keep in memory
    throw CLI::ValidationError{flag, "'" + text + "' is not the path of a file"};
  }
  return text;
}

Forward read_forward(const char* flag, const std::string& text) {
  std::optional<Forward> forward = parse_forward(text);
  if (!forward) {
    throw CLI::ValidationError{
        flag, "'" + text +
                  "' is neither graphite://host:port nor opentsdb://host:port, with a port from 1 to 65535"};
  }
  return *std::move(forward);
}

std::size_t read_count(const char* flag, const std::string& text) {
  constexpr std::int64_t most = 1'000'000'000;
  const std::optional<std::int64_t> count = statwire::protocol::parse_integer(text);
  if (!count || *count < 1 || *count > most) {
    throw CLI::ValidationError{flag, "'" + text + "' is not a number from 1 to " + std::to_string(most)};
  }
  return static_cast<std::size_t>(*count);
}

/// Adds a flag whose value is read by `read(flag, text)` into `target`.
template <class Target, class Read>
void add_flag(CLI::App& app, const char* flag, const char* type, Target& target, const char* description,
              Read read) {
  app.add_option_function<std::string>(
         flag, [&target, flag, read](const std::string& text) { target = read(flag, text); }, description)
      ->type_name(type)
      ->take_last();
}

void add_flags(CLI::App& app, Options& options) {
  add_flag(app, "--listen", "ADDRESS:PORT", options.listen, "Where to listen (default 127.0.0.1:8888)",
           read_address);
  add_flag(app, "--store", "PATH", options.store,
           "Keep the points in this SQLite database (default: in memory)", read_path);
  add_flag(app, "--max-connections", "N", options.max_connections,
           "Refuse clients beyond so many (default 10000)", read_count);
  add_flag(app, "--max-series", "N", options.max_series,
           "Refuse puts of new keys beyond so many (default 1000000)", read_count);
  add_flag(app, "--forward", "URL", options.forward,
           "Pass every point on to graphite://host:port or opentsdb://host:port", read_forward);
}

std::string version_text() {
  return "metrics_server " + std::to_string(STATWIRE_VERSION_MAJOR) + "." +
         std::to_string(STATWIRE_VERSION_MINOR) + "." + std::to_string(STATWIRE_VERSION_PATCH) + "\n";
}

}  // namespace

std::string to_string(const Address& address) {
  const bool needs_brackets = address.host.find(':') != std::string::npos;
  return (needs_brackets ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

std::optional<Address> parse_address(std::string_view text) {
  std::optional<statwire::Endpoint> endpoint = parse_host_and_port(text);
  if (!endpoint || (!ipv4(endpoint->host) && !ipv6(endpoint->host))) return std::nullopt;
  return Address{.host = std::move(endpoint->host), .port = endpoint->port};
}

bool is_loopback(const Address& address) {
  constexpr unsigned loopback_net = 127;
  if (const auto v4 = ipv4(address.host)) return ntohl(v4->s_addr) >> 24 == loopback_net;
  const auto v6 = ipv6(address.host);
  return v6 && IN6_IS_ADDR_LOOPBACK(&*v6);
}

std::optional<Forward> parse_forward(std::string_view text) {
  using statwire::server::ForwardingFormat;
  constexpr std::pair<std::string_view, ForwardingFormat> schemes[]{
      {"graphite://", ForwardingFormat::graphite}, {"opentsdb://", ForwardingFormat::opentsdb}};
  for (const auto& [scheme, format] : schemes) {
    if (!text.starts_with(scheme)) continue;
    std::optional<statwire::Endpoint> endpoint = parse_host_and_port(text.substr(scheme.size()));
    if (!endpoint) return std::nullopt;
    return Forward{.format = format,
                   .host = std::move(endpoint->host),
                   .port = endpoint->port,
                   .text = std::string{text}};
  }
  return std::nullopt;
}

std::variant<Options, Answer, UsageError> parse_options(int argc, const char* const* argv) {
  CLI::App app{
      "Serves `put key value timestamp` and `get key` over TCP, until SIGTERM or SIGINT.\n"
      "With --store, a put is answered once it is on the disk.",
      "metrics_server"};
  app.footer("The protocol has no password: whoever reaches the address may read and write.");
  app.allow_extras();  // reported below, with what is right
  Options options;
  add_flags(app, options);
  app.add_flag_callback(
      "--version",
      [] {
        throw CLI::CallForVersion{version_text(), 0};
      },
      "Print the version and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Answer{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return Answer{version.what()};
  } catch (const CLI::ArgumentMismatch& error) {
    return UsageError{std::string{error.what()} + "; metrics_server --help shows what each flag takes"};
  } catch (const CLI::ParseError& error) {
    return UsageError{error.what()};
  }
  if (const auto unknown = app.remaining(); !unknown.empty()) {
    return UsageError{"unknown argument '" + unknown.front() +
                      "'; the flags are --listen, --store, --max-connections, --max-series, --forward, "
                      "--help and --version"};
  }
  return options;
}

}  // namespace metrics_server
