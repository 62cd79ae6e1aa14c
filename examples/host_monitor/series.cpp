#include "host_monitor/series.hpp"

#include <algorithm>

namespace host_monitor {

void History::add(Time time, double value) {
  entries_.push_back({time, value});
  while (entries_.size() > 1 && entries_[1].time <= time - length) entries_.pop_front();
}

std::vector<std::optional<double>> History::slices(Time now, std::size_t count) const {
  std::vector<std::optional<double>> result(count);
  if (count == 0) return result;
  // The borders of the slices stand still while time goes on, so that a value does not flicker between two.
  const auto slice_length =
      std::chrono::duration_cast<Time::duration>(length) / static_cast<Time::rep>(count);
  const Time newest{now.time_since_epoch() / slice_length * slice_length};
  Time end = newest - slice_length * static_cast<Time::rep>(count - 1);

  auto entry = entries_.begin();
  std::optional<double> last;
  for (; entry != entries_.end() && entry->time < end; ++entry) last = entry->value;
  for (std::optional<double>& slice : result) {
    end += slice_length;
    double sum = 0;
    std::size_t values = 0;
    for (; entry != entries_.end() && entry->time < end; ++entry, ++values) {
      sum += entry->value;
      last = entry->value;
    }
    slice = values == 0 ? last : sum / static_cast<double>(values);
  }
  return result;
}

void SeriesRecord::measured(History::Time time, double value) {
  last_value = value;
  history.add(time, value);
}

void SeriesRecord::stored(std::int64_t second, double value) {
  ++puts;
  expected[second] = value;
}

void SeriesRecord::lost(std::int64_t second) {
  ++drops;
  expected.erase(second);
}

ReadBack compare(const SeriesRecord& record, std::span<const statwire::Sample> stored) {
  std::map<std::int64_t, double> own;  // of a second that comes back twice, the later value is the valid one
  for (const auto& [timestamp, value] : stored) {
    if (record.expected.contains(timestamp)) own.insert_or_assign(timestamp, value);
  }
  if (own.empty()) return {};
  const double first = own.begin()->second;
  ReadBack result{.count = own.size(), .min = first, .max = first};
  double sum = 0;
  for (const auto& [timestamp, value] : own) {
    if (record.expected.at(timestamp) == value) ++result.same;
    result.min = std::min(result.min, value);
    result.max = std::max(result.max, value);
    sum += value;
  }
  result.mean = sum / static_cast<double>(own.size());
  return result;
}

}  // namespace host_monitor
