#pragma once

// Counts the events of the partitions that a consumer has, and joins them with those that other instances
// have.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "online_store/avro_schema.hpp"
#include "online_store/event_decoder.hpp"
#include "online_store/kafka_reports.hpp"
#include "online_store/metrics_page.hpp"
#include "online_store/partition_sink.hpp"
#include "online_store/state_directory.hpp"
#include "online_store/state_file.hpp"
#include "online_store/store_windows.hpp"

namespace online_store {

struct CounterOptions {
  StoreOptions windows{};
  std::string topic{};
  std::filesystem::path state_directory{};  ///< Empty: what was counted is in memory only.
  std::chrono::milliseconds allowed_ahead = std::chrono::minutes{5};  ///< Of the clock.
  std::function<statwire::EventTime()> now{};                         ///< The clock; any thread calls it.
  std::function<void(const std::string&)> on_error{};                 ///< Any thread; seldom.
};

/// With a state directory, what is in the windows and how far the log was read change together, so an event
/// counts once, also when the program is killed; and the partitions may change hands between instances that
/// have the same directory. Without one, partitions that go to another instance leave here what was counted
/// here.
///
/// Threads: those of PartitionSink by one, the rest by any.
class StoreCounter final : public PartitionSink {
 public:
  StoreCounter(const AvroSchema& schema, CounterOptions options);

  std::optional<std::int64_t> assigned(std::int32_t partition) override;
  void take(std::int32_t partition, std::int64_t offset, std::string_view value) override;
  std::map<std::int32_t, std::int64_t> checkpoint() override;
  void revoked(std::int32_t partition) override;
  void lost(std::int32_t partition) override;

  /// Whether any partition was ever assigned.
  bool has_partitions() const noexcept { return has_partitions_; }

  /// What all partitions together come to at that time, those of other instances as of their last checkpoint.
  /// With more than one partition it costs as much as there are sessions in the windows of that time.
  Figures at(statwire::EventTime time);

  EventCounts counts();

  /// At the time of the last event that was taken.
  struct Last {
    Figures figures{};
    std::int64_t message_time = 0;  ///< 0 before the first.
  };
  Last last();

 private:
  struct Partition {
    PartitionState state;
    // Of the sink's thread.
    std::optional<FileVersion> saved{};  ///< The file as it was left here.
    bool is_dirty = false;               ///< Since the last checkpoint.
  };

  std::optional<BadEvent> take_event(PartitionState& state, std::string_view value);
  Partition& partition_at(std::int32_t number);
  void drop(std::int32_t partition);
  bool is_beyond(const std::filesystem::path& path, std::int64_t next_offset) const;
  bool save(std::int32_t number, Partition& partition);
  std::set<std::int32_t> ours();

  /// Calls `look(states)` with the state of each partition: ours, or as another instance has left it.
  using States = std::map<std::int32_t, const PartitionState*>;
  void look(const std::function<void(const States&)>& look);
  Figures figures_of(const States& states, statwire::EventTime time) const;

  const CounterOptions options_;
  EventDecoder decoder_;  ///< Of the sink's thread.

  std::atomic<bool> has_partitions_{false};

  std::mutex mutex_;  ///< The sink's thread alone changes partitions_, and reads it without.
  std::map<std::int32_t, Partition> partitions_;

  KafkaReports save_reports_;  ///< Of the sink's thread.

  std::mutex others_mutex_;  ///< Taken before mutex_.
  KafkaReports read_reports_;
  std::optional<StateDirectory> others_;
};

}  // namespace online_store
