#include "online_store/state_directory.hpp"

#include <cstddef>
#include <exception>
#include <optional>
#include <statwire/protocol/number.hpp>
#include <string_view>
#include <system_error>
#include <utility>

namespace online_store {
namespace {

/// Of a name that state_path() makes.
std::optional<std::int32_t> partition_of(std::string_view name, std::string_view topic) {
  constexpr std::string_view end = ".state";
  const std::size_t begin = topic.size() + 1;
  if (name.size() <= begin + end.size() || !name.starts_with(topic) || name[topic.size()] != '-' ||
      !name.ends_with(end)) {
    return std::nullopt;
  }
  const std::string_view digits = name.substr(begin, name.size() - begin - end.size());
  const std::optional<std::int64_t> number = statwire::protocol::parse_integer(digits);
  if (!number || *number < 0 || *number > INT32_MAX) return std::nullopt;
  if (std::to_string(*number) != digits) return std::nullopt;  // 01 would be partition 1 a second time
  return static_cast<std::int32_t>(*number);
}

}  // namespace

StateDirectory::StateDirectory(std::filesystem::path directory, std::string topic, StoreOptions options,
                               std::function<void(const std::string&)> on_error)
    : directory_{std::move(directory)},
      topic_{std::move(topic)},
      options_{options},
      on_error_{std::move(on_error)} {}

const std::map<std::int32_t, PartitionState>& StateDirectory::read(const std::set<std::int32_t>& ours) {
  for (const std::int32_t partition : ours) {  // it may be another's again, with another file
    seen_.erase(partition);
    states_.erase(partition);
  }
  std::error_code ec;
  for (std::filesystem::directory_iterator entry{directory_, ec};
       !ec && entry != std::filesystem::directory_iterator{}; entry.increment(ec)) {
    const auto partition = partition_of(entry->path().filename().string(), topic_);
    if (partition && !ours.contains(*partition)) read_file(entry->path(), *partition);
  }
  if (ec) on_error_(directory_.string() + ": cannot be read: " + ec.message());
  return states_;
}

void StateDirectory::read_file(const std::filesystem::path& path, std::int32_t partition) {
  const std::optional<FileVersion> version = version_of(path);
  if (!version) return;  // gone meanwhile
  const auto [seen, is_new] = seen_.emplace(partition, *version);
  if (!is_new && seen->second == *version) return;
  seen->second = *version;
  try {
    if (auto state = load_state(path, options_)) states_.insert_or_assign(partition, *std::move(state));
  } catch (const std::exception& error) {
    on_error_(error.what());
  }
}

}  // namespace online_store
