#pragma once

// A hash of the texts that strangers send: names of series, members of sets. Unlike detail/hash.hpp it has a
// secret, another one in each process, so that nobody can send texts that all share one place of a table; and
// it takes sixteen bytes at a time, as names of series are long.

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>

#include "statwire/detail/hash.hpp"

namespace statwire::detail {

/// Both halves of a product of 128 bits, in one; from four products of 64 bits, as one multiplies on paper.
constexpr std::uint64_t folded_product_of_halves(std::uint64_t left, std::uint64_t right) noexcept {
  constexpr std::uint64_t low_half = 0xffffffff;
  const std::uint64_t low = (left & low_half) * (right & low_half);
  const std::uint64_t first = (left >> 32) * (right & low_half) + (low >> 32);
  const std::uint64_t second = (left & low_half) * (right >> 32) + (first & low_half);
  const std::uint64_t high = (left >> 32) * (right >> 32) + (first >> 32) + (second >> 32);
  return high ^ (second << 32 | (low & low_half));
}

/// The same, with integers of 128 bits where the compiler has them.
constexpr std::uint64_t folded_product(std::uint64_t left, std::uint64_t right) noexcept {
#if defined(__SIZEOF_INT128__)
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(left) * right;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
#else
  return folded_product_of_halves(left, right);
#endif
}

/// Any thread; a copy has the same secret.
class NameHash {
 public:
  NameHash() : secret_{process_secret()} {}

  std::uint32_t operator()(std::string_view name) const noexcept {
    const char* next = name.data();
    std::size_t left = name.size();
    std::uint64_t state = secret_[0] ^ left;
    if (left < 8) return last(state, short_word(next, left));
    if (left < 16) {
      state = folded_product(state ^ word_at(next), secret_[1]);
      return last(state, word_at(next + left - 8));
    }
    for (; left > 16; left -= 16, next += 16) state = take(state, next);
    return last(take(state, name.data() + name.size() - 16), 0);
  }

 private:
  using Secret = std::array<std::uint64_t, 3>;

  /// Drawn from the system when it is first asked for.
  static const Secret& process_secret() {
    static const Secret secret = [] {
      std::random_device device;
      Secret drawn;
      for (std::uint64_t& word : drawn) word = std::uint64_t{device()} << 32 | device();
      return drawn;
    }();
    return secret;
  }

  std::uint64_t take(std::uint64_t state, const char* bytes) const noexcept {
    return folded_product(word_at(bytes) ^ state, word_at(bytes + 8) ^ secret_[1]);
  }

  std::uint32_t last(std::uint64_t state, std::uint64_t word) const noexcept {
    return static_cast<std::uint32_t>(folded_product(state ^ word, secret_[2] | 1));
  }

  Secret secret_;
};

}  // namespace statwire::detail
