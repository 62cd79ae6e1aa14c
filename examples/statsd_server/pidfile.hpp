#pragma once

// A file that holds the id of a running process, for those who want to end it.

#include <sys/types.h>
#include <stdexcept>
#include <string>

namespace statsd_server {

/// The file of this process, for as long as the object lives. It comes into being whole, and locked: by the
/// lock others see that the process lives, whatever became of its id.
class Pidfile {
 public:
  /// Takes the place of a file whose process is gone. Throws std::runtime_error when the file names a process
  /// that lives, holds anything but a process id, or cannot be written.
  explicit Pidfile(const std::string& path);
  Pidfile(const Pidfile&) = delete;
  Pidfile& operator=(const Pidfile&) = delete;

  /// Removes the file, if it is still this one.
  ~Pidfile();

 private:
  std::string path_;
  int fd_;
};

/// There is no process to end.
struct NothingToStop : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Ends the process of a pidfile with SIGTERM, and waits until it is gone, a minute at most; returns its id.
/// Throws NothingToStop when there is none, std::runtime_error when it cannot be ended.
pid_t stop_process(const std::string& path);

}  // namespace statsd_server
