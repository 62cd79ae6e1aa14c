#include "statwire/detail/hash.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

using statwire::detail::hash_text;

TEST_CASE("hash: texts that differ in two bytes, wherever these are, spread over the lower bits") {
  for (const std::size_t size : {2U, 3U, 4U, 7U, 8U, 9U, 16U, 17U, 41U}) {
    for (std::size_t at = 0; at + 2 <= size; ++at) {
      CAPTURE(size);
      CAPTURE(at);
      std::set<std::uint64_t> places;
      std::string text(size, 'x');
      for (int i = 0; i < 1024; ++i) {
        text[at] = static_cast<char>('0' + i % 32);
        text[at + 1] = static_cast<char>('0' + i / 32);
        places.insert(hash_text(0, text) & 1023);
      }
      CHECK(places.size() > 500);  // at random it would be 647
    }
  }
}
