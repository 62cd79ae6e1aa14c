#include "mesos_collector/collector.hpp"

#include <atomic>
#include <exception>
#include <set>
#include <utility>
#include <variant>

#include "mesos_collector/agent.hpp"
#include "mesos_collector/masters.hpp"
#include "mesos_collector/parse_json.hpp"
#include "mesos_collector/python_json.hpp"

namespace mesos_collector {
namespace {

using std::chrono::steady_clock;

constexpr const char* agent_key = "slave_ip";
constexpr const char* agent_action = "get_slave_statistics";
constexpr const char* task_action = "build_slave_stask_statistics";  // so in the original

/// What is kept of a task, or why it cannot be.
std::variant<Sample, Failure> sample_of(const Json& task) {
  if (!task.is_object()) return Failure{"wrong_field", "a task is " + json_excerpt(task) + ", not an object"};
  const auto id = task.find("executor_id");
  if (id == task.end()) return Failure{"missing_field", "executor_id is missing"};
  if (!id->is_string())
    return Failure{"wrong_field", "executor_id is " + json_excerpt(*id) + ", not a string"};
  Sample sample{.task = id->get<std::string>(), .text = to_python_json(task)};
  constexpr std::size_t longest = 1 << 20;  // a thousand times what Mesos says of a task
  if (sample.text.size() > longest) {
    return Failure{"too_long", "the task " + json_excerpt(*id) + " has " +
                                   std::to_string(sample.text.size()) + " bytes; 1 MiB is kept"};
  }
  return sample;
}

/// Ids are those of one framework: another may have tasks of the same.
std::string framework_of(const Json& task) {
  const auto id = task.find("framework_id");
  return id != task.end() && id->is_string() ? id->get<std::string>() : "";
}

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>{steady_clock::now() - start}.count();
}

}  // namespace

/// Summed up by all threads of a round.
struct Collector::Figures {
  std::atomic<bool> store_is_away{false};
  std::atomic<std::size_t> failed_agents{0};
  std::atomic<std::size_t> tasks{0};
  std::atomic<std::size_t> first_samples{0};
  std::atomic<std::size_t> failed_tasks{0};
  std::atomic<std::size_t> documents{0};
};

Collector::Collector(Parts parts) : parts_{std::move(parts)} {}

Round Collector::collect(const std::stop_token& stop) {
  Round round;
  const auto start = steady_clock::now();
  try {
    parts_.samples.check();
    if (const auto agents = find_agents(parts_.masters, parts_.get, parts_.log)) {
      collect_agents(*agents, stop, round);
    } else {
      round.is_skipped = true;
    }
  } catch (const StoreAway& away) {
    skip(away);
    round.is_skipped = true;
  }
  round.time = steady_clock::now() - start;
  parts_.log.event("fetch_all_slaves_statistics", {{"totalSlaves", round.agents},
                                                   {"failedSlaves", round.failed_agents},
                                                   {"totalTasks", round.tasks},
                                                   {"firstSamples", round.first_samples},
                                                   {"failedTasks", round.failed_tasks},
                                                   {"documents", round.documents},
                                                   {"skipped", round.is_skipped},
                                                   {"processTime", round.time.count()}});
  return round;
}

void Collector::collect_agents(const std::vector<std::string>& agents, const std::stop_token& stop,
                               Round& round) {
  Figures figures;
  parts_.pool.for_each(agents.size(), [&](std::size_t i) {
    if (stop.stop_requested() || figures.store_is_away) return;
    try {
      collect_agent(agents[i], figures);
    } catch (const std::exception& error) {  // no memory left for its answer, say: the others go on
      ++figures.failed_agents;
      parts_.log.failure(agent_action, agent_key, agents[i], {"exception", error.what()});
    }
  });
  round.is_skipped = figures.store_is_away;
  round.agents = agents.size();
  round.failed_agents = figures.failed_agents;
  round.tasks = figures.tasks;
  round.first_samples = figures.first_samples;
  round.failed_tasks = figures.failed_tasks;
  round.documents = figures.documents;
}

void Collector::collect_agent(const std::string& agent, Figures& figures) {
  const auto start = steady_clock::now();
  const auto answer = agent_tasks(agent, parts_.get);
  if (const auto* failure = std::get_if<Failure>(&answer)) {
    ++figures.failed_agents;
    return parts_.log.failure(agent_action, agent_key, agent, *failure);
  }
  const auto& tasks = std::get<std::vector<Json>>(answer);
  figures.tasks += tasks.size();
  std::vector<Json> documents;
  try {
    documents = documents_of(agent, tasks, figures);
  } catch (const StoreAway& away) {
    if (!figures.store_is_away.exchange(true)) skip(away);
    return;
  }
  figures.documents += documents.size();
  if (!documents.empty()) parts_.take(documents);
  if (parts_.verbose) {
    parts_.log.event(
        "fetch_slave_statistics",
        {{"slaveIp", agent}, {"totalTasks", tasks.size()}, {"processTime", seconds_since(start)}});
  }
}

/// The sample is put before anything is calculated with it, so a task that failed is right again in the next
/// round.
std::vector<Json> Collector::documents_of(const std::string& agent, const std::vector<Json>& tasks,
                                          Figures& figures) {
  std::size_t failures = 0;
  const auto fail = [&](const std::string& task, const Failure& failure) {
    ++figures.failed_tasks;
    constexpr std::size_t most_lines = 1000;  // an agent that makes up tasks is not to fill the disk
    if (++failures > most_lines) return;
    parts_.log.task_failure(task_action, agent_key, agent, task, failure);
    if (failures == most_lines) {
      parts_.log.failure(task_action, agent_key, agent,
                         {"too_long", "more of its tasks fail; they are counted only"});
    }
  };
  std::vector<Sample> samples;
  std::vector<const Json*> sampled;
  std::set<std::string> ids;
  for (const Json& task : tasks) {
    auto sample = sample_of(task);
    if (const auto* failure = std::get_if<Failure>(&sample)) {
      fail("", *failure);
    } else if (auto& kept = std::get<Sample>(sample); !ids.insert(kept.task).second) {
      fail(kept.task, {"wrong_field", "executor_id is that of another task of this agent, too"});
    } else {
      samples.push_back(std::move(kept));
      sampled.push_back(&task);
    }
  }
  std::vector<Json> documents;
  const std::vector<PreviousSample> previous = parts_.samples.exchange(samples);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!previous[i].error.empty()) {
      fail(samples[i].task, {"redis", previous[i].error});
    } else if (!previous[i].text) {
      ++figures.first_samples;
    } else {
      auto document = document_of(agent, *previous[i].text, *sampled[i]);
      if (const auto* failure = std::get_if<Failure>(&document)) {
        fail(samples[i].task, *failure);
      } else {
        documents.push_back(std::get<Json>(std::move(document)));
      }
    }
  }
  return documents;
}

std::variant<Json, Failure> Collector::document_of(const std::string& agent, const std::string& previous,
                                                   const Json& task) const {
  const auto before = parse_json(previous, "its previous sample");
  if (const auto* failure = std::get_if<Failure>(&before)) return *failure;
  const std::string framework = framework_of(std::get<Json>(before));
  if (framework != framework_of(task)) {
    return Failure{"other_task", "its previous sample is of a task of the framework '" + framework + "'"};
  }
  return build_document(agent, std::get<Json>(before), task, parts_.document);
}

void Collector::skip(const StoreAway& away) {
  parts_.log.event("skip_round", {{"exception", {{"message", away.what()}, {"type", "redis"}}}});
}

}  // namespace mesos_collector
