#pragma once

// A daemon without a terminal: the process that was started ends once the one in the background says that it
// has begun, or that it could not.

#include <string>

namespace statsd_server {

/// Makes standard output and standard error go to the end of a file. Throws std::runtime_error when it cannot
/// be opened; they stay as they are then.
void send_streams_to(const std::string& path);

/// Throws what send_streams_to() would throw, and changes nothing.
void require_writable(const std::string& path);

class Background {
 public:
  /// Returns in a process without a terminal, in the directory `/`; standard output and error still go where
  /// they did. The process that called exits with 0 at started(), and with 1 when the other one ends before
  /// that. To be called before any thread is started. Throws std::system_error.
  Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background();

  /// The service has begun: from now on standard output and error go to the file, or nowhere when it is
  /// empty.
  void started(const std::string& log);

 private:
  int report_ = -1;
};

}  // namespace statsd_server
