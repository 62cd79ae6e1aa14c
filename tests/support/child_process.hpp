#pragma once

// Starts a program, reads what it prints, and ends it by its own id: for the tests of the examples and of
// real servers.

#include <signal.h>
#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "support/free_port.hpp"
#include "support/patience.hpp"

namespace statwire::test {

/// A child whose standard output and error come back as one text. Ends with the object at the latest.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& command);

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  ~ChildProcess();

  void signal(int number) const { ::kill(pid_, number); }

  /// Stops it by SIGSTOP; returns when all its threads stand still. SIGCONT lets them go on.
  void stop();

  /// Reads until the output holds the words behind its first `from` bytes; returns all of it. The test fails
  /// when they never come.
  const std::string& read_until(const std::string& words, std::size_t from = 0);

  /// Reads to the end, waits for the child, and returns its exit status (128 and more: a signal).
  int wait();

  /// What was read so far.
  const std::string& output() const { return text_; }

 protected:
  ChildProcess() = default;

  pid_t pid_ = -1;
  int output_ = -1;

 private:
  /// Waits for more output; returns false at its end. The test fails when nothing happens for too long.
  bool read_more();

  std::string text_;
};

}  // namespace statwire::test
