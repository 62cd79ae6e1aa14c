#include "statwire/server/packet_backlog.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using statwire::server::PacketBacklog;

namespace {

std::vector<std::string> packets_of(const PacketBacklog& backlog) {
  std::vector<std::string> packets;
  std::array<std::string_view, 8> found;
  const std::size_t count = backlog.front(found);
  packets.assign(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count));
  return packets;
}

}  // namespace

TEST_CASE("packet backlog: packets come back as they came, empty ones too") {
  PacketBacklog backlog{1000};
  CHECK(backlog.empty());
  for (const char* packet : {"a:1|c\n", "", "b\n\nc"}) CHECK(backlog.add(packet));
  CHECK_FALSE(backlog.empty());
  CHECK(packets_of(backlog) == std::vector<std::string>{"a:1|c\n", "", "b\n\nc"});
  backlog.pop(1);
  CHECK(packets_of(backlog) == std::vector<std::string>{"", "b\n\nc"});
  CHECK(backlog.add("d"));
  CHECK(packets_of(backlog) == std::vector<std::string>{"", "b\n\nc", "d"});
  backlog.pop(3);
  CHECK(backlog.empty());
  CHECK(packets_of(backlog).empty());
}

TEST_CASE("packet backlog: it is bounded, and what is small still fits when what is large does not") {
  PacketBacklog backlog{3 * sizeof(std::size_t) + 10};
  CHECK(backlog.add("1234567"));
  CHECK_FALSE(backlog.add("123456789012"));
  CHECK(backlog.add("123"));
  CHECK(backlog.add(""));
  CHECK_FALSE(backlog.add(""));
  CHECK(packets_of(backlog) == std::vector<std::string>{"1234567", "123", ""});
  backlog.pop(3);
  CHECK(backlog.add("12345"));
}

TEST_CASE("packet backlog: a bound of nothing takes nothing") {
  PacketBacklog backlog{0};
  CHECK_FALSE(backlog.add(""));
  CHECK_FALSE(backlog.add("a"));
}
