#include "listen_address.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace example;

TEST_CASE("listen address: an address and a port, and back") {
  for (const std::string_view text : {"127.0.0.1:8888", "0.0.0.0:1", "[::1]:65535", "[fe80::1%eth0]:8888"}) {
    CAPTURE(text);
    const auto address = parse_listen_address(text);
    REQUIRE(address);
    CHECK(to_string(*address) == text);
  }
  for (const std::string_view text :
       {"", ":8888", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "localhost:8888",
        "::1:8888", "[::1]", "1.2.3:1", "127.0.0.1:8888x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_listen_address(text));
  }
}

TEST_CASE("listen address: which addresses others reach") {
  for (const std::string_view text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1"})
    CHECK(is_loopback(*parse_listen_address(text)));
  for (const std::string_view text : {"0.0.0.0:1", "10.0.0.127:1", "[::]:1", "[fe80::1%lo]:1"}) {
    CHECK_FALSE(is_loopback(*parse_listen_address(text)));
  }
}

TEST_CASE("listen address: a place to pass things on to may be a name, and has a port") {
  const auto endpoint = parse_host_and_port("graphite.example:2003");
  REQUIRE(endpoint);
  CHECK(endpoint->host == "graphite.example");
  CHECK(endpoint->port == 2003);
  for (const std::string_view text : {"", "a", "a:", ":1", "a:0", "a:65536", "a:1/b", "::1:1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_host_and_port(text));
  }
}
