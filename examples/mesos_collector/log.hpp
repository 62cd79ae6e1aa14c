#pragma once

// The collector's log: a line is one JSON object, with the names that the original's log has.

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "mesos_collector/failure.hpp"
#include "mesos_collector/json.hpp"

namespace mesos_collector {

/// May be used from several threads at once; a line is written whole.
class Log {
 public:
  /// Gets a line without its end, one at a time.
  using Write = std::function<void(const std::string& line)>;

  explicit Log(Write write);

  /// {"action": ..., KEY: address, "exception": {"message": ..., "type": ...}}
  void failure(std::string_view action, std::string_view key, std::string_view address,
               const Failure& failure);

  /// {"action": ..., KEY: address, "taskname": ..., "exception": {...}}
  void task_failure(std::string_view action, std::string_view key, std::string_view address,
                    std::string_view task, const Failure& failure);

  /// {"action": ..., then the members of `figures`}
  void event(std::string_view action, const Json& figures);

 private:
  void write(const Json& line);

  std::mutex mutex_;
  Write write_;
};

}  // namespace mesos_collector
