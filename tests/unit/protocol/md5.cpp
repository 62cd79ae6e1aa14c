#include "statwire/protocol/md5.hpp"

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/m3_lists.hpp"

using statwire::protocol::md5_hex;
using statwire::protocol::md5_text;

TEST_CASE("md5: the test suite of RFC 1321") {
  const std::vector<std::pair<std::string_view, std::string_view>> suite{
      {"", "d41d8cd98f00b204e9800998ecf8427e"},
      {"a", "0cc175b9c0f1b6a831c399e269772661"},
      {"abc", "900150983cd24fb0d6963f7d28e17f72"},
      {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
      {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"},
      {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
       "57edf4a22be3c955ac49da2e2107b67a"},
  };
  for (const auto& entry : suite) {
    const auto& bytes = entry.first;
    const auto& hash = entry.second;
    CAPTURE(bytes);
    CHECK(md5_text(bytes) == hash);
  }
}

TEST_CASE("md5: every URL of the cases") {
  const statwire::test::Json cases = statwire::test::m3_list("md5");
  for (const auto& entry : cases.items()) {
    CAPTURE(entry.key());
    CHECK(md5_text(entry.key()) == entry.value().get<std::string>());
  }
}

TEST_CASE("md5: lengths at the edges of a block, as md5sum has them") {
  const std::vector<std::pair<std::size_t, std::string_view>> lengths{
      {55, "04364420e25c512fd958a70738aa8f72"},  {56, "668a72d5ba17f08e62dabcafad6db14b"},
      {57, "693037871c4a9d3d8685018905cb530a"},  {63, "7dc2ca208106a2f703567bdff99d8981"},
      {64, "c1bb4f81d892b2d57947682aeb252456"},  {65, "1bc932052302d074bdec39795fe00cf6"},
      {119, "ab347a5f68c8a443cfcddc633f12c24f"}, {120, "fb98667f98096de92620b64f46e1c5b5"},
      {121, "e8bb0ccd83750100b37f4831cd5d7ee2"}, {127, "a0b28c1da68705c2ff883fe279b72753"},
      {128, "d69cb61a6ee87200676eb0d4b90edbcb"}, {1000000, "ec78dbd963d2fc01e51176ed4dec299e"},
  };
  for (const auto& entry : lengths) {
    const auto& length = entry.first;
    const auto& hash = entry.second;
    CAPTURE(length);
    CHECK(md5_text(std::string(length, 'x')) == hash);
  }
}

TEST_CASE("md5: any bytes, and at compile time") {
  // printf '\0\xff\x80\n' | md5sum
  CHECK(md5_text(std::string_view{"\0\xff\x80\n", 4}) == "1f6d00cbabcca8fc08047742afdf6cf0");
  constexpr auto hash = md5_hex("/desktop");
  static_assert(std::string_view{hash.data(), hash.size()} == "e1fc414efb00462ad25041a21e45e696");
  static_assert(noexcept(md5_hex(std::string_view{})));
}
