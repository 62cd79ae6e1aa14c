#include "statwire/protocol/graphite_address.hpp"

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using statwire::EndpointError;
using statwire::GraphiteAddress;
using statwire::GraphiteFormat;
using statwire::parse_graphite_address;

TEST_CASE("graphite address: each form is read, with the port of its protocol when it has none") {
  struct Form {
    std::string_view text;
    GraphiteFormat format;  // that the options say
    GraphiteAddress address;
  };
  constexpr auto plaintext = GraphiteFormat::plaintext;
  constexpr auto pickle = GraphiteFormat::pickle;
  const std::vector<Form> forms{
      {"127.0.0.1:2003", plaintext, {"127.0.0.1", 2003, plaintext}},
      {"[::1]:1", plaintext, {"::1", 1, plaintext}},
      {"[::1]", plaintext, {"::1", 2003, plaintext}},
      {"carbon", plaintext, {"carbon", 2003, plaintext}},
      {"carbon", pickle, {"carbon", 2004, pickle}},
      {"carbon:8125", plaintext, {"carbon", 8125, plaintext}},
      {"tcp://carbon.local", plaintext, {"carbon.local", 2003, plaintext}},
      {"tcp://carbon:65535", pickle, {"carbon", 65535, pickle}},
      {"pickle://carbon", plaintext, {"carbon", 2004, pickle}},
      {"pickle://[fe80::1%lo]:2104", pickle, {"fe80::1%lo", 2104, pickle}},
  };
  for (const Form& form : forms) {
    CAPTURE(form.text);
    EndpointError error;
    const auto address = parse_graphite_address(form.text, form.format, error);
    REQUIRE_MESSAGE(address, error.message());
    CHECK(error.expected.empty());
    CHECK((*address == form.address));
  }
}

TEST_CASE("graphite address: what is wrong is named with its place and with what is legal there") {
  struct Mistake {
    std::string_view text;
    std::string_view message;
  };
  constexpr std::string_view host = "expected a host name, an IPv4 address, or an IPv6 address in brackets";
  const std::vector<Mistake> mistakes{
      {"", "at byte 0: "},
      {"tcp://", "at byte 6: "},
      {"pickle://:2004", "at byte 9: "},
      {"udp://carbon", "at byte 0: expected a host, tcp:// or pickle://"},
      {"PICKLE://carbon", "at byte 0: expected a host, tcp:// or pickle://"},
      {"carbon:", "at byte 7: expected a port from 1 to 65535"},
      {"carbon:0", "at byte 7: expected a port from 1 to 65535"},
      {"carbon:70000", "at byte 7: expected a port from 1 to 65535"},
      {"carbon:2003/", "at byte 11: expected a port from 1 to 65535"},
      {"carbon 2003", "at byte 6: expected ':' and a port, or the end"},
      {"[carbon]", "at byte 1: expected an IPv6 address"},
      {"[::1", "at byte 4: expected ']' after the IPv6 address"},
  };
  for (const Mistake& mistake : mistakes) {
    CAPTURE(mistake.text);
    EndpointError error;
    CHECK_FALSE(parse_graphite_address(mistake.text, GraphiteFormat::plaintext, error));
    const bool lacks_host = mistake.message.ends_with(' ');
    CHECK(error.message() == std::string{mistake.message} + std::string{lacks_host ? host : ""});
  }
}
