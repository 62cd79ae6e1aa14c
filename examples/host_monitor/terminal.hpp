#pragma once

// Standard output: what it is, how to write to it, and a block of lines that is redrawn in place.

#include "host_monitor/layout.hpp"

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace host_monitor {

/// Standard output takes nothing any more: its reader is gone, or the disk is full.
class OutputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws OutputError when the program was started with standard output closed: the first socket would take
/// its place.
void require_output();

/// Writes the text whole; throws OutputError.
void write_output(std::string_view text);

/// Whether standard output is a terminal that can move its cursor.
bool output_is_terminal();

/// What the user's locale shows.
Charset output_charset();

enum class Emphasis { none, heading, warning };

struct Line {
  std::string text;
  Emphasis emphasis = Emphasis::none;
};

struct ScreenSize {
  std::size_t columns;
  std::size_t rows;

  friend bool operator==(const ScreenSize&, const ScreenSize&) = default;
};

/// The size of the terminal that standard output is.
ScreenSize terminal_size();

/// Lines at the cursor of the terminal, redrawn in place; the cursor is hidden for as long as this lives.
class Screen {
 public:
  Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen();

  /// Draws the lines over the last ones, cut to the size of the terminal; throws OutputError.
  void draw(std::span<const Line> lines);

 private:
  bool uses_emphasis_;  ///< Not when NO_COLOR asks for none; see no-color.org.
  ScreenSize drawn_size_;
  std::size_t drawn_lines_ = 0;
};

}  // namespace host_monitor
