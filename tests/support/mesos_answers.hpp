#pragma once

// Masters and agents out of memory, and the lines of a log, for the unit tests of the Mesos collector.

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "mesos_collector/http_get.hpp"
#include "mesos_collector/log.hpp"

namespace statwire::test {

/// What is got by its URL; everything else refuses. Remembers what was asked for.
struct MesosAnswers {
  std::map<std::string, std::variant<mesos_collector::HttpReply, mesos_collector::Failure>> answers{};
  std::vector<std::string> asked{};

  mesos_collector::HttpGet get() {
    return [this](const std::string& url) {
      asked.push_back(url);
      const auto answer = answers.find(url);
      if (answer != answers.end()) return answer->second;
      return decltype(answer->second){mesos_collector::Failure{"connect_failed", "Connection refused"}};
    };
  }
};

inline mesos_collector::HttpReply json_reply(std::string body) {
  return {.status = 200, .content_type = "application/json", .body = std::move(body)};
}

struct LogLines {
  std::vector<std::string> lines{};
  mesos_collector::Log log{[this](const std::string& line) { lines.push_back(line); }};
};

}  // namespace statwire::test
