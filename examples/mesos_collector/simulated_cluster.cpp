#include "mesos_collector/simulated_cluster.hpp"

#include <future>
#include <stdexcept>
#include <utility>

#include "mesos_collector/json.hpp"

namespace mesos_collector {
namespace {

std::string address_of(const SimulatedServer& server) {
  return "127.0.0.1:" + std::to_string(server.port());
}

constexpr const char* not_found = "404 Not Found";

}  // namespace

SimulatedCluster::SimulatedCluster(SimulatedClusterOptions options)
    : statistics_{std::move(options.statistics)} {
  if (options.masters == 0) throw std::invalid_argument{"a cluster has at least 1 master, not 0"};
  if (!statistics_) throw std::invalid_argument{"the agents of a cluster need statistics"};
  for (std::size_t i = 0; i < options.masters; ++i) {
    const std::uint16_t port = i == 0 ? options.port : std::uint16_t{0};
    masters_.push_back(std::make_unique<SimulatedServer>(
        io_, port, [this, i](std::string_view target) { return answer_of_master(i, target); }));
  }
  for (std::size_t i = 0; i < options.agents; ++i) {
    agents_.push_back(std::make_unique<SimulatedServer>(
        io_, std::uint16_t{0}, [this, i](std::string_view target) { return answer_of_agent(i, target); }));
  }
  thread_ = std::thread{[this] { io_.run(); }};
}

SimulatedCluster::~SimulatedCluster() {
  io_.stop();
  thread_.join();
}

std::vector<std::string> SimulatedCluster::masters() const {
  std::vector<std::string> urls;
  for (const auto& master : masters_) urls.push_back("http://" + address_of(*master));
  return urls;
}

std::vector<std::string> SimulatedCluster::agents() const {
  std::vector<std::string> addresses;
  for (const auto& agent : agents_) addresses.push_back(address_of(*agent));
  return addresses;
}

void SimulatedCluster::lead(std::size_t master) {
  call_on_thread([&] { leader_ = master; });
}

void SimulatedCluster::set_master_fault(std::size_t master, Fault fault) {
  call_on_thread([&] { masters_.at(master)->set_fault(fault); });
}

void SimulatedCluster::set_agent_fault(std::size_t agent, Fault fault) {
  call_on_thread([&] { agents_.at(agent)->set_fault(fault); });
}

/// As Mesos: only the leader has the list, and each master says where the leader is.
SimulatedAnswer SimulatedCluster::answer_of_master(std::size_t master, std::string_view target) const {
  const std::string leader = "//" + address_of(*masters_.at(leader_));
  if (target == "/health") return {};
  if (target == "/redirect") return {.status = "307 Temporary Redirect", .location = leader};
  if (target != "/slaves") return {.status = not_found};
  if (master != leader_) return {.status = "307 Temporary Redirect", .location = leader + "/slaves"};
  Json agents = Json::array();
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    const std::uint16_t port = agents_[i]->port();
    agents.push_back({{"id", "5e4b2a54-1d3c-4c55-9a6e-0d1f5b3c7a11-S" + std::to_string(i)},
                      {"hostname", "127.0.0.1"},
                      {"port", port},
                      {"pid", "slave(1)@127.0.0.1:" + std::to_string(port)},
                      {"attributes", Json::object()},
                      {"active", true}});
  }
  return {.body = Json{{"slaves", std::move(agents)}}.dump()};
}

SimulatedAnswer SimulatedCluster::answer_of_agent(std::size_t agent, std::string_view target) const {
  if (target != "/monitor/statistics.json") return {.status = not_found};
  return {.body = statistics_(agent)};
}

/// Returns when it is done, or throws what it throws.
void SimulatedCluster::call_on_thread(const std::function<void()>& action) {
  std::packaged_task<void()> task{action};
  std::future<void> done = task.get_future();
  asio::post(io_, [task = std::move(task)]() mutable { task(); });
  done.get();
}

}  // namespace mesos_collector
