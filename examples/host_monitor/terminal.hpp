#pragma once

// What is between the program and its user: the signals that end it, standard output, and a block of lines
// that is redrawn in place.

#include "host_monitor/layout.hpp"

#include <chrono>
#include <csignal>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace host_monitor {

/// The signals that end the program, taken where it waits: no handler ever runs.
class EndSignals {
 public:
  /// Blocks SIGINT, SIGTERM and SIGHUP unless they are ignored, as under nohup, and SIGTSTP; and SIGPIPE,
  /// whose write() then says so. Threads inherit this, so it comes before the first one.
  EndSignals();

  /// Waits until the time has come or a signal to end is there; returns whether it is a signal.
  bool wait_until(std::chrono::steady_clock::time_point time) const;

  /// From here on, a signal to end ends the program at once.
  void restore() const;

 private:
  sigset_t taken_;
};

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

struct ScreenSize {
  std::size_t columns;
  std::size_t rows;

  friend bool operator==(const ScreenSize&, const ScreenSize&) = default;
};

/// The size of the terminal that standard output is.
ScreenSize terminal_size();

enum class Emphasis { none, heading, warning };

struct Line {
  std::string text;
  Emphasis emphasis = Emphasis::none;
};

/// Lines at the cursor of the terminal, redrawn in place; the cursor is hidden for as long as this lives.
class Screen {
 public:
  Screen() = default;
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen();

  /// Draws the lines, which fit into the columns, over the last ones; throws OutputError.
  void draw(std::span<const Line> lines, ScreenSize size);

 private:
  ScreenSize drawn_size_{};
  std::size_t drawn_lines_ = 0;
};

}  // namespace host_monitor
