#pragma once

// What a partition of the event log came to, in a file: so that a program that was killed goes on where it
// was, and that others read what it counted. A file is there whole or not at all.

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "online_store/event.hpp"
#include "online_store/store_windows.hpp"

namespace online_store {

struct PartitionState {
  std::int64_t next_offset = 0;  ///< Everything before it is in the windows, and nothing else is.
  std::uint64_t taken = 0;       ///< Events that count.
  std::array<std::uint64_t, all_bad_events.size()> bad{};
  StoreWindows windows;
};

/// Where the state of a partition stands in a directory.
std::filesystem::path state_path(const std::filesystem::path& directory, const std::string& topic,
                                 std::int32_t partition);

/// Which file stands there: another one after each save_state(), whoever saved.
struct FileVersion {
  ino_t file;
  std::int64_t changed;  ///< Nanoseconds.

  friend bool operator==(const FileVersion&, const FileVersion&) = default;
};

/// None: there is no file that can be looked at.
std::optional<FileVersion> version_of(const std::filesystem::path& path);

/// Takes the place of what was there, once it is on the disk. Throws std::runtime_error that names the file
/// and says what is wrong; then the old file is still there.
void save_state(const std::filesystem::path& path, const PartitionState& state);

/// None: there is no such file. Throws std::runtime_error for a file that cannot be read, or that is
/// something else; `options` are those of the windows that go on, and have to be of the behaviour that was
/// saved.
std::optional<PartitionState> load_state(const std::filesystem::path& path, const StoreOptions& options);

}  // namespace online_store
