#include "statwire/client/request_text.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <utility>

using statwire::client::RequestText;

TEST_CASE("request text: any length, appended in any pieces, copied and moved") {
  for (const std::size_t step : {1U, 7U, 50U, 104U, 105U, 300U}) {
    RequestText text;
    std::string expected;
    while (expected.size() < 1000) {
      const std::string piece(step, static_cast<char>('a' + expected.size() % 26));
      text.append(piece.data(), piece.data() + piece.size());
      expected += piece;
      CHECK(text.view() == expected);
      const RequestText copy = text;
      CHECK(copy.view() == expected);
      RequestText moved = std::move(text);
      CHECK(moved.view() == expected);
      CHECK(text.view().empty());  // NOLINT(bugprone-use-after-move)
      text.append(moved.view());
    }
  }
}
