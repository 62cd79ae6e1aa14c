#pragma once

// The real RabbitMQ in a folder and on ports of its own, killed and started again as a test wants it. Takes
// some six seconds to start.

#include <ostream>

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "statwire/transport/tcp.hpp"
#include "support/child_process.hpp"
#include "support/free_port.hpp"
#include "support/loopback.hpp"
#include "support/scratch_directory.hpp"

namespace statwire::test {

class RabbitmqServer {
 public:
  /// Of Debian. That of /usr/sbin becomes another user first.
  static std::filesystem::path program() { return "/usr/lib/rabbitmq/bin/rabbitmq-server"; }

  /// Not yet started.
  RabbitmqServer() {
    scratch_.write("rabbitmq.conf", "listeners.tcp.1 = 127.0.0.1:" + std::to_string(port_) +
                                        "\n"
                                        "num_acceptors.tcp = 1\n"
                                        "log.console = true\n"
                                        "log.console.level = warning\n"
                                        "log.file = false\n"
                                        "disk_free_limit.absolute = 1MB\n");
    scratch_.write("enabled_plugins", "[].");
    epmd_.emplace(
        std::vector<std::string>{"epmd", "-address", "127.0.0.1", "-port", std::to_string(epmd_port_)});
  }
  RabbitmqServer(const RabbitmqServer&) = delete;
  RabbitmqServer& operator=(const RabbitmqServer&) = delete;
  ~RabbitmqServer() { kill_group(); }

  std::uint16_t port() const { return port_; }

  /// Returns when clients can connect. What was durable is there again.
  void start() {
    std::filesystem::remove(scratch_.path() / "process");
    // It writes to a file: a pipe that nobody reads would be full some day. In a session of its own, its
    // helpers can be ended together with it.
    process_.emplace(
        with_environment({"setsid", "sh", "-c", "echo $$ >\"$0/process\"; exec \"$1\" >>\"$0/out\" 2>&1",
                          scratch_.path(), program()}));
    constexpr std::chrono::minutes long_enough{3};  // it takes the processor, of which others want some
    const Deadline deadline = std::chrono::steady_clock::now() + long_enough;
    while (!is_listening()) {
      REQUIRE_MESSAGE(!has_ended(), "RabbitMQ ended as it started: " << read("out"));
      REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "RabbitMQ did not start: " << read("out"));
      std::this_thread::sleep_for(std::chrono::milliseconds{20});  // between two questions
    }
  }

  /// Signals it, and waits until it has gone. SIGKILL leaves it no time for anything.
  void end(int number) {
    process_->signal(number);
    process_->wait();
    kill_group();
    process_.reset();
  }

  /// Has its own tool do something.
  void control(const std::vector<std::string>& command) const {
    // It writes to a file: it says nothing for long when the processor is busy, and that is no failure.
    std::vector<std::string> tool{"sh", "-c", "exec \"$@\" >\"$0/answer\" 2>&1", scratch_.path(),
                                  program().parent_path() / "rabbitmqctl"};
    tool.insert(tool.end(), command.begin(), command.end());
    REQUIRE_MESSAGE(ChildProcess{with_environment(tool)}.wait() == 0, read("answer"));
  }

 private:
  std::vector<std::string> with_environment(const std::vector<std::string>& command) const {
    const std::string folder = scratch_.path();
    std::vector<std::string> all{
        "/usr/bin/env",
        "HOME=" + folder,
        "ERL_EPMD_PORT=" + std::to_string(epmd_port_),
        "ERL_EPMD_ADDRESS=127.0.0.1",
        "RABBITMQ_NODENAME=statwire@localhost",
        "RABBITMQ_DIST_PORT=" + std::to_string(distribution_port_),
        "RABBITMQ_CONFIG_FILE=" + folder + "/rabbitmq.conf",
        "RABBITMQ_CONF_ENV_FILE=/dev/null",
        "RABBITMQ_ADVANCED_CONFIG_FILE=" + folder + "/advanced.config",
        "RABBITMQ_MNESIA_BASE=" + folder + "/mnesia",
        "RABBITMQ_LOG_BASE=" + folder + "/log",
        "RABBITMQ_ENABLED_PLUGINS_FILE=" + folder + "/enabled_plugins",
        "RABBITMQ_PID_FILE=" + folder + "/pid",
        "RABBITMQ_GENERATED_CONFIG_DIR=" + folder + "/generated",
        // Its schedulers are not to spin while others want the processor.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} +sbwt none",
    };
    all.insert(all.end(), command.begin(), command.end());
    return all;
  }

  bool is_listening() const {
    TcpTransport transport{"127.0.0.1", port_};
    std::error_code ec;
    transport.connect(soon(), ec);
    return !ec;
  }

  std::string read(const std::string& name) const {
    std::ifstream file{scratch_.path() / name};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  bool has_ended() const {
    const std::string process = read("process");
    if (process.empty()) return false;
    siginfo_t ended{};
    const auto id = static_cast<id_t>(std::stoi(process));
    return ::waitid(P_PID, id, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0;
  }

  /// Its helpers end when it does; none is to be left when it was killed.
  void kill_group() const {
    const std::string process = read("process");
    if (process_ && !process.empty()) ::kill(-std::stoi(process), SIGKILL);
  }

  const ScratchDirectory scratch_;
  std::uint16_t port_ = free_tcp_port();
  std::uint16_t epmd_port_ = free_tcp_port();
  std::uint16_t distribution_port_ = free_tcp_port();
  std::optional<ChildProcess> epmd_;
  std::optional<ChildProcess> process_;
};

}  // namespace statwire::test
