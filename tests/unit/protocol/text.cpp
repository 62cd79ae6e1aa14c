#include "statwire/protocol/text.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace {

using namespace std::string_view_literals;
using statwire::protocol::split_words;
using statwire::protocol::take_until;
using statwire::protocol::trim;

}  // namespace

TEST_CASE("text: take_until cuts off the part before each separator, empty ones too") {
  std::string_view rest = "a::bc:";
  CHECK(take_until(rest, ':') == "a");
  CHECK(rest == ":bc:");
  CHECK(take_until(rest, ':') == "");
  CHECK(take_until(rest, ':') == "bc");
  CHECK(rest.empty());
  CHECK(rest.data() != nullptr);
  CHECK(take_until(rest, ':') == "");
  CHECK(rest.data() == nullptr);
  CHECK(take_until(rest, ':') == "");
}

TEST_CASE("text: take_until gives all of a text without separator and leaves null") {
  std::string_view rest = "abc";
  CHECK(take_until(rest, ':') == "abc");
  CHECK(rest.data() == nullptr);
}

TEST_CASE("text: trim removes every kind of blank at both ends and none within") {
  CHECK(trim("") == "");
  CHECK(trim(" \t\r\v\f") == "");
  CHECK(trim("a") == "a");
  CHECK(trim(" \t\r\v\fa b\f\v\r\t ") == "a b");
  CHECK(trim("\na\n") == "\na\n");
  CHECK(trim("\0a\0"sv) == "\0a\0"sv);
}

TEST_CASE("text: split_words finds the words between blanks of any kind and number") {
  std::array<std::string_view, 3> words;
  CHECK(split_words("", words) == 0);
  CHECK(split_words(" \t\r\v\f", words) == 0);
  CHECK(split_words("one", words) == 1);
  CHECK(words[0] == "one");
  CHECK(split_words("  a\tbc \r\v\f d\r", words) == 3);
  CHECK(words == std::array{"a"sv, "bc"sv, "d"sv});
  CHECK(split_words("x\0y z\nz"sv, words) == 2);
  CHECK(words[0] == "x\0y"sv);
  CHECK(words[1] == "z\nz");
}

TEST_CASE("text: split_words says one more than there is room for, however many words follow") {
  std::array<std::string_view, 2> words;
  CHECK(split_words("a b", words) == 2);
  CHECK(split_words("a b ", words) == 2);
  CHECK(split_words("a b c", words) == 3);
  CHECK(split_words("a b c d e", words) == 3);
  CHECK(words == std::array{"a"sv, "b"sv});
}
