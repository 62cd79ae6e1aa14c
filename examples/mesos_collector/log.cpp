#include "mesos_collector/log.hpp"

#include <utility>

namespace mesos_collector {
namespace {

Json exception_of(const Failure& failure) {
  return {{"message", failure.message}, {"type", failure.type}};
}

}  // namespace

Log::Log(Write write) : write_{std::move(write)} {}

void Log::failure(std::string_view action, std::string_view key, std::string_view address,
                  const Failure& failure) {
  Json line{{"action", action}};
  line[key] = address;
  line["exception"] = exception_of(failure);
  write(line);
}

void Log::task_failure(std::string_view action, std::string_view key, std::string_view address,
                       std::string_view task, const Failure& failure) {
  Json line{{"action", action}};
  line[key] = address;
  line["taskname"] = task;
  line["exception"] = exception_of(failure);
  write(line);
}

void Log::event(std::string_view action, const Json& figures) {
  Json line{{"action", action}};
  line.update(figures);
  write(line);
}

/// What others sent may be part of a line, and need not be UTF-8.
void Log::write(const Json& line) {
  const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::lock_guard lock{mutex_};
  write_(text);
}

}  // namespace mesos_collector
