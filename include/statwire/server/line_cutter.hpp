#pragma once

// Cuts what comes over a stream into lines of bounded length. No I/O.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace statwire::server {

/// One stream. One thread at a time. Holds two lines at most.
class LineCutter {
 public:
  explicit LineCutter(std::size_t max_line_bytes) : max_line_bytes_{max_line_bytes} {}

  /// Calls `on_line(std::string_view)` for each line that ends in these bytes, without its line feed; the
  /// lines stay where they are until the next call, if the bytes do. A line that is too long is passed over,
  /// and counted once it is known to be.
  template <class OnLine>
  void give(std::string_view bytes, OnLine&& on_line) {
    joined_ = std::string{};  // gives its memory back: most connections are idle most of the time
    for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
      const std::string_view line = bytes.substr(0, end);
      if (std::exchange(is_passing_over_, false)) continue;
      if (rest_.size() + line.size() > max_line_bytes_) {
        ++long_lines_;
        rest_ = std::string{};
      } else if (rest_.empty()) {
        on_line(line);
      } else {
        rest_.append(line);
        joined_ = std::exchange(rest_, std::string{});
        on_line(std::string_view{joined_});
      }
    }
    keep(bytes);
  }

  bool has_half_line() const noexcept { return is_passing_over_ || !rest_.empty(); }
  std::uint64_t long_lines() const noexcept { return long_lines_; }

 private:
  void keep(std::string_view bytes) {
    if (is_passing_over_) return;
    if (rest_.size() + bytes.size() <= max_line_bytes_) return void(rest_.append(bytes));
    is_passing_over_ = true;
    ++long_lines_;
    rest_ = std::string{};
  }

  std::size_t max_line_bytes_;
  std::string rest_;              ///< The line that has begun.
  std::string joined_;            ///< The one that has ended in the last call, if it had begun before.
  bool is_passing_over_ = false;  ///< The line that has begun is too long.
  std::uint64_t long_lines_ = 0;
};

}  // namespace statwire::server
