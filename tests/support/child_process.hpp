#pragma once

// Starts a program, reads what it prints, and ends it by its own id: for the tests of the examples and of
// real servers.

#include <ostream>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/free_port.hpp"
#include "support/loopback.hpp"

namespace statwire::test {

/// A child whose standard output and error come back as one text. Ends with the object at the latest.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& command) {
    int pipe_ends[2];
    REQUIRE(::pipe2(pipe_ends, O_CLOEXEC) == 0);
    output_ = pipe_ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDERR_FILENO);
    // Asio's sockets outlive exec: a server of the test would go on listening in its child.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    std::vector<char*> arguments;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const int error = ::posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(pipe_ends[1]);
    REQUIRE_MESSAGE(error == 0, "cannot start " << command[0]);
  }

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  ~ChildProcess() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(output_);
  }

  void signal(int number) const { ::kill(pid_, number); }

  /// Reads until the output holds the words behind its first `from` bytes; returns all of it. The test fails
  /// when they never come.
  const std::string& read_until(const std::string& words, std::size_t from = 0) {
    while (text_.find(words, from) == std::string::npos) {
      if (!read_more()) FAIL("the output never held '" << words << "': " << text_);
    }
    return text_;
  }

  /// Reads to the end, waits for the child, and returns its exit status (128 and more: a signal).
  int wait() {
    while (read_more()) {
    }
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, 0) == pid_);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  /// What was read so far.
  const std::string& output() const { return text_; }

 protected:
  ChildProcess() = default;

  pid_t pid_ = -1;
  int output_ = -1;

 private:
  /// Waits for more output; returns false at its end. The test fails when nothing happens for too long.
  bool read_more() {
    pollfd readable{output_, POLLIN, 0};
    const auto timeout = std::chrono::milliseconds{patience};
    REQUIRE_MESSAGE(::poll(&readable, 1, static_cast<int>(timeout.count())) == 1,
                    "no more output after: " << text_);
    std::array<char, 4096> buffer;
    const ssize_t bytes = ::read(output_, buffer.data(), buffer.size());
    if (bytes > 0) text_.append(buffer.data(), static_cast<std::size_t>(bytes));
    return bytes > 0;
  }

  std::string text_;
};

}  // namespace statwire::test
