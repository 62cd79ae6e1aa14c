#pragma once

// One round: every agent is asked, every task becomes a document. Whom it asks, where the samples are and
// what becomes of the documents is passed in.

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "mesos_collector/document.hpp"
#include "mesos_collector/failure.hpp"
#include "mesos_collector/http_get.hpp"
#include "mesos_collector/json.hpp"
#include "mesos_collector/log.hpp"
#include "mesos_collector/sample_store.hpp"
#include "mesos_collector/worker_pool.hpp"

namespace mesos_collector {

/// What came of a round.
struct Round {
  bool is_skipped = false;  ///< No leader, or no store of samples: nothing, or not everything, was asked.
  std::size_t agents = 0;
  std::size_t failed_agents = 0;
  std::size_t tasks = 0;
  std::size_t first_samples = 0;  ///< Of tasks that had none: their documents come with the next round.
  std::size_t failed_tasks = 0;
  std::size_t documents = 0;
  std::chrono::duration<double> time{};
};

/// Threads: one round at a time; the round itself runs on the threads of the pool.
class Collector {
 public:
  struct Parts {
    std::vector<std::string> masters{};
    HttpGet get{};
    SampleStore& samples;
    WorkerPool& pool;
    Log& log;
    /// Gets the documents of one agent, at least one; called by several threads at once.
    std::function<void(const std::vector<Json>& documents)> take{};
    DocumentOptions document{};
    bool verbose = false;
  };

  explicit Collector(Parts parts);

  /// Everything that goes wrong is a line in the log, and the rest goes on. When a stop is requested, agents
  /// that were not yet asked are left out.
  Round collect(const std::stop_token& stop);

 private:
  struct Figures;

  void collect_agents(const std::vector<std::string>& agents, const std::stop_token& stop, Round& round);
  void collect_agent(const std::string& agent, Figures& figures);
  std::vector<Json> documents_of(const std::string& agent, const std::vector<Json>& tasks, Figures& figures);
  std::variant<Json, Failure> document_of(const std::string& agent, const std::string& previous,
                                          const Json& task) const;
  void skip(const StoreAway& away);

  Parts parts_;
};

}  // namespace mesos_collector
