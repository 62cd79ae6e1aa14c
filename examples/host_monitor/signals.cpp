#include "host_monitor/signals.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace host_monitor {

EndSignals::EndSignals() {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);

  sigemptyset(&ending_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ending_, signal);
  pthread_sigmask(SIG_BLOCK, &ending_, nullptr);
}

bool EndSignals::wait_until(std::chrono::steady_clock::time_point time) const {
  using std::chrono::nanoseconds;
  for (;;) {
    const nanoseconds left = std::max<nanoseconds>(time - std::chrono::steady_clock::now(), nanoseconds{0});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    if (sigtimedwait(&ending_, nullptr, &timeout) > 0) return true;
    if (errno == EAGAIN) return false;
  }
}

void EndSignals::restore() const {
  pthread_sigmask(SIG_UNBLOCK, &ending_, nullptr);
}

}  // namespace host_monitor
