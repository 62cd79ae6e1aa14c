#pragma once

// Seeded random input, the same on every machine and in every run, for property tests. Half of the bytes are
// those that mean something in a line, so that short strings hold many of them.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace statwire::test {

class RandomBytes {
 public:
  explicit RandomBytes(std::uint64_t seed) : engine_{seed} {}

  std::uint64_t bits() { return engine_(); }

  /// A number from 0 to `last`.
  std::size_t up_to(std::size_t last) { return static_cast<std::size_t>(engine_() % (last + 1)); }

  /// A string of 0 to `max_length` bytes.
  std::string string(std::size_t max_length) {
    constexpr std::string_view special{":|@#,\n\r\t /.;=+-*0e\0\xff\xc3", 21};
    std::string text(up_to(max_length), '\0');
    for (char& c : text) {
      c = up_to(1) == 0 ? special[up_to(special.size() - 1)] : static_cast<char>(up_to(255));
    }
    return text;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace statwire::test
