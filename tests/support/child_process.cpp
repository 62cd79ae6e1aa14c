#include "support/child_process.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>

namespace statwire::test {

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
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

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(output_);
}

void ChildProcess::stop() {
  REQUIRE(::kill(pid_, SIGSTOP) == 0);
  int status = 0;
  REQUIRE(::waitpid(pid_, &status, WUNTRACED) == pid_);
  if (!WIFSTOPPED(status)) pid_ = -1;  // it has gone, and its number may be another's
  REQUIRE(WIFSTOPPED(status));
}

const std::string& ChildProcess::read_until(const std::string& words, std::size_t from) {
  while (text_.find(words, from) == std::string::npos) {
    if (!read_more()) FAIL("the output never held '" << words << "': " << text_);
  }
  return text_;
}

int ChildProcess::wait() {
  while (read_more()) {
  }
  int status = 0;
  REQUIRE(::waitpid(pid_, &status, 0) == pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool ChildProcess::read_more() {
  pollfd readable{output_, POLLIN, 0};
  const auto timeout = std::chrono::milliseconds{patience};
  REQUIRE_MESSAGE(::poll(&readable, 1, static_cast<int>(timeout.count())) == 1,
                  "no more output after: " << text_);
  std::array<char, 4096> buffer;
  const ssize_t bytes = ::read(output_, buffer.data(), buffer.size());
  if (bytes > 0) text_.append(buffer.data(), static_cast<std::size_t>(bytes));
  return bytes > 0;
}

}  // namespace statwire::test
