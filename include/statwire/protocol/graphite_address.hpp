#pragma once

// Where Graphite listens, as one line of text, for configuration files and environment variables:
//
//   carbon   10.0.0.1:2003   [::1]:2003          (the port of the protocol when none is given)
//   tcp://carbon:2003                            (the same)
//   pickle://carbon:2004                         (the pickle protocol)
//
// Parses; opens nothing.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/protocol/endpoint.hpp"

namespace statwire {

/// How points are said to Graphite.
enum class GraphiteFormat {
  plaintext,  ///< `path value timestamp` lines, which everything takes that calls itself Graphite.
  pickle,     ///< What carbon's pickle receiver takes: half the work for it, and about the same bytes.
};

/// The port where carbon takes a format.
constexpr std::uint16_t default_graphite_port(GraphiteFormat format) noexcept {
  return format == GraphiteFormat::pickle ? 2004 : 2003;
}

/// A listener of Graphite.
struct GraphiteAddress {
  std::string host{};  ///< A name, or an address without brackets.
  std::uint16_t port = default_graphite_port(GraphiteFormat::plaintext);
  GraphiteFormat format = GraphiteFormat::plaintext;

  bool operator==(const GraphiteAddress&) const = default;
};

/// Reads an address, or says in `error` what is wrong and where. The format is the given one unless the
/// address says pickle.
inline std::optional<GraphiteAddress> parse_graphite_address(std::string_view text, GraphiteFormat format,
                                                             EndpointError& error) {
  constexpr std::string_view scheme_end = "://";
  const std::size_t end = text.find(scheme_end);
  std::size_t begin = 0;
  if (end != std::string_view::npos) {
    const std::string_view scheme = text.substr(0, end);
    if (scheme != "tcp" && scheme != "pickle") {
      error = {0, "a host, tcp:// or pickle://"};
      return std::nullopt;
    }
    if (scheme == "pickle") format = GraphiteFormat::pickle;
    begin = end + scheme_end.size();
  }
  protocol::EndpointParser parser{text};
  std::optional<Endpoint> endpoint = parser.parse_tcp(begin, default_graphite_port(format));
  error = parser.error();
  if (!endpoint) return std::nullopt;
  return GraphiteAddress{std::move(endpoint->host), endpoint->port, format};
}

}  // namespace statwire
