#pragma once

// What a consumer gives the events of its partitions to: implemented by whoever counts them.

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

namespace online_store {

/// Threads: all calls come from the thread that is in Consumer::run(). An exception ends run(), and nothing
/// is committed then.
class PartitionSink {
 public:
  virtual ~PartitionSink() = default;

  /// The partition is ours from now on. Returns the offset to begin at, which wins over what the group has
  /// committed; nothing: where the group is. An offset that the cluster has no more is told as an error, and
  /// it begins where a new group would.
  virtual std::optional<std::int64_t> assigned(std::int32_t partition) = 0;

  /// Offsets of a partition come in order, but not without gaps. `value` is valid until this returns; of a
  /// tombstone data() is null.
  virtual void take(std::int32_t partition, std::int64_t offset, std::string_view value) = 0;

  /// Makes durable what was taken. Returns the offsets that the group may begin at now, which is the next to
  /// read after the last that was taken; partitions of which nothing was taken may be left out. Called every
  /// commit_interval, and before partitions are given back, whether anything was taken or not.
  virtual std::map<std::int32_t, std::int64_t> checkpoint() = 0;

  /// The partition was given back, and what checkpoint() said is committed: who has it next goes on from
  /// there.
  virtual void revoked(std::int32_t partition) = 0;

  /// The partition is gone without that: the group took this consumer for dead, or the offsets could not be
  /// committed. Who has it next begins at an earlier commit, unless its sink knows better, and will take
  /// again what this one took after it.
  virtual void lost(std::int32_t partition) = 0;
};

}  // namespace online_store
