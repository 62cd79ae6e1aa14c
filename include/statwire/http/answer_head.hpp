#pragma once

// Whether the beginning of an answer may be given to an HTTP library. Some hold a line of any length in
// memory, and match it with std::regex, which overflows the stack at some ten thousand bytes; so a client
// looks first. Bytes in, a verdict out.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace statwire::detail {

enum class AnswerHead {
  incomplete,
  complete,  ///< Up to the empty line that ends the header, within the limits.
  bad,       ///< No HTTP/1, or beyond the limits.
};

inline constexpr std::size_t max_status_line_bytes = 512;
inline constexpr std::size_t max_answer_head_bytes = std::size_t{16} * 1024;

/// Judges what has come of an answer so far. `100 Continue` before the answer proper counts to its head.
inline AnswerHead check_answer_head(std::string_view bytes) noexcept {
  constexpr std::string_view protocol = "HTTP/1.";
  bytes = bytes.substr(0, max_answer_head_bytes);
  const AnswerHead unfinished =
      bytes.size() == max_answer_head_bytes ? AnswerHead::bad : AnswerHead::incomplete;
  for (;;) {
    const std::size_t line_end = bytes.find('\n');
    const std::string_view line = bytes.substr(0, line_end);
    if (!line.starts_with(protocol.substr(0, std::min(line.size(), protocol.size())))) return AnswerHead::bad;
    if (line.size() > max_status_line_bytes) return AnswerHead::bad;
    if (line_end == std::string_view::npos) return unfinished;
    if (line.size() < protocol.size()) return AnswerHead::bad;
    const std::string_view rest = bytes.substr(line_end);
    const std::size_t header_end = rest.find("\n\r\n");
    if (header_end == std::string_view::npos) return unfinished;
    constexpr std::size_t status_at = std::string_view{"HTTP/1.1 "}.size();
    if (line.size() < status_at || line.substr(status_at, 3) != "100") return AnswerHead::complete;
    if (header_end != 0) return AnswerHead::bad;  // header fields that nobody expects there
    bytes = rest.substr(3);
  }
}

}  // namespace statwire::detail
