#include "host_monitor/history.hpp"

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
  Time begin = newest - slice_length * static_cast<Time::rep>(count - 1);

  auto entry = entries_.begin();
  std::optional<double> last;
  for (; entry != entries_.end() && entry->time < begin; ++entry) last = entry->value;
  for (std::optional<double>& slice : result) {
    begin += slice_length;
    double sum = 0;
    std::size_t values = 0;
    for (; entry != entries_.end() && entry->time < begin; ++entry, ++values) {
      sum += entry->value;
      last = entry->value;
    }
    slice = values == 0 ? last : sum / static_cast<double>(values);
  }
  return result;
}

}  // namespace host_monitor
