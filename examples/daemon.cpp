#include "daemon.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <iterator>
#include <limits>
#include <system_error>

namespace example {

Happening::Happening() : descriptor_{::eventfd(0, EFD_CLOEXEC)} {
  if (descriptor_ < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

Happening::~Happening() {
  ::close(descriptor_);
}

void Happening::set() const {
  ::eventfd_write(descriptor_, 1);
}

EndSignals::EndSignals() {
  sigemptyset(&taken_);
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&taken_, signal);
  }
  awaited_ = taken_;
  pthread_sigmask(SIG_BLOCK, &taken_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a reader of the log may go, the server stays
}

void EndSignals::wait() const {
  int signal = 0;
  sigwait(&taken_, &signal);
  restore_soon();
}

void EndSignals::take_hangups() {
  sigaddset(&awaited_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &awaited_, nullptr);
  std::signal(SIGHUP, SIG_DFL);  // what is ignored does not wait everywhere until it is taken
}

EndSignals::Event EndSignals::wait_for_event() const {
  int signal = 0;
  sigwait(&awaited_, &signal);
  if (signal == SIGHUP) return Event::hangup;
  restore_soon();
  return Event::end;
}

bool EndSignals::wait_until(std::chrono::steady_clock::time_point time) const {
  if (!take_until(time)) return false;
  restore_soon();
  return true;
}

bool EndSignals::wait_or(const Happening& happening) const {
  const int signals = ::signalfd(-1, &taken_, SFD_CLOEXEC);
  if (signals < 0) throw std::system_error{errno, std::generic_category(), "signalfd"};
  pollfd awaited[] = {{signals, POLLIN, 0}, {happening.descriptor(), POLLIN, 0}};
  while (::poll(awaited, std::size(awaited), -1) < 0 && errno == EINTR) {
  }
  ::close(signals);
  if ((awaited[0].revents & POLLIN) == 0) return false;
  wait();
  return true;
}

void EndSignals::restore() const {
  pthread_sigmask(SIG_UNBLOCK, &taken_, nullptr);
}

/// timeout(1) and others signal a program and its group, which is the same signal twice; a person takes
/// longer.
void EndSignals::restore_soon() const {
  constexpr std::chrono::milliseconds pause{100};
  const auto end = std::chrono::steady_clock::now() + pause;
  while (take_until(end)) {
  }
  restore();
}

bool EndSignals::take_until(std::chrono::steady_clock::time_point time) const {
  using std::chrono::nanoseconds;
  for (;;) {
    const nanoseconds left = std::max<nanoseconds>(time - std::chrono::steady_clock::now(), nanoseconds{0});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    if (sigtimedwait(&taken_, nullptr, &timeout) > 0) return true;
    if (errno == EAGAIN) return false;
  }
}

void open_standard_streams() {
  int fd = 0;
  while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR);
  if (fd >= 0) ::close(fd);
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::size_t>::max();
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // where it fails, the old limit holds
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::size_t connections_within(std::size_t descriptors) {
  constexpr std::size_t own = 64;
  constexpr std::size_t refusals = 128;
  return descriptors > own + refusals ? descriptors - own - refusals : 1;
}

void print(std::FILE* stream, const char* program, std::string line) {
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  std::fprintf(stream, "%s: %s\n", program, line.c_str());
  std::fflush(stream);
}

}  // namespace example
