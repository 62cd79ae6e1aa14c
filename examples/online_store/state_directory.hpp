#pragma once

// The states of all partitions of a topic, as the instances that share them have left them in a directory.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "online_store/state_file.hpp"

namespace online_store {

/// One thread at a time. Reads a file again only when it is another one than before.
class StateDirectory {
 public:
  /// `on_error` is told of a file that cannot be read, once for each that is new; what was read of that
  /// partition before stays.
  StateDirectory(std::filesystem::path directory, std::string topic, StoreOptions options,
                 std::function<void(const std::string&)> on_error);

  /// What stands there now. Files of partitions that are `ours` are not read.
  const std::map<std::int32_t, PartitionState>& read(const std::set<std::int32_t>& ours);

 private:
  void read_file(const std::filesystem::path& path, std::int32_t partition);

  std::filesystem::path directory_;
  std::string topic_;
  StoreOptions options_;
  std::function<void(const std::string&)> on_error_;
  std::map<std::int32_t, FileVersion> seen_;
  std::map<std::int32_t, PartitionState> states_;
};

}  // namespace online_store
