#pragma once

// Runs the daemons among the examples as a user would. STATWIRE_EXAMPLES is where they are.

#include <ostream>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/child_process.hpp"

namespace statwire::test {

inline std::string example_path(const std::string& name) {
  return std::string{STATWIRE_EXAMPLES "/"} + name;
}

/// A daemon that listens on a port of loopback.
class DaemonProcess {
 public:
  DaemonProcess(const std::string& name, std::vector<std::string> flags, std::uint16_t port)
      : port_{port}, process_{command(name, std::move(flags), port)} {
    process_.read_until("\n");
    REQUIRE(process_.output().starts_with(name + ": listening on 127.0.0.1:" + std::to_string(port)));
  }

  std::uint16_t port() const { return port_; }
  const std::string& output() const { return process_.output(); }

  int end(int signal) {
    process_.signal(signal);
    return process_.wait();
  }

 private:
  static std::vector<std::string> command(const std::string& name, std::vector<std::string> flags,
                                          std::uint16_t port) {
    flags.insert(flags.begin(), {example_path(name), "--listen", "127.0.0.1:" + std::to_string(port)});
    return flags;
  }

  std::uint16_t port_;
  ChildProcess process_;
};

/// Runs an example to its end; returns its exit status and what it printed.
inline std::pair<int, std::string> run_example(const std::string& name, std::vector<std::string> flags) {
  flags.insert(flags.begin(), example_path(name));
  ChildProcess child{flags};
  const int status = child.wait();
  return {status, child.output()};
}

}  // namespace statwire::test
