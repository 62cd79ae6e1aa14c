#pragma once

// What is known of one series: what was measured, what the metrics server took and what was lost.

#include "host_monitor/figures.hpp"
#include "host_monitor/history.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace host_monitor {

class SeriesRecord {
 public:
  SeriesRecord(std::string key, Unit unit);

  void measured(History::Time time, double value);

  /// The server acknowledged a put.
  void stored(std::int64_t second, double value);

  /// A put failed. Whether the server has it nevertheless is not known, so nothing is known of that second.
  void lost(std::int64_t second);

  const std::string& key() const noexcept { return key_; }
  Unit unit() const noexcept { return unit_; }
  double last_value() const noexcept { return last_value_; }
  const History& history() const noexcept { return history_; }
  std::size_t puts() const noexcept { return puts_; }
  std::size_t drops() const noexcept { return drops_; }

  /// What the server must have: the last acknowledged value of each second.
  const std::map<std::int64_t, double>& expected() const noexcept { return expected_; }

 private:
  std::string key_;
  Unit unit_;
  double last_value_ = 0;
  History history_;
  std::size_t puts_ = 0;
  std::size_t drops_ = 0;
  std::map<std::int64_t, double> expected_;
};

}  // namespace host_monitor
