#include "online_store/state_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <statwire/detail/json.hpp>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace online_store {
namespace {

using Json = nlohmann::json;
using statwire::DistinctCount;
using statwire::EventTime;

constexpr std::string_view format = "online_store partition state 1";

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw std::runtime_error{path.string() + ": " + what};
}

[[noreturn]] void fail_with_errno(const std::filesystem::path& path, const char* what) {
  fail(path, std::string{what} + ": " + std::generic_category().message(errno));
}

Json to_json(const DistinctCount& count) {
  Json members = Json::array();
  for (std::size_t i = 0; i < count.value(); ++i) members.push_back(std::string{count[i]});
  return {{"members", std::move(members)}, {"refused", count.refused()}};
}

void read(const Json& json, DistinctCount& count) {
  for (const Json& member : json.at("members")) count.insert(member.get_ref<const std::string&>());
  count.add_refused(json.at("refused").get<std::uint64_t>());
}

Json to_json(const Visits& visits) {
  return {{"sessions", to_json(visits.sessions)}, {"orders", visits.orders.value()}};
}

void read(const Json& json, Visits& visits) {
  read(json.at("sessions"), visits.sessions);
  visits.orders.add(json.at("orders").get<std::uint64_t>());
}

Json to_json(const Conversion& conversion) {
  return {{"all", to_json(conversion.sessions.all())},
          {"ordered", to_json(conversion.sessions.hits())},
          {"at_last_order", conversion.at_last_order}};
}

void read(const Json& json, Conversion& conversion) {
  const Json& all = json.at("all");
  const Json& ordered = json.at("ordered");
  for (const Json& member : all.at("members")) {
    conversion.sessions.insert(member.get_ref<const std::string&>());
  }
  for (const Json& member : ordered.at("members")) {
    conversion.sessions.insert_hit(member.get_ref<const std::string&>());
  }
  conversion.sessions.add_refused(all.at("refused").get<std::uint64_t>(),
                                  ordered.at("refused").get<std::uint64_t>());
  conversion.at_last_order = json.at("at_last_order").get<double>();
}

Json to_json(const Baskets& baskets) {
  return {{"sum", baskets.values.value()},
          {"count", baskets.values.count()},
          {"running_mean", baskets.running_mean}};
}

void read(const Json& json, Baskets& baskets) {
  baskets.values.add(json.at("sum").get<double>(), json.at("count").get<std::uint64_t>());
  baskets.running_mean = json.at("running_mean").get<double>();
}

std::int64_t milliseconds(EventTime time) {
  return time.time_since_epoch().count();
}

EventTime time_of(const Json& json) {
  return EventTime{std::chrono::milliseconds{json.get<std::int64_t>()}};
}

template <class State>
Json to_json(const statwire::WindowsSnapshot<State>& snapshot) {
  Json windows = Json::array();
  for (const auto& window : snapshot.windows) {
    windows.push_back({{"start", milliseconds(window.start)}, {"state", to_json(window.state)}});
  }
  Json json{{"windows", std::move(windows)}, {"late", snapshot.late}};
  if (snapshot.newest) json["newest"] = milliseconds(*snapshot.newest);
  return json;
}

template <class State>
statwire::WindowsSnapshot<State> snapshot_of(const Json& json, const State& empty) {
  statwire::WindowsSnapshot<State> snapshot;
  for (const Json& window : json.at("windows")) {
    snapshot.windows.push_back({time_of(window.at("start")), empty});
    read(window.at("state"), snapshot.windows.back().state);
  }
  snapshot.late = json.at("late").get<std::uint64_t>();
  if (json.contains("newest")) snapshot.newest = time_of(json.at("newest"));
  return snapshot;
}

Json to_json(const PartitionState& state) {
  const StoreWindows::State windows = state.windows.state();
  return {{"format", format},
          {"is_compatible", state.windows.behaviour() == Behaviour::compatible},
          {"next_offset", state.next_offset},
          {"taken", state.taken},
          {"bad", state.bad},
          {"last_message_time", windows.last_message_time},
          {"visits", to_json(windows.visits)},
          {"conversion", to_json(windows.conversion)},
          {"baskets", to_json(windows.baskets)}};
}

PartitionState state_of(const Json& json, const StoreOptions& options) {
  PartitionState state{.windows = StoreWindows{options}};
  state.next_offset = json.at("next_offset").get<std::int64_t>();
  state.taken = json.at("taken").get<std::uint64_t>();
  json.at("bad").get_to(state.bad);
  if (state.next_offset < 0) {
    throw std::system_error{std::make_error_code(std::errc::result_out_of_range),
                            "next_offset is " + std::to_string(state.next_offset) + ", must be 0 or more"};
  }
  const DistinctCount sessions{options.sessions};
  state.windows.restore(
      {.visits = snapshot_of(json.at("visits"), Visits{.sessions = sessions}),
       .conversion = snapshot_of(json.at("conversion"),
                                 Conversion{.sessions = statwire::DistinctRatio{options.sessions}}),
       .baskets = snapshot_of(json.at("baskets"), Baskets{}),
       .last_message_time = json.at("last_message_time").get<std::int64_t>()});
  return state;
}

/// What is written beside a file, to take its place: of this process alone, and gone at the end.
class Unfinished {
 public:
  explicit Unfinished(const std::filesystem::path& path) : path_{path} {
    path_ += ".new-" + std::to_string(::getpid());
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() { ::unlink(path_.c_str()); }  // unless it has taken the place

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Closes it at the end.
class File {
 public:
  File(const std::filesystem::path& path, int flags)
      : path_{path}, descriptor_{::open(path.c_str(), flags | O_CLOEXEC, 0644)} {
    if (descriptor_ < 0) fail_with_errno(path_, "cannot be opened");
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(descriptor_); }

  void write(const std::vector<std::uint8_t>& bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t written = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_with_errno(path_, "cannot be written");
      done += static_cast<std::size_t>(written);
    }
  }

  void sync() {
    if (::fsync(descriptor_) != 0) fail_with_errno(path_, "cannot be written to the disk");
  }

 private:
  const std::filesystem::path& path_;
  int descriptor_;
};

}  // namespace

std::filesystem::path state_path(const std::filesystem::path& directory, const std::string& topic,
                                 std::int32_t partition) {
  return directory / (topic + "-" + std::to_string(partition) + ".state");
}

std::optional<FileVersion> version_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  constexpr std::int64_t second = 1'000'000'000;
  return FileVersion{status.st_ino, std::int64_t{status.st_mtim.tv_sec} * second + status.st_mtim.tv_nsec};
}

void save_state(const std::filesystem::path& path, const PartitionState& state) {
  const std::vector<std::uint8_t> bytes = Json::to_cbor(to_json(state));
  const Unfinished unfinished{path};
  {
    File file{unfinished.path(), O_WRONLY | O_CREAT | O_TRUNC};
    file.write(bytes);
    file.sync();
  }
  if (::rename(unfinished.path().c_str(), path.c_str()) != 0) fail_with_errno(path, "cannot be replaced");
  const std::filesystem::path directory = path.parent_path();
  File{directory, O_RDONLY | O_DIRECTORY}.sync();
}

std::optional<PartitionState> load_state(const std::filesystem::path& path, const StoreOptions& options) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    fail_with_errno(path, "cannot be opened");
  }
  std::vector<char> bytes;
  for (char part[1 << 14]; file.read(part, sizeof part) || file.gcount() > 0;) {
    bytes.insert(bytes.end(), part, part + file.gcount());
  }
  if (file.bad()) fail_with_errno(path, "cannot be read");
  try {
    const Json json = Json::from_cbor(bytes);
    if (json.at("format") != format) fail(path, "is no state of a partition, or one of another version");
    const bool is_compatible = json.at("is_compatible").get<bool>();
    if (is_compatible != (options.behaviour == Behaviour::compatible)) {
      fail(path, is_compatible ? "was counted with --compatible; go on so, or begin in another directory"
                               : "was counted without --compatible; go on so, or begin in another directory");
    }
    return state_of(json, options);
  } catch (const Json::exception& error) {
    fail(path, std::string{"is no state of a partition: "} + error.what());
  } catch (const std::system_error& error) {
    fail(path, std::string{"is no state of a partition: "} + error.what());
  }
}

}  // namespace online_store
