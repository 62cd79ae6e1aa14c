#pragma once

// Cuts a stream of bytes in every way that a test of an incremental parser needs.

#include <cstddef>
#include <string_view>
#include <vector>

namespace statwire::test {

using Pieces = std::vector<std::string_view>;

inline Pieces cut_at(std::string_view stream, std::size_t position) {
  return {stream.substr(0, position), stream.substr(position)};
}

inline Pieces single_bytes(std::string_view stream) {
  Pieces pieces;
  for (std::size_t i = 0; i < stream.size(); ++i) pieces.push_back(stream.substr(i, 1));
  return pieces;
}

/// The stream in one piece, cut in two at every position, and byte by byte.
inline std::vector<Pieces> every_split(std::string_view stream) {
  std::vector<Pieces> splits{{stream}, single_bytes(stream)};
  for (std::size_t i = 0; i <= stream.size(); ++i) splits.push_back(cut_at(stream, i));
  return splits;
}

}  // namespace statwire::test
