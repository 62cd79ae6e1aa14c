#pragma once

// MD5 (RFC 1321), because the names of request metrics hold it: whoever reads them knows a URL by its hash.
// It identifies, and protects nothing.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace statwire::protocol {

namespace detail {

/// Takes blocks of 64 bytes. The numbers of the steps are those of RFC 1321, section 3.4.
class Md5State {
 public:
  static constexpr std::size_t block_bytes = 64;

  constexpr void add_block(const char* block) noexcept {
    std::array<std::uint32_t, 16> words{};
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = little_endian(block + 4 * i);
    auto [a, b, c, d] = state_;
    for (std::uint32_t i = 0; i < 64; ++i) {
      const auto [mixed, word] = mix(i, b, c, d);
      const std::uint32_t sum = a + mixed + sines[i] + words[word];
      a = d;
      d = c;
      c = b;
      b += std::rotl(sum, shifts[i / 16][i % 4]);
    }
    state_[0] += a;
    state_[1] += b;
    state_[2] += c;
    state_[3] += d;
  }

  constexpr std::array<char, 32> hex() const noexcept {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<char, 32> text{};
    for (std::size_t i = 0; i < 16; ++i) {
      const std::uint32_t byte = state_[i / 4] >> 8 * (i % 4) & 0xff;
      text[2 * i] = digits[byte >> 4];
      text[2 * i + 1] = digits[byte & 0xf];
    }
    return text;
  }

 private:
  struct Mixed {
    std::uint32_t value;
    std::uint32_t word;  ///< Which of the block's sixteen is added.
  };

  static constexpr Mixed mix(std::uint32_t i, std::uint32_t b, std::uint32_t c, std::uint32_t d) noexcept {
    switch (i / 16) {
      case 0:
        return {(b & c) | (~b & d), i};
      case 1:
        return {(d & b) | (~d & c), (5 * i + 1) % 16};
      case 2:
        return {b ^ c ^ d, (3 * i + 5) % 16};
      default:
        return {c ^ (b | ~d), 7 * i % 16};
    }
  }

  static constexpr std::uint32_t little_endian(const char* bytes) noexcept {
    std::uint32_t word = 0;
    for (int i = 3; i >= 0; --i) word = word << 8 | static_cast<unsigned char>(bytes[i]);
    return word;
  }

  static constexpr std::uint8_t shifts[4][4] = {
      {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

  /// The whole part of 2^32 |sin(i + 1)|.
  static constexpr std::uint32_t sines[64] = {
      0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
      0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
      0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
      0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
      0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
      0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
      0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
      0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
  };

  std::array<std::uint32_t, 4> state_{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
};

}  // namespace detail

/// The MD5 of any bytes as 32 hexadecimal digits in lower case. About 4 ns a byte, in blocks of 64.
constexpr std::array<char, 32> md5_hex(std::string_view bytes) noexcept {
  using State = detail::Md5State;
  State state;
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (; bytes.size() >= State::block_bytes; bytes.remove_prefix(State::block_bytes)) {
    state.add_block(bytes.data());
  }
  // What is left, a bit that is set, zeros, and the length in 64 bits: one block or two.
  constexpr std::size_t length_bytes = 8;
  std::array<char, 2 * State::block_bytes> end{};
  std::copy(bytes.begin(), bytes.end(), end.begin());
  end[bytes.size()] = static_cast<char>(0x80);
  const std::size_t size =
      bytes.size() + 1 + length_bytes <= State::block_bytes ? State::block_bytes : 2 * State::block_bytes;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    end[size - length_bytes + i] = static_cast<char>(bits >> 8 * i & 0xff);
  }
  for (std::size_t at = 0; at < size; at += State::block_bytes) state.add_block(end.data() + at);
  return state.hex();
}

/// The same as a string.
inline std::string md5_text(std::string_view bytes) {
  const std::array<char, 32> hex = md5_hex(bytes);
  return {hex.data(), hex.size()};
}

}  // namespace statwire::protocol
