#include "statwire/protocol/endpoint.hpp"

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using statwire::Endpoint;
using statwire::EndpointError;
using Kind = statwire::Endpoint::Kind;

TEST_CASE("endpoint: each form is read, and printed so that it reads the same") {
  struct Form {
    std::string_view text;
    Endpoint endpoint;
    std::string_view printed;
  };
  const std::vector<Form> forms{
      {"udp://host:8125", {.host = "host"}, "udp://host:8125"},
      {"udp://host", {.host = "host"}, "udp://host:8125"},
      {"udp://10.0.0.1:1", {.host = "10.0.0.1", .port = 1}, "udp://10.0.0.1:1"},
      {"udp://[::1]:65535", {.host = "::1", .port = 65535}, "udp://[::1]:65535"},
      {"udp://[fe80::1%lo]", {.host = "fe80::1%lo"}, "udp://[fe80::1%lo]:8125"},
      {"tcp://a_b-c.d:2003", {.kind = Kind::tcp, .host = "a_b-c.d", .port = 2003}, "tcp://a_b-c.d:2003"},
      {"unix:///run/dsd.sock",
       {.kind = Kind::unix_datagram, .path = "/run/dsd.sock"},
       "unix:///run/dsd.sock"},
      {"unixgram:///a b", {.kind = Kind::unix_datagram, .path = "/a b"}, "unix:///a b"},
      {"unix://@statsd", {.kind = Kind::unix_datagram, .path = "@statsd"}, "unix://@statsd"},
      {"unixstream:///s", {.kind = Kind::unix_stream, .path = "/s"}, "unixstream:///s"},
      {"null:", {.kind = Kind::null}, "null:"},
  };
  for (const Form& form : forms) {
    CAPTURE(form.text);
    EndpointError error;
    const auto endpoint = statwire::parse_endpoint(form.text, error);
    REQUIRE_MESSAGE(endpoint, error.message());
    CHECK(error.expected.empty());
    CHECK((*endpoint == form.endpoint));
    CHECK(to_string(*endpoint) == form.printed);
    CHECK((statwire::parse_endpoint(form.printed, error) == endpoint));
  }
}

TEST_CASE("endpoint: what is wrong is named with its place and with what is legal there") {
  struct Mistake {
    std::string_view text;
    std::string_view message;
  };
  const std::string long_path = "unix:///" + std::string(107, 'x');
  const std::vector<Mistake> mistakes{
      {"", "at byte 0: expected udp://, tcp://, unix://, unixgram://, unixstream:// or null:"},
      {"http://host", "at byte 0: expected udp://, tcp://, unix://, unixgram://, unixstream:// or null:"},
      {"localhost:8125", "at byte 0: expected udp://, tcp://, unix://, unixgram://, unixstream:// or null:"},
      {"udp://", "at byte 6: expected a host name, an IPv4 address, or an IPv6 address in brackets"},
      {"udp://:8125", "at byte 6: expected a host name, an IPv4 address, or an IPv6 address in brackets"},
      {"udp://host/x", "at byte 10: expected ':' and a port, or the end"},
      {"udp://host:", "at byte 11: expected a port from 1 to 65535"},
      {"udp://host:0", "at byte 11: expected a port from 1 to 65535"},
      {"udp://host:65536", "at byte 11: expected a port from 1 to 65535"},
      {"udp://host:-1", "at byte 11: expected a port from 1 to 65535"},
      {"udp://host:81x", "at byte 13: expected a port from 1 to 65535"},
      {"udp://::1:8125", "at byte 6: expected a host name, an IPv4 address, or an IPv6 address in brackets"},
      {"udp://[::1", "at byte 10: expected ']' after the IPv6 address"},
      {"udp://[host]", "at byte 7: expected an IPv6 address"},
      {"unix://run/x", "at byte 7: expected an absolute path, or '@' and a name"},
      {"unixstream://", "at byte 13: expected an absolute path, or '@' and a name"},
      {"unix://@", "at byte 8: expected a path of more than one byte"},
      {{"unix:///a\0b", 11}, "at byte 9: expected a path without a NUL"},
      {long_path, "at byte 114: expected a path of at most 107 bytes"},
      {"null:x", "at byte 5: expected nothing after 'null:'"},
  };
  for (const Mistake& mistake : mistakes) {
    CAPTURE(mistake.text);
    EndpointError error;
    CHECK(!statwire::parse_endpoint(mistake.text, error));
    CHECK(error.message() == mistake.message);
  }
}
