// The round without any server: agents, samples and time are the test's own.

#include "mesos_collector/collector.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "mesos_collector/python_json.hpp"

using namespace mesos_collector;

namespace {

using Texts = std::vector<std::string>;

constexpr const char* master = "http://m:5050";

Json task(const std::string& id, double time, double used) {
  return {{"executor_id", id},
          {"statistics",
           {{"timestamp", time},
            {"cpus_user_time_secs", used},
            {"cpus_system_time_secs", 0.5},
            {"cpus_limit", 1.1},
            {"mem_rss_bytes", 1000},
            {"mem_limit_bytes", 4000}}}};
}

/// A store in memory, which can be away.
class MemorySamples : public SampleStore {
 public:
  void check() override {
    if (is_away) throw StoreAway{"redis 127.0.0.1:6379: refused"};
  }

  std::vector<PreviousSample> exchange(const std::vector<Sample>& samples) override {
    const std::lock_guard lock{mutex_};
    if (exchanges_left == 0) throw StoreAway{"redis 127.0.0.1:6379: closed"};
    if (exchanges_left > 0) --exchanges_left;
    std::vector<PreviousSample> previous;
    for (const Sample& sample : samples) {
      if (sample.task == wrong_key) {
        previous.push_back({.error = "WRONGTYPE"});
        continue;
      }
      const auto found = texts.find(sample.task);
      previous.push_back(found == texts.end() ? PreviousSample{} : PreviousSample{.text = found->second});
      texts[sample.task] = sample.text;
    }
    return previous;
  }

  bool is_away = false;
  int exchanges_left = -1;  ///< Until it is away; below 0: it never is.
  std::string wrong_key{};
  std::map<std::string, std::string> texts{};

 private:
  std::mutex mutex_;
};

/// A cluster of which every answer is known, its collector, and what came of its rounds.
class Cluster {
 public:
  Cluster() {
    replies_["http://m:5050/redirect"] = HttpReply{.status = 307, .location = "//m:5050"};
    set_agents({"a:1", "b:2"});
  }

  void set_agents(const Texts& agents) {
    Json slaves = Json::array();
    for (const std::string& agent : agents) {
      const std::size_t colon = agent.find(':');
      slaves.push_back({{"hostname", agent.substr(0, colon)}, {"port", std::stoi(agent.substr(colon + 1))}});
    }
    answer_json("http://m:5050/slaves", Json{{"slaves", slaves}}.dump());
  }

  void set_tasks(const std::string& agent, const std::vector<Json>& tasks) {
    set_answer(agent, Json(tasks).dump());
  }
  void set_answer(const std::string& agent, const std::string& body) { answer_json(url(agent), body); }
  void set_failure(const std::string& agent, const Failure& failure) { replies_[url(agent)] = failure; }

  Round collect() {
    log.clear();
    documents.clear();
    asked.clear();
    return collector_.collect(stop.get_token());
  }

  /// The lines of the log but the summary at the end of each round.
  Texts troubles() const {
    Texts lines = log;
    std::erase_if(lines, [](const std::string& line) {
      return line.find("fetch_all_slaves_statistics") != std::string::npos;
    });
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  MemorySamples samples;
  std::stop_source stop;
  Texts log;
  Texts asked;                            ///< The agents, when they were.
  std::map<std::string, Json> documents;  ///< By their tasks.
  std::string throwing_agent{};

 private:
  static std::string url(const std::string& agent) { return "http://" + agent + "/monitor/statistics.json"; }

  void answer_json(const std::string& address, const std::string& body) {
    replies_[address] = HttpReply{.status = 200, .content_type = "application/json", .body = body};
  }

  std::variant<HttpReply, Failure> get(const std::string& address) {
    if (!throwing_agent.empty() && address == url(throwing_agent)) throw std::bad_alloc{};
    const std::lock_guard lock{mutex_};
    if (address.ends_with("statistics.json")) asked.push_back(address);
    const auto found = replies_.find(address);
    if (found == replies_.end()) return Failure{"connect_failed", address + ": nobody listens"};
    return found->second;
  }

  void take(const std::vector<Json>& some) {
    const std::lock_guard lock{mutex_};
    for (const Json& document : some) documents[document.at("taskname").get<std::string>()] = document;
  }

  std::mutex mutex_;
  std::map<std::string, std::variant<HttpReply, Failure>> replies_;
  Log log_{[this](const std::string& line) { log.push_back(line); }};
  WorkerPool pool_{3};
  Collector collector_{{.masters = {master},
                        .get = [this](const std::string& address) { return get(address); },
                        .samples = samples,
                        .pool = pool_,
                        .log = log_,
                        .take = [this](const std::vector<Json>& some) { take(some); }}};
};

/// Two agents with two tasks each, whose first samples are there.
void begin(Cluster& cluster) {
  cluster.set_tasks("a:1", {task("app_x.1", 100, 1), task("app_y.1", 100, 2)});
  cluster.set_tasks("b:2", {task("app_x.2", 100, 3), task("app_y.2", 100, 4)});
  const Round first = cluster.collect();
  CHECK(first.agents == 2);
  CHECK(first.tasks == 4);
  CHECK(first.first_samples == 4);
  CHECK(first.documents == 0);
  CHECK(cluster.documents.empty());
  CHECK(cluster.troubles() == Texts{});
  cluster.set_tasks("a:1", {task("app_x.1", 110, 2), task("app_y.1", 110, 4)});
  cluster.set_tasks("b:2", {task("app_x.2", 110, 6), task("app_y.2", 110, 8)});
}

std::string failure_line(const std::string& action, const std::string& agent, const std::string& type,
                         const std::string& message) {
  return Json{{"action", action}, {"slave_ip", agent}, {"exception", {{"message", message}, {"type", type}}}}
      .dump();
}

}  // namespace

TEST_CASE("mesos_collector round: the first puts samples, the next makes documents of each task") {
  Cluster cluster;
  begin(cluster);
  const Round round = cluster.collect();
  CHECK_FALSE(round.is_skipped);
  CHECK(round.tasks == 4);
  CHECK(round.documents == 4);
  CHECK(round.first_samples == 0);
  CHECK(cluster.troubles() == Texts{});
  REQUIRE(cluster.documents.size() == 4);
  CHECK(cluster.documents["app_x.1"]["cpu_usr_secs"] == 1.0);
  CHECK(cluster.documents["app_x.1"]["host"] == "a:1");
  CHECK(cluster.documents["app_y.2"]["cpu_pct"] == 40.0);
  CHECK(cluster.samples.texts["app_x.1"] == to_python_json(task("app_x.1", 110, 2)));
  REQUIRE(cluster.log.size() == 1);
  const Json summary = Json::parse(cluster.log[0]);
  CHECK(summary["totalSlaves"] == 2);
  CHECK(summary["documents"] == 4);
  CHECK(summary["skipped"] == false);
}

TEST_CASE("mesos_collector round: an agent that fails is one line, and the others go on") {
  Cluster cluster;
  begin(cluster);
  cluster.set_failure("a:1", {"timeout", "no answer within 5 s"});
  const Round round = cluster.collect();
  CHECK_FALSE(round.is_skipped);
  CHECK(round.failed_agents == 1);
  CHECK(round.documents == 2);
  CHECK(cluster.troubles() ==
        Texts{failure_line("get_slave_statistics", "a:1", "timeout", "no answer within 5 s")});
}

TEST_CASE("mesos_collector round: a task that fails is one line with its name, and the others go on") {
  Cluster cluster;
  begin(cluster);
  Json without_limit = task("app_x.1", 110, 2);
  without_limit["statistics"].erase("mem_limit_bytes");
  cluster.set_tasks("a:1", {without_limit, task("app_y.1", 110, 4)});
  cluster.set_tasks("b:2", {task("app_x.2", 100, 3), task("app_y.2", 110, 1)});
  cluster.samples.texts["app_y.1"] = "{";
  const Round round = cluster.collect();
  CHECK(round.tasks == 4);
  CHECK(round.failed_tasks == 4);
  CHECK(round.documents == 0);
  std::map<std::string, std::string> types;
  for (const std::string& line : cluster.troubles()) {
    const Json entry = Json::parse(line);
    CHECK(entry.at("action") == "build_slave_stask_statistics");
    CHECK((entry.at("slave_ip") == "a:1" || entry.at("slave_ip") == "b:2"));
    types[entry.at("taskname").get<std::string>()] = entry.at("exception").at("type").get<std::string>();
  }
  CHECK(types == std::map<std::string, std::string>{{"app_x.1", "missing_field"},
                                                    {"app_y.1", "not_json"},
                                                    {"app_x.2", "zero_period"},
                                                    {"app_y.2", "counter_reset"}});
  // The samples went on all the same, so the next round is right again.
  cluster.set_tasks("a:1", {task("app_x.1", 120, 2), task("app_y.1", 120, 5)});
  cluster.set_tasks("b:2", {task("app_x.2", 120, 4), task("app_y.2", 120, 2)});
  CHECK(cluster.collect().documents == 4);
  CHECK(cluster.documents["app_y.2"]["cpu_usr_secs"] == 1.0);
}

TEST_CASE("mesos_collector round: tasks without an id are counted as failed") {
  Cluster cluster;
  begin(cluster);
  cluster.set_answer("a:1", R"([7, {"executor_id": 7}, {}])");
  const Round round = cluster.collect();
  CHECK(round.failed_tasks == 3);
  CHECK(round.documents == 2);
  CHECK(cluster.troubles().size() == 3);
}

TEST_CASE(
    "mesos_collector round: a second task of the same id, or of another framework, is no task of ours") {
  Cluster cluster;
  begin(cluster);
  Json other = task("app_x.2", 110, 6);
  other["framework_id"] = "other";
  cluster.set_tasks("a:1", {task("app_x.1", 110, 2), task("app_x.1", 110, 3)});
  cluster.set_tasks("b:2", {other, task("app_y.2", 110, 8)});
  const Round round = cluster.collect();
  CHECK(round.failed_tasks == 2);
  CHECK(round.documents == 2);
  CHECK(cluster.documents["app_x.1"]["cpu_usr_secs"] == 1.0);
  const Texts troubles = cluster.troubles();
  REQUIRE(troubles.size() == 2);
  CHECK(troubles[0].find("executor_id is that of another task of this agent, too") != std::string::npos);
  CHECK(troubles[1].find("its previous sample is of a task of the framework ''") != std::string::npos);
}

TEST_CASE("mesos_collector round: a task of more than a MiB never comes to Redis") {
  Cluster cluster;
  begin(cluster);
  Json huge = task("app_x.1", 110, 2);
  huge["source"] = std::string(1 << 20, 's');
  cluster.set_tasks("a:1", {huge, task("app_y.1", 110, 4)});
  CHECK(cluster.collect().documents == 3);
  REQUIRE(cluster.troubles().size() == 1);
  CHECK(cluster.troubles()[0].find("\"type\":\"too_long\"") != std::string::npos);
  CHECK(cluster.samples.texts["app_x.1"] == to_python_json(task("app_x.1", 100, 1)));
}

TEST_CASE("mesos_collector round: an agent of nothing but bad tasks does not fill the log") {
  Cluster cluster;
  begin(cluster);
  std::string tasks = "[0";
  for (int i = 1; i < 5000; ++i) tasks += ",0";
  cluster.set_answer("a:1", tasks + "]");
  const Round round = cluster.collect();
  CHECK(round.failed_tasks == 5000);
  CHECK(round.documents == 2);
  CHECK(cluster.troubles().size() == 1001);
}

TEST_CASE("mesos_collector round: what throws while an agent is asked fails this agent only") {
  Cluster cluster;
  begin(cluster);
  cluster.throwing_agent = "a:1";
  const Round round = cluster.collect();
  CHECK(round.failed_agents == 1);
  CHECK(round.documents == 2);
  CHECK(cluster.troubles() ==
        Texts{failure_line("get_slave_statistics", "a:1", "exception", "std::bad_alloc")});
}

TEST_CASE("mesos_collector round: a key that Redis refuses fails its task only") {
  Cluster cluster;
  begin(cluster);
  cluster.samples.wrong_key = "app_x.1";
  const Round round = cluster.collect();
  CHECK(round.failed_tasks == 1);
  CHECK(round.documents == 3);
  REQUIRE(cluster.troubles().size() == 1);
  CHECK(cluster.troubles()[0].find("WRONGTYPE") != std::string::npos);
}

TEST_CASE("mesos_collector round: skipped and said when Redis is away; no agent is asked") {
  Cluster cluster;
  begin(cluster);
  cluster.samples.is_away = true;
  CHECK(cluster.collect().is_skipped);
  CHECK(cluster.asked.empty());
  const Texts said{
      R"({"action":"skip_round","exception":{"message":"redis 127.0.0.1:6379: refused","type":"redis"}})"};
  CHECK(cluster.troubles() == said);
  cluster.samples.is_away = false;
  CHECK(cluster.collect().documents == 4);
}

TEST_CASE("mesos_collector round: when Redis goes in the middle it is said once, and what was made stays") {
  Cluster cluster;
  Texts agents;
  for (int i = 0; i < 50; ++i) agents.push_back("a:" + std::to_string(i + 1));
  cluster.set_agents(agents);
  for (const std::string& agent : agents) cluster.set_tasks(agent, {task("app." + agent, 100, 1)});
  cluster.collect();
  for (const std::string& agent : agents) cluster.set_tasks(agent, {task("app." + agent, 110, 2)});
  cluster.samples.exchanges_left = 10;
  const Round round = cluster.collect();
  CHECK(round.is_skipped);
  CHECK(round.documents == 10);
  CHECK(cluster.documents.size() == 10);
  CHECK(cluster.asked.size() < 20);
  CHECK(cluster.troubles().size() == 1);
}

TEST_CASE("mesos_collector round: without a leader it is skipped") {
  Cluster cluster;
  cluster.set_agents({});
  CHECK_FALSE(cluster.collect().is_skipped);  // a cluster without agents is one, too
  MemorySamples samples;
  Texts lines;
  Log log{[&](const std::string& line) { lines.push_back(line); }};
  WorkerPool pool{1};
  Collector collector{{.masters = {"http://gone:5050"},
                       .get =
                           [](const std::string&) {
                             return Failure{"connect_failed", "refused"};
                           },
                       .samples = samples,
                       .pool = pool,
                       .log = log,
                       .take = [](const std::vector<Json>&) {}}};
  CHECK(collector.collect({}).is_skipped);
  REQUIRE(lines.size() == 2);
  CHECK(Json::parse(lines[0]).at("master_ip") == "http://gone:5050");
}

TEST_CASE("mesos_collector round: asks no further agent once a stop is requested") {
  Cluster cluster;
  begin(cluster);
  cluster.stop.request_stop();
  CHECK(cluster.collect().documents == 0);
  CHECK(cluster.asked.empty());
}
