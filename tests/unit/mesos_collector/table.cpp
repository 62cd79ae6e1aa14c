#include "mesos_collector/table.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace mesos_collector;
using Lines = std::vector<std::string>;

namespace {

Json document(const std::string& app, double cpu, double memory = 25) {
  return {{"host", "10.0.0.1:5051"}, {"appname", app},       {"mem_bytes", 1572864},
          {"mem_pct", memory},       {"cpu_thr_pct", 29.84}, {"cpu_pct", cpu}};
}

/// The names in the table, top down.
std::vector<std::string> names(const Lines& lines) {
  Lines found;
  for (const std::string& line : lines) found.push_back(line.substr(0, line.find(' ')));
  found.erase(found.begin());
  return found;
}

bool is_plain(const std::string& line) {
  return std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

TEST_CASE("table: columns are as wide as what is in them, numbers are aligned to the right") {
  Json second = document("/a/longer/name", 5, 100);
  second.erase("cpu_thr_pct");
  second["host"] = "agent.example:5051";
  CHECK(task_table({document("/infra/stress", 121.96208), second}, 10) ==
        Lines{"application     host                 cpu %  throttled %  memory %  memory MiB",
              "/infra/stress   10.0.0.1:5051       121.96        29.84     25.00        1.50",
              "/a/longer/name  agent.example:5051    5.00            -    100.00        1.50"});
}

TEST_CASE("table: without documents there is the heading alone") {
  CHECK(task_table({}, 10) == Lines{"application  host  cpu %  throttled %  memory %  memory MiB"});
}

TEST_CASE("table: the largest come first, by CPU, then by memory, then as they were") {
  const std::vector<Json> documents{document("/c", 5, 1), document("/d", 5, 1), document("/b", 5, 2),
                                    document("/e", -7), document("/a", 10)};
  CHECK(names(task_table(documents, 5)) == Lines{"/a", "/b", "/c", "/d", "/e"});
}

TEST_CASE("table: only so many are shown, and the others are counted") {
  const std::vector<Json> documents{document("/c", 1), document("/a", 3), document("/b", 2)};
  const Lines lines = task_table(documents, 2);
  CHECK(names(lines) == Lines{"/a", "/b", "..."});
  CHECK(lines.back() == "... and 1 more");
  CHECK(task_table(documents, 0).size() == 2);
}

TEST_CASE("table: no name breaks it") {
  std::vector<Json> documents;
  for (const std::string app : {"/ok", "/é漢😀", "/\x1b[2J\n\r\t\x7f", "/\xff\xc3", "/\u202Eabc\u0301"}) {
    documents.push_back(document(app, 1));
    documents.back()["host"] = app;
  }
  documents.push_back(document("/" + std::string(100'000, 'x'), 1));
  documents.push_back(document(std::string(44, 'y'), 1));
  const Lines lines = task_table(documents, 10);
  for (const std::string& line : lines) {
    CHECK(is_plain(line));
    CHECK(line.size() == lines.front().size());
  }
  CHECK(names(lines) == Lines{"/ok", "/???", "/?[2J????", "/??", "/?abc?", "/" + std::string(42, 'x') + "~",
                              std::string(44, 'y')});
}

TEST_CASE("table: no number breaks it") {
  Json huge = document("/a", 1.7e308, -1e300);
  huge["mem_bytes"] = 1e308;
  const Lines lines = task_table({huge, document("/b", 999'999'999), document("/c", 1e9)}, 3);
  for (const std::string& line : lines) CHECK(line.size() == lines.front().size());
  CHECK(lines[1].find("1.70e+308") != std::string::npos);
  CHECK(lines[1].size() < 100);
  CHECK(lines[2].find("1.00e+09") != std::string::npos);
  CHECK(lines[3].find("999999999.00") != std::string::npos);
}
