#pragma once

// A Mesos cluster on loopback, for demonstrations and tests: masters and agents that answer what the
// collector asks, each on a port of its own, and fail when they are told to.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <statwire/detail/asio.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mesos_collector/simulated_server.hpp"

namespace mesos_collector {

struct SimulatedClusterOptions {
  std::size_t masters = 1;
  std::size_t agents = 3;
  std::uint16_t port = 0;  ///< Of the first master; 0 takes a free one, as the others do.
  /// The answer of an agent, by its number, to /monitor/statistics.json; called by the cluster's thread.
  std::function<std::string(std::size_t agent)> statistics{};
};

/// Answers for as long as it lives. Takes a descriptor a server and a connection, so for hundreds of agents
/// the limit is to be raised before (daemon.hpp). Threads: every member function may be called from any.
class SimulatedCluster {
 public:
  /// The first master leads. Throws std::runtime_error that says why it cannot listen, and
  /// std::invalid_argument without a master or without statistics.
  explicit SimulatedCluster(SimulatedClusterOptions options);
  SimulatedCluster(const SimulatedCluster&) = delete;
  SimulatedCluster& operator=(const SimulatedCluster&) = delete;
  ~SimulatedCluster();

  /// `http://127.0.0.1:port` of each master.
  std::vector<std::string> masters() const;

  /// `127.0.0.1:port` of each agent, as the leader has them.
  std::vector<std::string> agents() const;

  /// Another master leads from now on; the others send to it.
  void lead(std::size_t master);

  /// For every request that comes from now on.
  void set_master_fault(std::size_t master, Fault fault);
  void set_agent_fault(std::size_t agent, Fault fault);

 private:
  using Servers = std::vector<std::unique_ptr<SimulatedServer>>;

  SimulatedAnswer answer_of_master(std::size_t master, std::string_view target) const;
  SimulatedAnswer answer_of_agent(std::size_t agent, std::string_view target) const;
  void call_on_thread(const std::function<void()>& action);

  std::function<std::string(std::size_t agent)> statistics_;
  std::size_t leader_ = 0;  ///< Of the thread, as are the servers' faults.
  asio::io_context io_{1};
  Servers masters_;
  Servers agents_;
  std::thread thread_;
};

}  // namespace mesos_collector
