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

/// Mixes a text into `state`, eight bytes at a time, its length included.
inline std::uint64_t hash_text(std::uint64_t state, std::string_view text) noexcept {
  state = hash_mix(state, text.size());
  std::uint64_t word = 0;
  const char* next = text.data();
  std::size_t left = text.size();
  for (; left >= sizeof(word); left -= sizeof(word), next += sizeof(word)) {
    std::memcpy(&word, next, sizeof(word));
    state = hash_mix(state, word);
  }
  word = 0;
  for (; left != 0; --left) word = word << 8 | static_cast<unsigned char>(next[left - 1]);
  return hash_mix(state, word);
}

}  // namespace statwire::detail
