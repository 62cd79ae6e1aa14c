#include "mesos_collector/document.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <variant>

#include "mesos_collector/python_json.hpp"

using namespace mesos_collector;

namespace {

constexpr const char* host = "10.0.0.1:5051";

/// Two samples, 10 seconds apart, of a task with one CPU.
const Json first = Json::parse(R"({"executor_id":"dev_app.web.1","statistics":{
    "timestamp":1000,"cpus_user_time_secs":10,"cpus_system_time_secs":5,"cpus_throttled_time_secs":1}})");
const Json second = Json::parse(R"({"source":"s","executor_id":"dev_app.web.1","statistics":{
    "timestamp":1010,"cpus_user_time_secs":15,"cpus_system_time_secs":6,"cpus_throttled_time_secs":4.5,
    "cpus_limit":1.1,"mem_rss_bytes":1000,"mem_limit_bytes":4000}})");

Json with(Json task, const char* field, const Json& value) {
  task.at("statistics")[field] = value;
  return task;
}

Json built(const Json& before, const Json& now, const DocumentOptions& options = {}) {
  return std::get<Json>(build_document(host, before, now, options));
}

Failure failure(const Json& before, const Json& now, const DocumentOptions& options = {}) {
  return std::get<Failure>(build_document(host, before, now, options));
}

}  // namespace

TEST_CASE("document: the figures of a task, with its names") {
  CHECK(to_python_json(built(first, second)) ==
        R"({"timestamp": 1010, "cpu_limit": 1.0, "cpu_limit_raw": 1.1, "host": "10.0.0.1:5051", )"
        R"("taskname": "dev_app.web.1", "appname": "/dev/app.web", "period_secs": 10.0, )"
        R"("cpu_usr_secs": 5.0, "cpu_sys_secs": 1.0, "cpu_thr_secs": 3.5, "mem_bytes": 1000, )"
        R"("mem_pct": 25.0, "cpu_sys_host_pct": 10.0, "cpu_usr_host_pct": 50.0, "cpu_usr_pct": 50.0, )"
        R"("cpu_sys_pct": 10.0, "cpu_thr_pct": 35.0, "cpu_pct": 60.0, "cpu_host_pct": 60.0})");
}

TEST_CASE("document: the limit divides every part of the CPU but the host's and the throttled one") {
  const Json document = built(first, with(second, "cpus_limit", 0.35));
  CHECK(document.at("cpu_limit") == 0.3);
  CHECK(document.at("cpu_limit_raw") == 0.4);
  CHECK(document.at("cpu_usr_pct") == 200);  // of a limit of 0.25, not of what was rounded
  CHECK(document.at("cpu_sys_pct") == 40);
  CHECK(document.at("cpu_pct") == 240);
  CHECK(document.at("cpu_usr_host_pct") == 50);
  CHECK(document.at("cpu_sys_host_pct") == 10);
  CHECK(document.at("cpu_host_pct") == 60);
  CHECK(document.at("cpu_thr_pct") == 35);
}

TEST_CASE("document: sums are of what was not rounded") {
  const Json now = with(with(second, "cpus_user_time_secs", 10 + 0.5 / 1024), "cpus_system_time_secs", 5);
  const Json document = built(with(first, "cpus_system_time_secs", 5 - 0.5 / 1024), now);
  CHECK(document.at("cpu_usr_host_pct") == 0.00489);  // 0.0048828125
  CHECK(document.at("cpu_sys_host_pct") == 0.00489);
  CHECK(document.at("cpu_host_pct") == 0.00977);  // 0.009765625
  CHECK(document.at("cpu_pct") == 0.00977);
}

TEST_CASE("document: the time and the memory are copied as they are") {
  const Json now = with(with(second, "timestamp", 1010.000000001), "mem_rss_bytes", 1e-7);
  const Json document = built(first, now);
  CHECK(to_python_json(document.at("timestamp")) == "1010.000000001");
  CHECK(to_python_json(document.at("mem_bytes")) == "1e-07");
}

TEST_CASE("document: without throttling now, its two figures are left out") {
  Json now = second;
  now.at("statistics").erase("cpus_throttled_time_secs");
  const Json document = built(first, now);
  CHECK_FALSE(document.contains("cpu_thr_secs"));
  CHECK_FALSE(document.contains("cpu_thr_pct"));
  CHECK(document.size() == 17);
}

TEST_CASE("document: the statistics come with it when they are asked for, with all their fields") {
  const Json before = with(first, "mem_file_bytes", {1, {{"z", nullptr}, {"a", 2}}});
  const Json document = built(before, second, {.include_raw = true});
  CHECK(document.size() == 20);
  CHECK(document.back().dump() ==
        Json{{"before", before.at("statistics")}, {"now", second.at("statistics")}}.dump());
  CHECK_FALSE(built(before, second).contains("stats"));
}

TEST_CASE("document: counters that went down are a failure, or negative figures away from zero") {
  const Json now = with(second, "cpus_user_time_secs", 0.1);
  CHECK(failure(first, now).type == "counter_reset");
  const Json document = built(first, now, {.publish_resets = true});
  CHECK(document.at("cpu_usr_secs") == -9.9);
  CHECK(document.at("cpu_usr_host_pct") == -99);
  CHECK(document.at("cpu_pct") == -89);
  const Json a_little_less = with(second, "cpus_user_time_secs", 9.999999999);
  CHECK(built(first, a_little_less, {.publish_resets = true}).at("cpu_usr_secs") == -1e-05);
}

TEST_CASE("document: a task without a name is a failure") {
  Json nameless = second;
  nameless["executor_id"] = 7;
  CHECK(failure(first, nameless) == Failure{"wrong_field", "executor_id is 7, not a string"});
  nameless.erase("executor_id");
  CHECK(failure(first, nameless) == Failure{"missing_field", "executor_id is missing"});
  CHECK(failure(first, Json::array()) == Failure{"missing_field", "executor_id is missing"});
  CHECK(failure(Json(5), second).type == "missing_field");
}

TEST_CASE("document: figures of any size are there, or the first that no double holds is named") {
  const Json now = with(with(second, "cpus_user_time_secs", 1e307), "mem_limit_bytes", 5e-324);
  CHECK(failure(first, now) == Failure{"wrong_field", "mem_pct is beyond every double"});
  const Json document = built(first, with(now, "mem_rss_bytes", 0));
  CHECK(document.at("cpu_usr_secs") == 1e307);
  CHECK(document.at("cpu_pct").get<double>() == doctest::Approx(1e308));  // on the way it is 10 times that
  CHECK(document.at("mem_pct") == 0);
  CHECK(failure(with(first, "timestamp", 1009.5), with(now, "mem_rss_bytes", 0)).message ==
        "cpu_usr_host_pct is beyond every double");
}

TEST_CASE("document: the names are those of the sample now, whatever their bytes") {
  Json now = second;
  now["executor_id"] = "a_\xff.b\n";
  const auto document = std::get<Json>(build_document("h\xff", first, now, {}));
  const std::string text = to_python_json(document);
  CHECK(text.find("\"host\": \"h\uFFFD\", \"taskname\": \"a_\uFFFD.b\\n\", \"appname\": \"/a/\uFFFD\"") !=
        std::string::npos);
  CHECK(Json::accept(text));
}

TEST_CASE("app name: the last part goes, and underscores are slashes") {
  CHECK(app_name("infra_stress.0741cf07-dde6-11e8") == "/infra/stress");
  CHECK(app_name("a_b.com.br.1") == "/a/b.com.br");
  CHECK(app_name("no-dot_here") == "/no-dot/here");
  CHECK(app_name(".") == "/");
  CHECK(app_name("") == "/");
  CHECK(app_name("_.x") == "//");
  CHECK(app_name("a..") == "/a.");
}
