#include "mesos_collector/usage.hpp"

#include <string>
#include <utility>

#include "mesos_collector/python_json.hpp"

namespace mesos_collector {
namespace {

constexpr const char* limit_field = "cpus_limit";
constexpr const char* memory_field = "mem_rss_bytes";
constexpr const char* memory_limit_field = "mem_limit_bytes";
constexpr const char* statistics_field = "statistics";
constexpr const char* system_field = "cpus_system_time_secs";
constexpr const char* throttled_field = "cpus_throttled_time_secs";
constexpr const char* timestamp_field = "timestamp";
constexpr const char* user_field = "cpus_user_time_secs";

/// Reads one field after the other. The first failure is kept, and what cannot be read is 0.
class Reading {
 public:
  Reading(const Json& before, const Json& now, Resets resets)
      : before_{statistics_of(before, " of the previous sample")},
        now_{statistics_of(now, "")},
        resets_{resets} {}

  std::variant<Usage, Failure> read();

 private:
  struct Statistics {
    const Json& fields;
    const char* owner;  ///< Stands behind a field's name in a message.
  };
  using ValueOf = std::optional<ExactNumber> (*)(const Json&);

  void fail(const char* type, std::string message) {
    if (!failure_) failure_ = Failure{type, std::move(message)};
  }

  Statistics statistics_of(const Json& task, const char* owner);
  ExactNumber number(const Statistics& statistics, const char* field, ValueOf value_of = binary_value);
  ExactNumber increase(const char* field);
  ExactNumber period();
  std::optional<ExactNumber> throttled();
  void check_divisors(const Usage& usage);

  std::optional<Failure> failure_{};  // before those that may set it
  Statistics before_;
  Statistics now_;
  Resets resets_;
};

Reading::Statistics Reading::statistics_of(const Json& task, const char* owner) {
  static const Json none = Json::object();
  const auto found = task.find(statistics_field);
  if (found == task.end()) {
    fail("missing_field", std::string{statistics_field} + owner + " is missing");
  } else if (!found->is_object()) {
    fail("wrong_field",
         std::string{statistics_field} + owner + " is " + json_excerpt(*found) + ", not an object");
  } else {
    return {*found, owner};
  }
  return {none, owner};
}

ExactNumber Reading::number(const Statistics& statistics, const char* field, ValueOf value_of) {
  const auto found = statistics.fields.find(field);
  if (found == statistics.fields.end()) {
    fail("missing_field", std::string{field} + statistics.owner + " is missing");
    return {};
  }
  if (const auto value = value_of(*found)) return *value;
  fail("wrong_field",
       std::string{field} + statistics.owner + " is " + json_excerpt(*found) + ", not a number");
  return {};
}

/// How much a counter went up between the samples.
ExactNumber Reading::increase(const char* field) {
  ExactNumber difference = number(now_, field) - number(before_, field);
  if (!failure_ && difference < 0 && resets_ == Resets::fail) {
    fail("counter_reset", std::string{field} + " went down from " + json_excerpt(before_.fields.at(field)) +
                              " to " + json_excerpt(now_.fields.at(field)));
  }
  return difference;
}

/// The original subtracts times as doubles, and goes on exactly from there.
ExactNumber Reading::period() {
  ExactNumber exact = increase(timestamp_field);
  if (failure_) return {};
  const Json& before = before_.fields.at(timestamp_field);
  const Json& now = now_.fields.at(timestamp_field);
  if (before.is_number_integer() && now.is_number_integer()) return exact;
  if (const auto period = binary_value(now.get<double>() - before.get<double>())) return *period;
  fail("wrong_field", std::string{timestamp_field} + " is " + json_excerpt(now) + ", too far from " +
                          json_excerpt(before) + " before");
  return {};
}

std::optional<ExactNumber> Reading::throttled() {
  if (!now_.fields.contains(throttled_field)) return std::nullopt;
  if (!before_.fields.contains(throttled_field)) return number(now_, throttled_field);
  return increase(throttled_field);
}

void Reading::check_divisors(const Usage& usage) {
  if (failure_) return;
  if (usage.period == 0) {
    fail("zero_period", std::string{timestamp_field} + " is " +
                            json_excerpt(now_.fields.at(timestamp_field)) +
                            ", the same as of the previous sample");
  } else if (usage.task_limit == 0) {
    fail("zero_limit", std::string{limit_field} + " is " + json_excerpt(now_.fields.at(limit_field)) +
                           ", which leaves nothing without the executor's 0.1");
  } else if (usage.memory_limit == 0) {
    fail("zero_limit", std::string{memory_limit_field} + " is " +
                           json_excerpt(now_.fields.at(memory_limit_field)) + "; it must be more than that");
  }
}

std::variant<Usage, Failure> Reading::read() {
  static const ExactNumber executor_limit{1, 10};
  Usage usage;
  usage.period = period();
  usage.user = increase(user_field);
  usage.system = increase(system_field);
  usage.throttled = throttled();
  usage.limit = number(now_, limit_field, decimal_value);
  usage.task_limit = usage.limit - executor_limit;
  usage.memory = number(now_, memory_field);
  usage.memory_limit = number(now_, memory_limit_field);
  check_divisors(usage);
  if (failure_) return *std::move(failure_);
  return usage;
}

}  // namespace

std::variant<Usage, Failure> usage_between(const Json& before, const Json& now, Resets resets) {
  return Reading{before, now, resets}.read();
}

}  // namespace mesos_collector
