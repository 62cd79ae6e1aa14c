#include "statwire/detail/name_hash.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

TEST_CASE("name hash: a product of 128 bits is folded alike with and without integers of that size") {
  struct Case {
    std::uint64_t left, right, folded;
  };
  constexpr std::uint64_t all = 0xffffffffffffffff;
  const Case cases[] = {
      {0, all, 0},
      {3, 5, 15},
      {all, all, all},                // fffffffffffffffe 0000000000000001
      {0x100000000, 0x100000000, 1},  // 0000000000000001 0000000000000000
      {0xfedcba9876543210, 0x0123456789abcdef, 0x2317228f48165bb2},
  };
  for (const Case& product : cases) {
    CAPTURE(product.left);
    CAPTURE(product.right);
    CHECK(statwire::detail::folded_product(product.left, product.right) == product.folded);
    CHECK(statwire::detail::folded_product_of_halves(product.left, product.right) == product.folded);
  }
}

TEST_CASE("name hash: names that differ in one byte, wherever it is, spread over the lower bits") {
  const statwire::detail::NameHash hash;
  for (const std::size_t size : {1U, 3U, 7U, 8U, 15U, 16U, 17U, 40U}) {
    CAPTURE(size);
    std::set<std::uint32_t> places;
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 64; ++byte) {
        std::string name(size, 'x');
        name[at] = static_cast<char>(' ' + byte);
        places.insert(hash(name) & 0xffff);
      }
    }
    CHECK(places.size() > size * 63 * 9 / 10);
  }
}
