#include "statsd_server/background.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

namespace statsd_server {
namespace {

constexpr char has_begun = '+';

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::generic_category(),
                          std::string{"cannot go into the background: "} + what};
}

/// What becomes of the process that was started.
[[noreturn]] void exit_as_told(int report) {
  char word = 0;
  ssize_t size = 0;
  do {
    size = ::read(report, &word, 1);
  } while (size < 0 && errno == EINTR);
  ::_exit(size == 1 && word == has_begun ? 0 : 1);
}

int open_log(const std::string& path) {
  constexpr int mode = 0644;
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, mode);
  if (fd < 0) {
    throw std::runtime_error{"'" + path + "' cannot be written: " + std::generic_category().message(errno)};
  }
  return fd;
}

/// Goes on in a child; what was printed before must not come twice.
pid_t fork_flushed() {
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) fail("fork");
  return pid;
}

}  // namespace

void require_writable(const std::string& path) {
  ::close(open_log(path));
}

void send_streams_to(const std::string& path) {
  const int fd = open_log(path);
  std::fflush(nullptr);
  ::dup2(fd, STDOUT_FILENO);
  ::dup2(fd, STDERR_FILENO);
  ::close(fd);
}

Background::Background() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  if (fork_flushed() > 0) {
    ::close(ends[1]);
    exit_as_told(ends[0]);
  }
  ::close(ends[0]);
  report_ = ends[1];
  if (::setsid() < 0) fail("setsid");
  if (fork_flushed() > 0) ::_exit(0);  // the leader of a session could come to a terminal again
  if (::chdir("/") != 0) fail("chdir");
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0) fail("/dev/null");
  ::dup2(nothing, STDIN_FILENO);
  if (nothing != STDIN_FILENO) ::close(nothing);
}

Background::~Background() {
  if (report_ >= 0) ::close(report_);
}

void Background::started(const std::string& log) {
  send_streams_to(log.empty() ? "/dev/null" : log);
  // Whoever waited may be gone, which is no reason to end.
  [[maybe_unused]] const ssize_t told = ::write(report_, &has_begun, 1);
  ::close(report_);
  report_ = -1;
}

}  // namespace statsd_server
