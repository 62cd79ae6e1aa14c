#include "statwire/protocol/clean.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace {

using Copy = char* (*)(char*, std::string_view) noexcept;

/// The copy of a text, after a check that it took just its own bytes.
std::string copied(Copy copy, std::string_view text) {
  std::string buffer(text.size() + 2, '~');
  const char* end = copy(buffer.data() + 1, text);
  CHECK(end == buffer.data() + 1 + text.size());
  CHECK(buffer.front() == '~');
  CHECK(buffer.back() == '~');
  return buffer.substr(1, text.size());
}

std::string clean_name(std::string_view text) {
  return copied(&statwire::protocol::copy_clean_name, text);
}
std::string clean_member(std::string_view text) {
  return copied(&statwire::protocol::copy_clean_member, text);
}

}  // namespace

TEST_CASE("clean: of all bytes a name keeps letters, digits, `_`, `-` and `.`") {
  constexpr std::string_view legal = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    const std::string text(1, static_cast<char>(byte));
    const bool stays = legal.find(text) != std::string_view::npos;
    CHECK(clean_name(text) == (stays ? text : text == "/" ? "-" : "_"));
  }
}

TEST_CASE("clean: of all bytes a set member loses control characters, `:` and `|`") {
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    const std::string text(1, static_cast<char>(byte));
    const bool changes = byte < 32 || byte == 127 || text == ":" || text == "|";
    CHECK(clean_member(text) == (changes ? "_" : text));
  }
}

TEST_CASE("clean: a text keeps its length and the places of its bytes") {
  CHECK(clean_name("") == "");
  CHECK(clean_name("v1.api/users-by_id") == "v1.api-users-by_id");
  CHECK(clean_name("a:1|c\nb") == "a_1_c_b");
  CHECK(clean_name(std::string_view{"a\0b", 3}) == "a_b");
  CHECK(clean_name("m\xc3\xa9trique") == "m__trique");
  CHECK(clean_member("") == "");
  CHECK(clean_member("J\xc3\xbcrgen @home, #1/2") == "J\xc3\xbcrgen @home, #1/2");
  CHECK(clean_member("a|s\nb:1|c") == "a_s_b_1_c");
}
