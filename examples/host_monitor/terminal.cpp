#include "host_monitor/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <system_error>

namespace host_monitor {
namespace {

constexpr std::string_view hide_cursor = "\x1b[?25l";
constexpr std::string_view show_cursor = "\x1b[?25h";

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
  // See no-color.org.
  if (emphasis == Emphasis::none || !environment("NO_COLOR").empty()) return {};
  return emphasis == Emphasis::heading ? "\x1b[1m" : "\x1b[31m";
}

/// Stops the program as SIGTSTP would have done, with the cursor shown; the next Screen::draw() hides it.
void suspend() {
  if (output_is_terminal()) static_cast<void>(write_some(show_cursor));
  sigset_t stopping;
  sigemptyset(&stopping);
  sigaddset(&stopping, SIGTSTP);
  static_cast<void>(raise(SIGTSTP));                 // fails for no signal that there is
  pthread_sigmask(SIG_UNBLOCK, &stopping, nullptr);  // stops here, until SIGCONT
  pthread_sigmask(SIG_BLOCK, &stopping, nullptr);
}

}  // namespace

EndSignals::EndSignals() {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);

  sigemptyset(&taken_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGTSTP}) {
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&taken_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &taken_, nullptr);
}

bool EndSignals::wait_until(std::chrono::steady_clock::time_point time) const {
  using std::chrono::nanoseconds;
  for (;;) {
    const nanoseconds left = std::max<nanoseconds>(time - std::chrono::steady_clock::now(), nanoseconds{0});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    const int signal = sigtimedwait(&taken_, nullptr, &timeout);
    if (signal == SIGTSTP) {
      suspend();
    } else if (signal > 0) {
      return true;
    } else if (errno == EAGAIN) {
      return false;
    }
  }
}

void EndSignals::restore() const {
  pthread_sigmask(SIG_UNBLOCK, &taken_, nullptr);
}

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
  // By its name, for the locale need not be installed where the program runs.
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view locale = environment(name);
    if (locale.empty()) continue;
    for (const std::string_view codeset : {"UTF-8", "utf-8", "UTF8", "utf8"})
      if (locale.find(codeset) != locale.npos) return Charset::utf8;
    break;
  }
  return Charset::ascii;
}

ScreenSize terminal_size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return {.columns = 80, .rows = 24};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

Screen::~Screen() {
  // Also over the ^C that the terminal shows when the user ends the program. A terminal that is gone needs
  // no cursor.
  static_cast<void>(write_some("\r\x1b[K"));
  static_cast<void>(write_some(show_cursor));
}

void Screen::draw(std::span<const Line> lines, ScreenSize size) {
  lines = lines.first(std::min(lines.size(), size.rows - 1));  // one row is left for the cursor
  std::string out{hide_cursor};
  if (drawn_lines_ != 0 && size != drawn_size_) {
    // The terminal has wrapped the old lines in its own way; where they begin cannot be known.
    out += "\x1b[H\x1b[2J";
  } else if (drawn_lines_ != 0) {
    out += "\x1b[" + std::to_string(drawn_lines_) + 'A';
  }
  for (const Line& line : lines) {
    const std::string_view escape = escape_of(line.emphasis);
    out.append("\r\x1b[K").append(escape).append(line.text);
    if (!escape.empty()) out += "\x1b[0m";
    out += '\n';
  }
  out += "\x1b[J";
  write_output(out);
  drawn_size_ = size;
  drawn_lines_ = lines.size();
}

}  // namespace host_monitor
