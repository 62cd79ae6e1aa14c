#include "mesos_collector/simulated_tasks.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <random>
#include <string_view>
#include <utility>

#include "mesos_collector/json.hpp"

namespace mesos_collector {
namespace {

constexpr std::string_view apps[]{
    "infra_stress",         "infra_reverse-proxy_edge", "shop_catalogue_search", "shop_checkout_api.v2",
    "shop_recommendations", "data_events_writer",       "data_nightly_export",   "mail_outbox",
};

/// What a task is like. The engine's own numbers are the same everywhere, those of distributions are not.
class Character {
 public:
  Character(std::size_t agent, std::size_t task) : random_{agent * 1'000'003 + task} {}

  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  /// From 0 to 1, and both may be.
  double part() { return static_cast<double>(below(1001)) / 1000; }

  std::string uuid() {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
    for (char& c : text) {
      if (c == 'x') c = digits[below(digits.size())];
    }
    return text;
  }

 private:
  std::mt19937_64 random_;
};

/// To so many decimals, as clocks and counters have them.
double cut(double value, double scale) {
  return std::floor(value * scale) / scale;
}

/// Up and down between 0 and 1 once in a period.
double wave(double time, double period) {
  return std::abs(2 * (time / period - std::floor(time / period)) - 1);
}

/// The integral of a load that goes between 0.3 and 1.7 and is 1 in the mean; it always grows.
double busy_time(double age) {
  constexpr double scale = 40;
  return age + 0.7 * scale * std::sin(age / scale);
}

void add_memory(Json& statistics, Character& character, double age) {
  constexpr std::uint64_t mebibyte = 1 << 20;
  constexpr double memory_period = 600;
  const std::uint64_t limit = (64 * mebibyte) << character.below(6);
  const double share = 0.2 + 0.5 * character.part() + 0.25 * wave(age, memory_period);
  const auto rss = static_cast<std::uint64_t>(share * static_cast<double>(limit)) & ~std::uint64_t{4095};
  statistics["mem_anon_bytes"] = rss;
  statistics["mem_file_bytes"] = limit / 16;
  statistics["mem_limit_bytes"] = limit;
  statistics["mem_mapped_file_bytes"] = 0;
  statistics["mem_rss_bytes"] = rss;
}

void add_throttling(Json& statistics, Character& character, double age) {
  constexpr double periods_a_second = 10;  // CFS counts in tenths of a second
  const double periods = std::floor(age * periods_a_second);
  const double throttled = std::floor(periods * 0.9 * character.part());
  statistics["cpus_nr_periods"] = static_cast<std::uint64_t>(periods);
  statistics["cpus_nr_throttled"] = static_cast<std::uint64_t>(throttled);
  statistics["cpus_throttled_time_secs"] = cut(throttled * 0.05, 1e9);
}

Json statistics_of(Character& character, double now, double age) {
  constexpr double ticks_a_second = 100;
  const double limit = static_cast<double>(2 + character.below(20)) / 10;
  const double cpus = (limit - 0.1) * 0.7 * character.part();  // Mesos adds 0.1 for the executor
  const double system_share = 0.3 * character.part();
  const double cpu_seconds = cpus * busy_time(age);
  Json statistics{{"cpus_limit", limit}};
  if (character.below(3) != 0) add_throttling(statistics, character, age);
  statistics["cpus_system_time_secs"] = cut(cpu_seconds * system_share, ticks_a_second);
  statistics["cpus_user_time_secs"] = cut(cpu_seconds * (1 - system_share), ticks_a_second);
  add_memory(statistics, character, age);
  statistics["timestamp"] = cut(now, 1e5);
  return statistics;
}

}  // namespace

double unix_time() {
  return std::chrono::duration<double>{std::chrono::system_clock::now().time_since_epoch()}.count();
}

SimulatedTasks::SimulatedTasks(std::size_t tasks_of_agent, UnixClock now)
    : tasks_of_agent_{tasks_of_agent}, now_{std::move(now)}, begin_{now_()} {}

std::string SimulatedTasks::operator()(std::size_t agent) const {
  constexpr std::uint64_t month_in_seconds = 30 * 24 * 60 * 60;
  const double now = now_();
  Json tasks = Json::array();
  for (std::size_t i = 0; i < tasks_of_agent_; ++i) {
    Character character{agent, i};
    const std::string app{apps[character.below(std::size(apps))]};
    const std::string id = app + "." + character.uuid();
    const double age = now - begin_ + static_cast<double>(character.below(month_in_seconds));
    tasks.push_back({{"executor_id", id},
                     {"executor_name", "Command Executor (Task: " + id + ")"},
                     {"framework_id", "5e4b2a54-1d3c-4c55-9a6e-0d1f5b3c7a11-0000"},
                     {"source", id},
                     {"statistics", statistics_of(character, now, age)}});
  }
  return tasks.dump();
}

}  // namespace mesos_collector
