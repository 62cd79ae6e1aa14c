#pragma once

// A cluster on loopback whose agents answer, round by round, what the test has written down.

#include <atomic>
#include <cstddef>
#include <daemon.hpp>  // that of the examples, not the one beside this file
#include <string>
#include <utility>
#include <vector>

#include "mesos_collector/simulated_cluster.hpp"

namespace statwire::test {

class RecordedCluster {
 public:
  /// The answers of all agents, by their numbers, to /monitor/statistics.json; each round has as many.
  using Round = std::vector<std::string>;

  /// Begins with the first round.
  explicit RecordedCluster(std::vector<Round> rounds, std::size_t masters = 1)
      : rounds_{std::move(rounds)},
        descriptors_{example::raise_descriptor_limit()},
        cluster_{{.masters = masters,
                  .agents = rounds_.at(0).size(),
                  .statistics = [this](std::size_t agent) { return rounds_.at(round_).at(agent); }}} {}

  /// The next round's answers are given from now on.
  void next_round() { ++round_; }

  mesos_collector::SimulatedCluster& operator*() { return cluster_; }
  mesos_collector::SimulatedCluster* operator->() { return &cluster_; }

 private:
  const std::vector<Round> rounds_;
  const std::size_t descriptors_;  ///< The limit, raised before the cluster takes any.
  std::atomic<std::size_t> round_{0};
  mesos_collector::SimulatedCluster cluster_;
};

}  // namespace statwire::test
