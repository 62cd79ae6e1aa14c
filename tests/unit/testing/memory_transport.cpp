#include "statwire/testing/memory_transport.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "statwire/transport/concepts.hpp"
#include "support/memory_statsd.hpp"

namespace {

using namespace std::string_view_literals;
using statwire::testing::MemoryTransport;
using Texts = std::vector<std::string>;

static_assert(statwire::DatagramTransport<MemoryTransport>);

}  // namespace

TEST_CASE("memory_transport: it keeps a copy of every datagram, in order") {
  MemoryTransport transport;
  CHECK(transport.datagrams().empty());
  CHECK(transport.lines().empty());
  std::string bytes = "a:1|c";
  CHECK_FALSE(transport.send(bytes));
  bytes = "b:2|g";
  CHECK_FALSE(transport.send(bytes));
  CHECK_FALSE(transport.send("c\0d"sv));
  CHECK(transport.datagrams() == Texts{"a:1|c", "b:2|g", std::string{"c\0d"sv}});
}

TEST_CASE("memory_transport: lines are those of all datagrams, and a line feed too many shows") {
  struct Case {
    Texts datagrams;
    Texts lines;
  };
  const std::vector<Case> cases{
      {{"a:1|c"}, {"a:1|c"}},
      {{"a:1|c\nb:2|g", "c:3|ms"}, {"a:1|c", "b:2|g", "c:3|ms"}},
      {{"a:1|c\n"}, {"a:1|c", ""}},
      {{"\na:1|c"}, {"", "a:1|c"}},
      {{"a:1|c\n\nb:2|g"}, {"a:1|c", "", "b:2|g"}},
      {{""}, {""}},
  };
  for (const Case& c : cases) {
    MemoryTransport transport;
    for (const std::string& datagram : c.datagrams) CHECK_FALSE(transport.send(datagram));
    CAPTURE(c.datagrams.front());
    CHECK(transport.lines() == c.lines);
  }
}

TEST_CASE("memory_transport: it forgets when it is cleared, and goes on") {
  MemoryTransport transport;
  CHECK_FALSE(transport.send("a"));
  transport.clear();
  CHECK(transport.datagrams().empty());
  CHECK(transport.lines().empty());
  CHECK_FALSE(transport.send("b"));
  CHECK(transport.datagrams() == Texts{"b"});
}

TEST_CASE("memory_transport: told to fail it keeps nothing, until it is told to succeed") {
  MemoryTransport transport;
  const std::error_code refused = std::make_error_code(std::errc::connection_refused);
  CHECK_FALSE(transport.send("a"));
  transport.fail_with(refused);
  CHECK(transport.send("b") == refused);
  CHECK(transport.send("c") == refused);
  transport.fail_with({});
  CHECK_FALSE(transport.send("d"));
  CHECK(transport.datagrams() == Texts{"a", "d"});
}
