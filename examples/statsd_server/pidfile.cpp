#include "statsd_server/pidfile.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <statwire/protocol/number.hpp>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace statsd_server {
namespace {

constexpr int readable_by_all = 0644;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_{fd} {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

template <class Error = std::runtime_error>
[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error{"pidfile '" + path + "' " + what};
}

[[noreturn]] void fail_with_errno(const std::string& path, const std::string& what) {
  fail(path, what + ": " + std::generic_category().message(errno));
}

int open_pidfile(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

pid_t read_pid(const std::string& path, int fd) {
  char bytes[32];
  const ssize_t size = ::pread(fd, bytes, sizeof bytes, 0);
  if (size < 0) fail_with_errno(path, "cannot be read");
  std::string_view text{bytes, static_cast<std::size_t>(size)};
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::optional<std::int64_t> pid = statwire::protocol::parse_integer(text);
  if (!pid || *pid < 1 || !std::in_range<pid_t>(*pid)) fail(path, "holds no process id, so it is left alone");
  return static_cast<pid_t>(*pid);
}

bool is_locked(int fd) {
  if (::flock(fd, LOCK_SH | LOCK_NB) != 0) return true;
  ::flock(fd, LOCK_UN);
  return false;
}

bool is_same_file(int fd, const std::string& path) {
  struct stat open {};
  struct stat named {};
  return ::fstat(fd, &open) == 0 && ::lstat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

/// Whether a file is there no more, or its process is not, and `replacement` has its place now. Two who find
/// the same file at once do so one after the other, by its lock.
bool replace_abandoned(const std::string& path, const std::string& replacement) {
  const Descriptor file{open_pidfile(path)};
  if (file.get() < 0) {
    if (errno == ENOENT) return false;
    fail_with_errno(path, "cannot be read");
  }
  const pid_t pid = read_pid(path, file.get());
  const std::string lives = "names process " + std::to_string(pid) + ", which is running";
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) fail(path, lives);
  const bool is_there = ::kill(pid, 0) == 0 || errno == EPERM;
  // Our own id, in a new container, say, is that of a predecessor.
  if (is_there && pid != ::getpid()) fail(path, lives + "; remove the file if that is something else");
  if (!is_same_file(file.get(), path)) return false;
  if (::rename(replacement.c_str(), path.c_str()) != 0) fail_with_errno(path, "cannot be replaced");
  return true;
}

int create_locked(const std::string& path, const std::string& file) {
  Descriptor descriptor{
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, readable_by_all)};
  if (descriptor.get() < 0) fail_with_errno(path, "cannot be written");
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0 ||
      ::write(descriptor.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    const int error = errno;
    ::unlink(file.c_str());
    errno = error;
    fail_with_errno(path, "cannot be written");
  }
  return descriptor.release();
}

void put_in_place(const std::string& path, const std::string& file) {
  for (;;) {
    if (::link(file.c_str(), path.c_str()) == 0) {
      ::unlink(file.c_str());
      return;
    }
    if (errno != EEXIST) fail_with_errno(path, "cannot be written");
    if (replace_abandoned(path, file)) return;
  }
}

#ifdef SYS_pidfd_open
/// A descriptor that becomes readable when the process ends; below 0, with errno, when there is none.
int open_process(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}
#else
int open_process(pid_t) {
  errno = ENOSYS;
  return -1;
}
#endif

void wait_for_end(const std::string& path, pid_t pid, const Descriptor& process, const Descriptor& file) {
  if (process.get() < 0) {  // an old kernel: the lock goes with the process, too
    if (::flock(file.get(), LOCK_SH) != 0) fail_with_errno(path, "cannot be waited for");
    return;
  }
  constexpr std::chrono::milliseconds patience = std::chrono::minutes{1};
  pollfd ended{process.get(), POLLIN, 0};
  const int ready = ::poll(&ended, 1, static_cast<int>(patience.count()));
  if (ready < 0) fail_with_errno(path, "cannot be waited for");
  if (ready == 0) {
    fail(path, "names process " + std::to_string(pid) +
                   ", which still runs a minute after SIGTERM; another SIGTERM ends it at once");
  }
}

}  // namespace

Pidfile::Pidfile(const std::string& path) : path_{path}, fd_{-1} {
  const std::string file = path + "." + std::to_string(::getpid());
  Descriptor descriptor{create_locked(path, file)};
  try {
    put_in_place(path, file);
  } catch (const std::runtime_error&) {
    ::unlink(file.c_str());
    throw;
  }
  fd_ = descriptor.release();
}

Pidfile::~Pidfile() {
  if (is_same_file(fd_, path_)) ::unlink(path_.c_str());
  ::close(fd_);
}

pid_t stop_process(const std::string& path) {
  const Descriptor file{open_pidfile(path)};
  if (file.get() < 0 && errno == ENOENT) {
    fail<NothingToStop>(path, "is not there, so there is nothing to stop");
  }
  if (file.get() < 0) fail_with_errno(path, "cannot be read");
  const pid_t pid = read_pid(path, file.get());
  const Descriptor process{open_process(pid)};
  // Looked at after the process was: an id may have been given to another since, a lock not.
  if (!is_locked(file.get())) {
    fail<NothingToStop>(path, "names process " + std::to_string(pid) +
                                  ", which is no server that runs; there is nothing to stop");
  }
  if (::kill(pid, SIGTERM) != 0) {
    fail_with_errno(path, "names process " + std::to_string(pid) + ", which cannot be stopped");
  }
  wait_for_end(path, pid, process, file);
  return pid;
}

}  // namespace statsd_server
