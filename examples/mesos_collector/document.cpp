#include "mesos_collector/document.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "mesos_collector/python_json.hpp"
#include "mesos_collector/usage.hpp"

namespace mesos_collector {
namespace {

/// Adds one member after the other. The first figure that no double can hold is kept as the failure.
class Figures {
 public:
  void add(const char* name, Json value) { document_[name] = std::move(value); }

  void add_rounded(const char* name, const ExactNumber& value, unsigned decimals) {
    const std::optional<double> figure = round_away(value, decimals);
    if (!figure && !failure_)
      failure_ = Failure{"wrong_field", std::string{name} + " is beyond every double"};
    if (figure) add(name, *figure);
  }
  void add_seconds(const char* name, const ExactNumber& value) { add_rounded(name, value, 5); }
  void add_percent(const char* name, const ExactNumber& part) { add_rounded(name, 100 * part, 5); }
  void add_cpus(const char* name, const ExactNumber& value) { add_rounded(name, value, 1); }

  std::variant<Json, Failure> take() && {
    if (failure_) return *std::move(failure_);
    return std::move(document_);
  }

 private:
  Json document_ = Json::object();
  std::optional<Failure> failure_{};
};

/// The original divides all but the throttled time by the limit.
void add_usage(Figures& figures, const Usage& usage, const Json& memory) {
  const ExactNumber user = usage.user / usage.period;
  const ExactNumber system = usage.system / usage.period;
  const ExactNumber both = user + system;
  figures.add_seconds("period_secs", usage.period);
  figures.add_seconds("cpu_usr_secs", usage.user);
  figures.add_seconds("cpu_sys_secs", usage.system);
  if (usage.throttled) figures.add_seconds("cpu_thr_secs", *usage.throttled);
  figures.add("mem_bytes", memory);
  figures.add_percent("mem_pct", usage.memory / usage.memory_limit);
  figures.add_percent("cpu_sys_host_pct", system);
  figures.add_percent("cpu_usr_host_pct", user);
  figures.add_percent("cpu_usr_pct", user / usage.task_limit);
  figures.add_percent("cpu_sys_pct", system / usage.task_limit);
  if (usage.throttled) figures.add_percent("cpu_thr_pct", *usage.throttled / usage.period);
  figures.add_percent("cpu_pct", both / usage.task_limit);
  figures.add_percent("cpu_host_pct", both);
}

}  // namespace

std::string app_name(std::string_view executor_id) {
  std::string name = '/' + std::string{executor_id.substr(0, executor_id.rfind('.'))};
  std::replace(name.begin(), name.end(), '_', '/');
  return name;
}

std::variant<Json, Failure> build_document(const std::string& host, const Json& before, const Json& now,
                                           const DocumentOptions& options) {
  constexpr const char* id_field = "executor_id";
  const auto id = now.find(id_field);
  if (id == now.end()) return Failure{"missing_field", std::string{id_field} + " is missing"};
  if (!id->is_string()) {
    return Failure{"wrong_field", std::string{id_field} + " is " + json_excerpt(*id) + ", not a string"};
  }
  auto usage = usage_between(before, now, options.publish_resets ? Resets::publish : Resets::fail);
  if (auto* const failure = std::get_if<Failure>(&usage)) return std::move(*failure);
  const auto& used = std::get<Usage>(usage);
  const Json& statistics = now.at("statistics");
  Figures figures;
  figures.add("timestamp", statistics.at("timestamp"));
  figures.add_cpus("cpu_limit", used.task_limit);
  figures.add_cpus("cpu_limit_raw", used.limit);
  figures.add("host", host);
  figures.add("taskname", *id);
  figures.add("appname", app_name(id->get_ref<const std::string&>()));
  add_usage(figures, used, statistics.at("mem_rss_bytes"));
  if (options.include_raw) {
    figures.add("stats", {{"before", before.at("statistics")}, {"now", statistics}});
  }
  return std::move(figures).take();
}

}  // namespace mesos_collector
