#include "online_store/store_counter.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <utility>
#include <variant>

namespace online_store {

using statwire::EventTime;

StoreCounter::StoreCounter(const AvroSchema& schema, CounterOptions options)
    : options_{std::move(options)},
      decoder_{schema},
      save_reports_{"keeping the state", options_.on_error},
      read_reports_{"reading the state of others", options_.on_error} {
  if (options_.state_directory.empty()) return;
  others_.emplace(options_.state_directory, options_.topic, options_.windows,
                  [this](const std::string& error) { read_reports_.add("read", error); });
}

std::optional<std::int64_t> StoreCounter::assigned(std::int32_t partition) {
  has_partitions_ = true;
  // Without a directory, what was read here before is known by its offset.
  if (options_.state_directory.empty()) return std::nullopt;
  const std::filesystem::path path = state_path(options_.state_directory, options_.topic, partition);
  const std::optional<FileVersion> version = version_of(path);
  auto state = load_state(path, options_.windows);
  if (!state) return std::nullopt;
  const std::int64_t next_offset = state->next_offset;
  const std::lock_guard lock{mutex_};
  partitions_.insert_or_assign(partition, Partition{.state = *std::move(state), .saved = version});
  return next_offset;
}

void StoreCounter::take(std::int32_t number, std::int64_t offset, std::string_view value) {
  const std::lock_guard lock{mutex_};
  Partition& partition = partition_at(number);
  PartitionState& state = partition.state;
  partition.is_dirty = true;
  std::optional<BadEvent> bad = BadEvent::duplicate;
  if (offset >= state.next_offset) {
    bad = take_event(state, value);
    state.next_offset = offset + 1;
  }
  if (bad) {
    ++state.bad[static_cast<std::size_t>(*bad)];
  } else {
    ++state.taken;
  }
}

std::optional<BadEvent> StoreCounter::take_event(PartitionState& state, std::string_view value) {
  const std::variant<Event, BadEvent> decoded = decoder_.decode(value);
  if (const auto* bad = std::get_if<BadEvent>(&decoded)) return *bad;
  const Event& event = std::get<Event>(decoded);
  if (event.session_id.size() > max_session_bytes) return BadEvent::long_session;
  const EventTime limit = options_.now() + options_.allowed_ahead;
  if (event.timestamp > limit.time_since_epoch().count()) return BadEvent::ahead_of_clock;
  return state.windows.take(event);
}

std::map<std::int32_t, std::int64_t> StoreCounter::checkpoint() {
  std::map<std::int32_t, std::int64_t> offsets;
  for (auto& [number, partition] : partitions_) {
    if (!partition.is_dirty) continue;
    // What cannot be saved stays where it is for the group, and is tried again.
    if (!options_.state_directory.empty() && !save(number, partition)) continue;
    partition.is_dirty = false;
    offsets[number] = partition.state.next_offset;
  }
  return offsets;
}

/// Whether another instance has read more. If it has read less, what it has read is in our windows, too.
bool StoreCounter::is_beyond(const std::filesystem::path& path, std::int64_t next_offset) const {
  const std::optional<PartitionState> other = load_state(path, options_.windows);
  return other && other->next_offset > next_offset;
}

bool StoreCounter::save(std::int32_t number, Partition& partition) {
  const std::filesystem::path path = state_path(options_.state_directory, options_.topic, number);
  try {
    const std::optional<FileVersion> there = version_of(path);
    if (there && there != partition.saved && is_beyond(path, partition.state.next_offset)) {
      // This instance was away for too long, and was not told yet that the partition is another's.
      save_reports_.add("overtaken", path.string() + " is written by another instance, too");
      return false;
    }
    save_state(path, partition.state);
  } catch (const std::exception& error) {
    save_reports_.add("save", error.what());
    return false;
  }
  partition.saved = version_of(path);
  return true;
}

void StoreCounter::revoked(std::int32_t partition) {
  drop(partition);
}

void StoreCounter::lost(std::int32_t partition) {
  drop(partition);
}

/// The file of a partition that is another's now says what it came to.
void StoreCounter::drop(std::int32_t partition) {
  if (options_.state_directory.empty()) return;
  const std::lock_guard lock{mutex_};
  partitions_.erase(partition);
}

StoreCounter::Partition& StoreCounter::partition_at(std::int32_t number) {
  const auto found = partitions_.find(number);
  if (found != partitions_.end()) return found->second;
  return partitions_.emplace(number, Partition{.state = {.windows = StoreWindows{options_.windows}}})
      .first->second;
}

std::set<std::int32_t> StoreCounter::ours() {
  const std::lock_guard lock{mutex_};
  std::set<std::int32_t> numbers;
  for (const auto& [number, partition] : partitions_) numbers.insert(number);
  return numbers;
}

void StoreCounter::look(const std::function<void(const States&)>& look) {
  const std::lock_guard others_lock{others_mutex_};
  // A partition that changes hands while files are read would be in neither place.
  for (std::set<std::int32_t> before = ours();;) {
    States states;
    if (others_) {
      for (const auto& [number, state] : others_->read(before)) states[number] = &state;
    }
    const std::lock_guard lock{mutex_};
    std::set<std::int32_t> now;
    for (const auto& [number, partition] : partitions_) {
      now.insert(number);
      states[number] = &partition.state;
    }
    if (now == before || !others_) return look(states);
    before = std::move(now);
  }
}

Figures StoreCounter::at(EventTime time) {
  Figures figures;
  look([&](const States& states) { figures = figures_of(states, time); });
  return figures;
}

Figures StoreCounter::figures_of(const States& states, EventTime time) const {
  if (states.size() == 1) return states.begin()->second->windows.at(time);  // nothing has to be copied
  StoreWindows::Slice slice;
  for (const auto& [number, state] : states) state->windows.add_to(slice, time);
  return slice.figures(options_.windows.behaviour);
}

StoreCounter::Last StoreCounter::last() {
  Last last;
  look([&](const States& states) {
    for (const auto& [number, state] : states) {
      last.message_time = std::max(last.message_time, state->windows.last_message_time());
    }
    last.figures = figures_of(states, EventTime{std::chrono::milliseconds{last.message_time}});
  });
  return last;
}

EventCounts StoreCounter::counts() {
  EventCounts counts;
  look([&](const States& states) {
    for (const auto& [number, state] : states) {
      counts.taken += state->taken;
      for (std::size_t i = 0; i < state->bad.size(); ++i) counts.bad[i] += state->bad[i];
      const StoreWindows::LateCounts late = state->windows.late();
      counts.late.five_minutes += late.five_minutes;
      counts.late.hour += late.hour;
      counts.late.day += late.day;
      counts.refused_sessions += state->windows.refused_sessions();
    }
  });
  return counts;
}

}  // namespace online_store
