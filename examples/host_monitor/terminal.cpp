#include "host_monitor/terminal.hpp"

#include <fcntl.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <system_error>

namespace host_monitor {
namespace {

/// A variable of the environment; one that is empty counts as one that is not there.
std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : value;
}

/// Returns what could not be written, with errno set.
std::string_view write_some(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) break;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return text;
}

OutputError output_error() {
  return OutputError{"cannot write to standard output: " + std::generic_category().message(errno)};
}

std::string_view escape_of(Emphasis emphasis) {
  switch (emphasis) {
    case Emphasis::heading:
      return "\x1b[1m";
    case Emphasis::warning:
      return "\x1b[31m";
    case Emphasis::none:
      break;
  }
  return {};
}

}  // namespace

void require_output() {
  if (fcntl(STDOUT_FILENO, F_GETFD) == -1) throw output_error();
}

void write_output(std::string_view text) {
  if (!write_some(text).empty()) throw output_error();
}

bool output_is_terminal() {
  return isatty(STDOUT_FILENO) == 1 && environment("TERM") != "dumb";
}

Charset output_charset() {
  if (std::setlocale(LC_CTYPE, "") != nullptr) {
    return std::string_view{nl_langinfo(CODESET)} == "UTF-8" ? Charset::utf8 : Charset::ascii;
  }
  // A locale that is not installed on this machine; its name tells as much.
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (const std::string_view locale = environment(name); !locale.empty()) {
      return locale.find("UTF-8") != locale.npos || locale.find("utf8") != locale.npos ? Charset::utf8
                                                                                       : Charset::ascii;
    }
  }
  return Charset::ascii;
}

Screen::Screen() : uses_emphasis_{environment("NO_COLOR").empty()}, drawn_size_{terminal_size()} {
  write_output("\x1b[?25l");
}

Screen::~Screen() {
  // Also over the ^C that the terminal shows when the user ends the program. A terminal that is gone needs
  // no cursor.
  static_cast<void>(write_some("\r\x1b[K\x1b[?25h"));
}

ScreenSize terminal_size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return {.columns = 80, .rows = 24};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

void Screen::draw(std::span<const Line> lines) {
  const ScreenSize now = terminal_size();
  // One row is left for the cursor.
  lines = lines.first(std::min(lines.size(), now.rows - 1));
  std::string out;
  if (now != drawn_size_) {
    // The terminal has wrapped the old lines in its own way; where they begin cannot be known.
    out += "\x1b[H\x1b[2J";
  } else if (drawn_lines_ != 0) {
    out += "\x1b[" + std::to_string(drawn_lines_) + 'A';
  }
  for (const Line& line : lines) {
    const std::string_view escape = uses_emphasis_ ? escape_of(line.emphasis) : std::string_view{};
    out += "\r\x1b[K";
    out += escape;
    out += cut(line.text, now.columns);
    if (!escape.empty()) out += "\x1b[0m";
    out += '\n';
  }
  out += "\x1b[J";
  write_output(out);
  drawn_size_ = now;
  drawn_lines_ = lines.size();
}

}  // namespace host_monitor
