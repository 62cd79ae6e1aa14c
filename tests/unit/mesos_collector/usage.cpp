#include "mesos_collector/usage.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <variant>

using namespace mesos_collector;

namespace {

/// A task whose counters are `times` their values at the first sample.
Json task(int times) {
  return {{"executor_id", "app.1"},
          {"statistics",
           {{"timestamp", 1000.5 * times},
            {"cpus_limit", 1.1},
            {"cpus_user_time_secs", 2.25 * times},
            {"cpus_system_time_secs", 3 * times},
            {"cpus_throttled_time_secs", 0.5 * times},
            {"mem_rss_bytes", 1000},
            {"mem_limit_bytes", 4000}}}};
}

Json with(Json task, const char* field, const Json& value) {
  task.at("statistics")[field] = value;
  return task;
}

Json without(Json task, const char* field) {
  task.at("statistics").erase(field);
  return task;
}

const Json first = task(1);
const Json second = task(2);

Usage usage(const Json& before, const Json& now, Resets resets = Resets::fail) {
  return std::get<Usage>(usage_between(before, now, resets));
}

Failure failure(const Json& before, const Json& now, Resets resets = Resets::fail) {
  return std::get<Failure>(usage_between(before, now, resets));
}

Failure missing(const std::string& what) {
  return {"missing_field", what + " is missing"};
}

Failure wrong(const std::string& what) {
  return {"wrong_field", what};
}

}  // namespace

TEST_CASE("usage: it is what the counters and the time went up by, and the memory of now") {
  const Usage used = usage(first, with(second, "mem_rss_bytes", 1001));
  CHECK(used.period == ExactNumber{2001, 2});
  CHECK(used.user == ExactNumber{9, 4});
  CHECK(used.system == 3);
  CHECK(used.throttled.value() == ExactNumber{1, 2});
  CHECK(used.memory == 1001);
  CHECK(used.memory_limit == 4000);
}

TEST_CASE("usage: the limit is taken as it is printed, without what Mesos adds for the executor") {
  const Usage used = usage(first, with(second, "cpus_limit", 0.4));
  CHECK(used.limit == ExactNumber{2, 5});
  CHECK(used.task_limit == ExactNumber{3, 10});
  CHECK(usage(first, with(second, "cpus_limit", 2)).task_limit == ExactNumber{19, 10});
}

TEST_CASE("usage: differences are of the doubles themselves, and the time's is a double again") {
  const Json before = with(with(first, "cpus_user_time_secs", 54.88), "timestamp", 1541084142.7118);
  const Json now = with(with(second, "cpus_user_time_secs", 65.43), "timestamp", 1541084157.12885);
  const Usage used = usage(before, now);
  CHECK(used.user == ExactNumber{65.43} - ExactNumber{54.88});
  CHECK(used.user > ExactNumber{1055, 100});
  CHECK(used.period == ExactNumber{1541084157.12885 - 1541084142.7118});
  // Exactly, this would be 2^53 - 0.5, which no double is.
  const Json from_half = with(first, "timestamp", 0.5);
  CHECK(usage(from_half, with(second, "timestamp", 9007199254740992.0)).period ==
        ExactNumber{"9007199254740992"});
}

TEST_CASE("usage: times may be integers, of any size, and one of each") {
  const Json before = with(first, "timestamp", 9007199254740992);
  CHECK(usage(before, with(second, "timestamp", 9007199254740993)).period == 1);
  CHECK(usage(before, with(second, "timestamp", 9007199254740994.0)).period == 2);
  CHECK(usage(with(first, "timestamp", -9223372036854775807), with(second, "timestamp", 9223372036854775807))
            .period == ExactNumber{"18446744073709551614"});
}

TEST_CASE("usage: an agent that does not throttle now has no throttled time; one that began has all of it") {
  const char* const throttled = "cpus_throttled_time_secs";
  CHECK_FALSE(usage(first, without(second, throttled)).throttled);
  CHECK(usage(without(first, throttled), second).throttled.value() == 1);
  CHECK_FALSE(usage(without(first, throttled), without(second, throttled)).throttled);
}

TEST_CASE("usage: a field that is missing is a failure that names it") {
  for (const char* const field : {"timestamp", "cpus_user_time_secs", "cpus_system_time_secs", "cpus_limit",
                                  "mem_rss_bytes", "mem_limit_bytes"}) {
    CHECK(failure(first, without(second, field)) == missing(field));
  }
  for (const char* const field : {"timestamp", "cpus_user_time_secs", "cpus_system_time_secs"}) {
    CHECK(failure(without(first, field), second) == missing(std::string{field} + " of the previous sample"));
  }
  CHECK_NOTHROW(
      usage(without(without(without(first, "cpus_limit"), "mem_rss_bytes"), "mem_limit_bytes"), second));
}

TEST_CASE("usage: a field that is no number is a failure that names it and its value") {
  for (const char* const field :
       {"timestamp", "cpus_user_time_secs", "cpus_system_time_secs", "cpus_throttled_time_secs", "cpus_limit",
        "mem_rss_bytes", "mem_limit_bytes"}) {
    CHECK(failure(first, with(second, field, "12")) ==
          wrong(std::string{field} + " is \"12\", not a number"));
    CHECK(failure(first, with(second, field, nullptr)) ==
          wrong(std::string{field} + " is null, not a number"));
  }
  CHECK(failure(with(first, "timestamp", true), second) ==
        wrong("timestamp of the previous sample is true, not a number"));
  CHECK(failure(first, with(second, "cpus_limit", Json::object())) ==
        wrong("cpus_limit is an object, not a number"));
  CHECK(failure(first, with(second, "cpus_limit", Json::array())) ==
        wrong("cpus_limit is an array, not a number"));
}

TEST_CASE("usage: what is no task object is a failure") {
  for (const char* const text : {"null", "5", "\"statistics\"", "[]", "[\"statistics\"]", "{}"}) {
    CAPTURE(text);
    CHECK(failure(Json::parse(text), second) == missing("statistics of the previous sample"));
    CHECK(failure(first, Json::parse(text)) == missing("statistics"));
  }
  CHECK(failure({{"statistics", 5}}, second) ==
        wrong("statistics of the previous sample is 5, not an object"));
  CHECK(failure(first, {{"statistics", {1, 2}}}) == wrong("statistics is an array, not an object"));
}

TEST_CASE("usage: counters and a time that went down are a failure, unless they are to be published") {
  const auto check_reset = [](const char* field, const Json& before, const Json& now, const char* message) {
    const Json task_before = with(first, field, before);
    const Json task_now = with(second, field, now);
    CHECK(failure(task_before, task_now) == Failure{"counter_reset", message});
    CHECK_NOTHROW(usage(task_before, task_now, Resets::publish));
  };
  check_reset("timestamp", 1000.0, 999.5, "timestamp went down from 1000.0 to 999.5");
  check_reset("cpus_user_time_secs", 100.5, 1, "cpus_user_time_secs went down from 100.5 to 1");
  check_reset("cpus_system_time_secs", 1e-05, 0, "cpus_system_time_secs went down from 1e-05 to 0");
  check_reset("cpus_throttled_time_secs", 3, 2.5, "cpus_throttled_time_secs went down from 3 to 2.5");
  CHECK(usage(second, first, Resets::publish).user == ExactNumber{-9, 4});
  CHECK(usage(second, first, Resets::publish).period == ExactNumber{-2001, 2});
  const char* const user = "cpus_user_time_secs";
  CHECK(usage(first, with(second, user, first.at("statistics").at(user))).user == 0);
}

TEST_CASE("usage: memory and limits may go down") {
  const Json large = with(with(with(first, "cpus_limit", 8), "mem_rss_bytes", 9000), "mem_limit_bytes", 9000);
  CHECK(usage(large, second).memory == 1000);
}

TEST_CASE("usage: two samples of the same time are a failure, whatever is to be published") {
  const Failure same{"zero_period", "timestamp is 1000.5, the same as of the previous sample"};
  for (const Resets resets : {Resets::fail, Resets::publish}) {
    CHECK(failure(first, with(second, "timestamp", 1000.5), resets) == same);
  }
}

TEST_CASE("usage: a limit that leaves nothing to be divided by is a failure") {
  CHECK(failure(first, with(second, "cpus_limit", 0.1)) ==
        Failure{"zero_limit", "cpus_limit is 0.1, which leaves nothing without the executor's 0.1"});
  CHECK(failure(first, with(second, "mem_limit_bytes", 0)) ==
        Failure{"zero_limit", "mem_limit_bytes is 0; it must be more than that"});
  CHECK(failure(first, with(second, "mem_limit_bytes", -0.0)).message ==
        "mem_limit_bytes is -0.0; it must be more than that");
}

TEST_CASE("usage: times that are further apart than a double tells are a failure") {
  CHECK(failure(with(first, "timestamp", -1.7e308), with(second, "timestamp", 1.7e308)) ==
        wrong("timestamp is 1.7e+308, too far from -1.7e+308 before"));
}
