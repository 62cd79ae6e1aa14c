#pragma once

// Where metrics go, as one line of text, for configuration files and environment variables:
//
//   udp://host:8125   udp://[::1]:8125   udp://host          (port 8125 when none is given)
//   unix:///run/dsd.sock   unixgram:///run/dsd.sock          (datagrams; unix://@name: abstract, Linux)
//   unixstream:///run/dsd.sock                               (frames of a stream)
//   tcp://host:8125                                          (lines)
//   null:                                                    (nowhere)
//
// Parses and prints; opens nothing (see transport/endpoint.hpp).

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace statwire {

/// A destination. `host` and `port` belong to udp and tcp, `path` to the Unix sockets.
struct Endpoint {
  enum class Kind { udp, unix_datagram, unix_stream, tcp, null };

  static constexpr std::uint16_t default_port = 8125;

  Kind kind = Kind::udp;
  std::string host{};  ///< A name, or an address without brackets.
  std::uint16_t port = default_port;
  std::string path{};  ///< Of a socket; `@name` in Linux's abstract namespace.

  bool operator==(const Endpoint&) const = default;
};

/// Why a text is no endpoint.
struct EndpointError {
  std::size_t offset = 0;  ///< The first byte that is wrong; the size of the text when something is missing.
  std::string_view expected{};  ///< What is legal there; a literal.

  std::string message() const {
    return "at byte " + std::to_string(offset) + ": expected " + std::string{expected};
  }
};

namespace protocol {

/// Reads an endpoint from left to right, and remembers the first thing that is wrong.
class EndpointParser {
 public:
  explicit EndpointParser(std::string_view text) noexcept : text_{text} {}

  std::optional<Endpoint> parse() {
    Endpoint endpoint;
    if (take("udp://")) {
      endpoint.kind = Endpoint::Kind::udp;
      host_and_port(endpoint);
    } else if (take("tcp://")) {
      endpoint.kind = Endpoint::Kind::tcp;
      host_and_port(endpoint);
    } else if (take("unix://") || take("unixgram://")) {
      endpoint.kind = Endpoint::Kind::unix_datagram;
      path(endpoint);
    } else if (take("unixstream://")) {
      endpoint.kind = Endpoint::Kind::unix_stream;
      path(endpoint);
    } else if (take("null:")) {
      endpoint.kind = Endpoint::Kind::null;
      if (at_ < text_.size()) fail(at_, "nothing after 'null:'");
    } else {
      fail(0, "udp://, tcp://, unix://, unixgram://, unixstream:// or null:");
    }
    if (!error_.expected.empty()) return std::nullopt;
    return endpoint;
  }

  /// Reads `host`, `host:port` or `[address]:port` from byte `begin` to the end, for what is always TCP.
  std::optional<Endpoint> parse_tcp(std::size_t begin, std::uint16_t default_port) {
    at_ = begin;
    Endpoint endpoint{.kind = Endpoint::Kind::tcp, .port = default_port};
    host_and_port(endpoint);
    if (!error_.expected.empty()) return std::nullopt;
    return endpoint;
  }

  const EndpointError& error() const noexcept { return error_; }

 private:
  bool take(std::string_view word) noexcept {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  void fail(std::size_t offset, std::string_view expected) noexcept {
    if (error_.expected.empty()) error_ = {offset, expected};
  }

  void host_and_port(Endpoint& endpoint) {
    if (take("[")) {
      address_in_brackets(endpoint);
    } else {
      const std::size_t begin = at_;
      skip_while(is_host_byte);
      endpoint.host = text_.substr(begin, at_ - begin);
      if (endpoint.host.empty()) fail(at_, "a host name, an IPv4 address, or an IPv6 address in brackets");
    }
    if (take(":")) {
      port(endpoint);
    } else if (at_ < text_.size()) {
      fail(at_, "':' and a port, or the end");
    }
  }

  void address_in_brackets(Endpoint& endpoint) {
    const std::size_t begin = at_;
    skip_while([](char byte) { return is_host_byte(byte) || byte == ':' || byte == '%'; });
    endpoint.host = text_.substr(begin, at_ - begin);
    if (endpoint.host.find(':') == std::string::npos) fail(begin, "an IPv6 address");
    if (!take("]")) fail(at_, "']' after the IPv6 address");
  }

  void port(Endpoint& endpoint) {
    const char* const begin = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    const auto [stop, ec] = std::from_chars(begin, end, endpoint.port);
    if (ec != std::errc{} || stop != end || endpoint.port == 0) {
      const bool is_number = ec == std::errc::result_out_of_range || (ec == std::errc{} && stop == end);
      fail(is_number ? at_ : static_cast<std::size_t>(stop - text_.data()), "a port from 1 to 65535");
    }
  }

  void path(Endpoint& endpoint) {
    if (at_ == text_.size() || (text_[at_] != '/' && text_[at_] != '@')) {
      return fail(at_, "an absolute path, or '@' and a name");
    }
    const std::size_t nul = text_.find('\0', at_);
    if (nul != std::string_view::npos) return fail(nul, "a path without a NUL");
    if (text_.size() - at_ == 1) return fail(text_.size(), "a path of more than one byte");
    if (text_.size() - at_ > max_path_bytes) fail(at_ + max_path_bytes, "a path of at most 107 bytes");
    endpoint.path = text_.substr(at_);
  }

  template <class Predicate>
  void skip_while(Predicate&& predicate) noexcept {
    while (at_ < text_.size() && predicate(text_[at_])) ++at_;
  }

  /// What host names and addresses consist of; underscores are in the names of containers.
  static bool is_host_byte(char byte) noexcept {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '.' || byte == '-' || byte == '_';
  }

  static constexpr std::size_t max_path_bytes = 107;  // of Linux; the other systems take 103

  std::string_view text_;
  std::size_t at_ = 0;
  EndpointError error_;
};

}  // namespace protocol

/// Reads an endpoint, or says in `error` what is wrong and where.
inline std::optional<Endpoint> parse_endpoint(std::string_view text, EndpointError& error) {
  protocol::EndpointParser parser{text};
  std::optional<Endpoint> endpoint = parser.parse();
  error = parser.error();
  return endpoint;
}

/// Prints an endpoint, with the port always, so that parse_endpoint reads the same.
inline std::string to_string(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  const std::string address =
      (is_v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
  switch (endpoint.kind) {
    case Endpoint::Kind::udp:
      return "udp://" + address;
    case Endpoint::Kind::tcp:
      return "tcp://" + address;
    case Endpoint::Kind::unix_datagram:
      return "unix://" + endpoint.path;
    case Endpoint::Kind::unix_stream:
      return "unixstream://" + endpoint.path;
    case Endpoint::Kind::null:
      break;
  }
  return "null:";
}

}  // namespace statwire
