#pragma once

// The real Redis in a folder and on a port of its own, ended and started again as a test wants it.

#include <ostream>

#include <doctest/doctest.h>

#include <signal.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/transport/tcp.hpp"
#include "support/child_process.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"
#include "support/scratch_directory.hpp"

namespace statwire::test {

class RedisServer {
 public:
  enum class Memory {
    short_lived,  ///< Gone when the process ends.
    lasting,      ///< Whatever was answered is on the disk.
  };

  /// Not yet started; see find_daemon("redis-server"). `flags` are such as {"--requirepass", "secret"}.
  explicit RedisServer(std::filesystem::path program, Memory memory = Memory::short_lived,
                       std::vector<std::string> flags = {})
      : program_{std::move(program)}, flags_{std::move(flags)} {
    const bool lasts = memory == Memory::lasting;
    flags_.insert(flags_.end(), {"--appendonly", lasts ? "yes" : "no", "--appendfsync", "always"});
  }

  std::uint16_t port() const { return port_; }

  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_) + "/0"; }

  /// Returns when it answers, and has read what it had kept.
  void start() {
    std::vector<std::string> command{program_, "--bind",        "127.0.0.1", "--port", std::to_string(port_),
                                     "--dir",  scratch_.path(), "--save",    "",       "--daemonize",
                                     "no"};
    // A pipe that nobody reads would be full some day.
    command.insert(command.end(), {"--logfile", scratch_.path() / "log"});
    command.insert(command.end(), flags_.begin(), flags_.end());
    process_.emplace(command);
    wait_until("Redis", [&] {
      TcpTransport transport{"127.0.0.1", port_};
      std::error_code ec;
      transport.connect(soon(), ec);
      return !ec && ask("PING").find("LOADING") == std::string::npos;
    });
  }

  void signal(int number) const { process_->signal(number); }
  void stop() { process_->stop(); }

  /// Signals it, and waits until it has gone. SIGKILL leaves it no time for anything.
  void end(int number) {
    process_->signal(number);
    process_->wait();
  }

  /// Sends commands as a person would type them, and returns the replies as they came.
  std::string ask(const std::string& commands) const {
    RawConnection connection{port_};
    connection.send(commands + "\r\nQUIT\r\n");
    std::string replies = connection.read_to_end();
    const std::string farewell = "+OK\r\n";
    if (replies.ends_with(farewell)) replies.resize(replies.size() - farewell.size());
    return replies;
  }

 private:
  const ScratchDirectory scratch_;
  std::filesystem::path program_;
  std::vector<std::string> flags_;
  std::uint16_t port_ = free_tcp_port();
  std::optional<ChildProcess> process_;
};

}  // namespace statwire::test
