#include "host_monitor/series_record.hpp"

#include <utility>

namespace host_monitor {

SeriesRecord::SeriesRecord(std::string key, Unit unit) : key_{std::move(key)}, unit_{unit} {}

void SeriesRecord::measured(History::Time time, double value) {
  last_value_ = value;
  history_.add(time, value);
}

void SeriesRecord::stored(std::int64_t second, double value) {
  ++puts_;
  expected_[second] = value;
}

void SeriesRecord::lost(std::int64_t second) {
  ++drops_;
  expected_.erase(second);
}

}  // namespace host_monitor
