#pragma once

// A hash of short texts for tables in memory; not for secrets, not stable between versions.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace statwire::detail {

/// Mixes `value` into `state`.
constexpr std::uint64_t hash_mix(std::uint64_t state, std::uint64_t value) noexcept {
  state = (state ^ value) * 0x9fb21c651e98df25;
  return state ^ (state >> 32);
}

/// The last 1 to 7 bytes of a text as a number; loads may overlap, which is quicker than a loop.
inline std::uint64_t short_word(const char* text, std::size_t size) noexcept {
  if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, text, sizeof(first));
    std::memcpy(&last, text + size - sizeof(last), sizeof(last));
    return std::uint64_t{first} << 32 | last;
  }
  const auto byte = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(text[i])}; };
  return size == 0 ? 0 : byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1);
}

inline std::uint64_t word_at(const char* text) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, text, sizeof(word));
  return word;
}

/// Mixes a text into `state`, eight bytes at a time, its length included.
inline std::uint64_t hash_text(std::uint64_t state, std::string_view text) noexcept {
  const char* next = text.data();
  std::size_t left = text.size();
  state ^= std::uint64_t{left} << 56;
  if (left < 8) {
    state = hash_mix(state, short_word(next, left));
  } else {
    for (; left > 8; left -= 8, next += 8) state = hash_mix(state, word_at(next));
    state = hash_mix(state, word_at(text.data() + text.size() - 8));
  }
  // Once more: the last byte of a word is still in the upper bits, and tables take the lower.
  return hash_mix(state, 0);
}

/// Hashes a row of words. The products do not wait for each other, as they do in hash_mix.
inline std::uint64_t hash_words(const std::uint64_t* words, std::size_t size) noexcept {
  std::uint64_t sum = 0;
  std::uint64_t factor = 0x9fb21c651e98df25;  // another odd one for each place
  for (std::size_t i = 0; i < size; ++i, factor += 0x2545f4914f6cdd1e) sum += words[i] * factor;
  return hash_mix(0, sum ^ (sum >> 32));
}

}  // namespace statwire::detail
