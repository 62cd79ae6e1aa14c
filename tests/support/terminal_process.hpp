#pragma once

// Starts a program in a terminal of its own, where a test can read what it draws and press keys.

#include <ostream>

#include <doctest/doctest.h>

#include <pty.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "support/child_process.hpp"

namespace statwire::test {

/// A child whose terminal has 80 columns and 24 rows and shows UTF-8.
class TerminalProcess : public ChildProcess {
 public:
  static constexpr std::string_view control_c = "\x03";
  static constexpr std::string_view control_z = "\x1a";

  explicit TerminalProcess(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    pid_ = ::forkpty(&output_, nullptr, nullptr, &size);
    REQUIRE(pid_ >= 0);
    if (pid_ != 0) return;
    ::closefrom(STDERR_FILENO + 1);  // as ChildProcess does
    ::setenv("TERM", "xterm", 1);
    ::setenv("LC_ALL", "C.UTF-8", 1);
    ::unsetenv("NO_COLOR");
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }

  void press(std::string_view keys) const {
    REQUIRE(::write(output_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }
};

}  // namespace statwire::test
