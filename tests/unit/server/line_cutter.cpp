#include "statwire/server/line_cutter.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/random_bytes.hpp"

using statwire::server::LineCutter;

namespace {

using Lines = std::vector<std::string>;

/// The lines that come of pieces, taken after each call as a session takes them.
Lines lines_of(LineCutter& cutter, const std::vector<std::string>& pieces) {
  Lines lines;
  for (const std::string& piece : pieces) {
    std::vector<std::string_view> views;
    cutter.give(piece, [&](std::string_view line) { views.push_back(line); });
    lines.insert(lines.end(), views.begin(), views.end());
  }
  return lines;
}

}  // namespace

TEST_CASE("line cutter: lines are whole wherever the stream is cut") {
  LineCutter cutter{100};
  CHECK(lines_of(cutter, {"a:1", "|c\nb:1|c\nc", "", ":1|c\n", "\n\nd"}) ==
        Lines{"a:1|c", "b:1|c", "c:1|c", "", ""});
  CHECK(cutter.has_half_line());
  CHECK(lines_of(cutter, {"\n"}) == Lines{"d"});
  CHECK_FALSE(cutter.has_half_line());
  CHECK(cutter.long_lines() == 0);
}

TEST_CASE("line cutter: a line of the limit is taken, a longer one passed over and counted once") {
  LineCutter cutter{4};
  CHECK(lines_of(cutter, {"1234\n12345\n1234\n"}) == Lines{"1234", "1234"});
  CHECK(cutter.long_lines() == 1);
  CHECK(lines_of(cutter, {"123", "45", "6789", "0\nab", "cd\nabc", "de\nx\n"}) == Lines{"abcd", "x"});
  CHECK(cutter.long_lines() == 3);
  CHECK(lines_of(cutter, {"123456"}).empty());
  CHECK(cutter.has_half_line());
  CHECK(cutter.long_lines() == 4);
}

TEST_CASE("line cutter: any bytes in any pieces give the lines of the whole") {
  statwire::test::RandomBytes random{7};
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    std::vector<std::string> pieces;
    for (std::size_t k = random.up_to(8); k > 0; --k) text += pieces.emplace_back(random.string(12));
    Lines expected;
    std::uint64_t long_lines = 0;
    for (std::size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
      end <= 9 ? expected.push_back(text.substr(0, end)) : void(++long_lines);
    }
    LineCutter cutter{9};
    CHECK(lines_of(cutter, pieces) == expected);
    CHECK(cutter.long_lines() == long_lines + (text.size() > 9 ? 1 : 0));
    CHECK(cutter.has_half_line() == !text.empty());
  }
}
