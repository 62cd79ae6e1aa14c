#pragma once

// What the parts of the Mesos collector have logged.

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "mesos_collector/log.hpp"

namespace statwire::test {

/// Any thread.
class MesosLog {
 public:
  mesos_collector::Log& log() { return log_; }

  std::vector<mesos_collector::Json> lines() const {
    const std::lock_guard lock{mutex_};
    return lines_;
  }

  std::vector<mesos_collector::Json> lines_of(const std::string& action) const {
    std::vector<mesos_collector::Json> found;
    for (const mesos_collector::Json& line : lines()) {
      if (line.at("action") == action) found.push_back(line);
    }
    return found;
  }

  std::size_t count(const std::string& action) const { return lines_of(action).size(); }

 private:
  mutable std::mutex mutex_;
  std::vector<mesos_collector::Json> lines_;
  mesos_collector::Log log_{[this](const std::string& line) {
    const std::lock_guard lock{mutex_};
    lines_.push_back(mesos_collector::Json::parse(line));
  }};
};

}  // namespace statwire::test
