#include "online_store/state_file.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/random_bytes.hpp"
#include "support/scratch_directory.hpp"

using namespace online_store;
using namespace std::chrono_literals;
using namespace std::string_literals;
using statwire::EventTime;
using statwire::test::RandomBytes;
using statwire::test::ScratchDirectory;
using Json = nlohmann::json;

namespace {

constexpr std::int64_t noon = 1'542'888'000'000;

EventTime at(std::int64_t milliseconds) {
  return EventTime{std::chrono::milliseconds{milliseconds}};
}

std::string describe(const statwire::DistinctCount& count) {
  std::string text;
  for (std::size_t i = 0; i < count.value(); ++i) text.append("<").append(count[i]).append(">");
  return text + " refused " + std::to_string(count.refused());
}

std::string describe(const Visits& visits) {
  return describe(visits.sessions) + ", orders " + std::to_string(visits.orders.value());
}

std::string describe(const Conversion& conversion) {
  return "all " + describe(conversion.sessions.all()) + ", ordered " + describe(conversion.sessions.hits()) +
         ", last " + Json(conversion.at_last_order).dump();
}

std::string describe(const Baskets& baskets) {
  return Json(baskets.values.value()).dump() + " of " + std::to_string(baskets.values.count()) +
         ", running " + Json(baskets.running_mean).dump();
}

template <class State>
void describe(std::string& text, const char* name, const statwire::WindowsSnapshot<State>& snapshot) {
  text += std::string{name} + ": late " + std::to_string(snapshot.late) + ", newest " +
          (snapshot.newest ? std::to_string((*snapshot.newest - at(noon)).count()) : "none") + "\n";
  for (const auto& window : snapshot.windows) {
    text += "  " + std::to_string((window.start - at(noon)).count()) + ": " + describe(window.state) + "\n";
  }
}

/// All that they hold, in lines; times after noon.
std::string describe(const StoreWindows& windows) {
  const StoreWindows::State state = windows.state();
  std::string text = "last message " + std::to_string(state.last_message_time) + "\n";
  describe(text, "visits", state.visits);
  describe(text, "conversion", state.conversion);
  describe(text, "baskets", state.baskets);
  return text;
}

statwire::DistinctCount members(std::initializer_list<std::string_view> names, std::uint64_t refused = 0) {
  statwire::DistinctCount count;
  for (const std::string_view name : names) count.insert(name);
  count.add_refused(refused);
  return count;
}

/// Every number in it is another one.
PartitionState full_state(const StoreOptions& options) {
  PartitionState state{.next_offset = std::numeric_limits<std::int64_t>::max(),
                       .taken = 1'000'000'000'001,
                       .bad = {11, 12, 13, 14, 15, 16},
                       .windows = StoreWindows{options}};
  Visits visits{.sessions = members({"", "a\0b"s, "\xff\xfe", "ü€\U0001f6d2", "\"\\\n"}, 21)};
  visits.orders.add(22);
  Conversion conversion{.at_last_order = 200.0 / 3};
  for (const char* const session : {"x", "y", "z"}) conversion.sessions.insert(session);
  for (const char* const session : {"z", "x"}) conversion.sessions.insert_hit(session);
  conversion.sessions.add_refused(23, 24);
  Baskets baskets{.running_mean = 0.1 + 0.2};
  baskets.values.add(1e300, 25);
  state.windows.restore(
      {.visits = {.windows = {{at(noon), visits}}, .newest = at(noon + 31), .late = 41},
       .conversion = {.windows = {{at(noon), conversion}}, .newest = at(noon + 32), .late = 42},
       .baskets = {.windows = {{at(noon - 43'200'000), baskets}}, .newest = at(noon + 33), .late = 43},
       .last_message_time = noon + 34});
  return state;
}

const std::string full_text =
    "last message 1542888000034\n"
    "visits: late 41, newest 31\n"
    "  0: <><a\0b><\xff\xfe><ü€\U0001f6d2><\"\\\n> refused 21, orders 22\n"
    "conversion: late 42, newest 32\n"
    "  0: all <x><y><z> refused 23, ordered <z><x> refused 24, last 66.66666666666667\n"
    "baskets: late 43, newest 33\n"
    "  -43200000: 1e+300 of 25, running 0.30000000000000004\n"s;

std::vector<std::uint8_t> bytes_of(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void write_bytes(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes) {
  std::ofstream file{path, std::ios::binary};
  for (const std::uint8_t byte : bytes) file.put(static_cast<char>(byte));
}

/// Where it is written before it takes its place.
std::string unfinished(const std::filesystem::path& path) {
  return path.string() + ".new-" + std::to_string(::getpid());
}

std::string refusal_to_load(const std::filesystem::path& path, const StoreOptions& options = {}) {
  try {
    load_state(path, options);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "taken";
}

std::string refusal_to_save(const std::filesystem::path& path) {
  try {
    save_state(path, PartitionState{.next_offset = 2, .windows = StoreWindows{}});
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "saved";
}

/// An event in ten is late, one in fifty of the day before; some have no price.
struct RandomEvents {
  Event next() {
    now += static_cast<std::int64_t>(random.up_to(40'000));
    std::int64_t time = now;
    if (random.up_to(9) == 0) time -= static_cast<std::int64_t>(random.up_to(7'200'000));
    if (random.up_to(49) == 0) time -= 86'400'000;
    session = std::to_string(random.up_to(12));
    price = std::to_string(random.up_to(1000));
    const bool is_order = random.up_to(2) == 0;
    return {time, is_order ? "checkout_click" : "pageView", session,
            is_order && random.up_to(19) != 0 ? std::optional<std::string_view>{price} : std::nullopt};
  }

  RandomBytes random;
  std::int64_t now = noon;
  std::string session{};
  std::string price{};
};

}  // namespace

TEST_CASE("state file: it is called by its topic and its partition") {
  CHECK(state_path("/var/lib/x", "online_store", 12) == "/var/lib/x/online_store-12.state");
}

TEST_CASE("state file: all that a partition came to is in it") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "t-0.state";
  for (const Behaviour behaviour : {Behaviour::right, Behaviour::compatible}) {
    const StoreOptions options{.behaviour = behaviour};
    const PartitionState state = full_state(options);
    REQUIRE(describe(state.windows) == full_text);
    save_state(path, state);
    const auto loaded = load_state(path, options);
    REQUIRE(loaded);
    CHECK(describe(loaded->windows) == full_text);
    CHECK(loaded->windows.behaviour() == behaviour);
    CHECK(loaded->next_offset == std::numeric_limits<std::int64_t>::max());
    CHECK(loaded->taken == 1'000'000'000'001);
    CHECK(loaded->bad == std::array<std::uint64_t, 6>{11, 12, 13, 14, 15, 16});
  }
}

TEST_CASE("state file: all windows are in it, and those of a partition without events") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "t-0.state";
  const StoreOptions options{.allowed_lateness = 10min, .kept_windows = 3};
  PartitionState state{.windows = StoreWindows{options}};
  save_state(path, state);
  CHECK(describe(load_state(path, options)->windows) == describe(state.windows));
  for (std::int64_t i = 0; i <= 60; ++i) state.windows.take({noon + i * 300'000, "pageView", "s", {}});
  REQUIRE(state.windows.state().visits.windows.size() == 6);  // 3 are open, 3 kept
  save_state(path, state);
  CHECK(describe(load_state(path, options)->windows) == describe(state.windows));
}

TEST_CASE("state file: going on from it gives what counting without it would have given") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "t-0.state";
  for (const StoreOptions& options :
       {StoreOptions{.kept_windows = 2, .sessions = {.max_members = 9}},
        StoreOptions{.allowed_lateness = 7min, .kept_windows = 1000, .sessions = {.max_members = 9}},
        StoreOptions{.behaviour = Behaviour::compatible, .sessions = {.max_members = 9}}}) {
    StoreWindows never_saved{options};
    PartitionState state{.windows = StoreWindows{options}};
    RandomEvents events{.random = RandomBytes{7}};
    bool has_refused = false;
    for (int i = 0; i < 3000; ++i) {
      const Event event = events.next();
      const auto wrong = never_saved.take(event);
      REQUIRE(state.windows.take(event) == wrong);
      has_refused = has_refused || never_saved.refused_sessions() > 0;
      if (events.random.up_to(99) != 0) continue;
      save_state(path, state);
      state = *load_state(path, options);
    }
    CHECK(describe(state.windows) == describe(never_saved));
    CHECK(state.windows.at(at(events.now)) == never_saved.at(at(events.now)));
    CHECK(has_refused);
    CHECK((options.behaviour == Behaviour::compatible || never_saved.late().five_minutes > 100));
  }
}

TEST_CASE("state file: the limits are those of who goes on") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "t-0.state";
  save_state(path, full_state({}));
  const auto loaded = load_state(path, {.sessions = {.max_members = 2}});
  CHECK(loaded->windows.at(at(noon)).users_count == 2);
  CHECK(loaded->windows.refused_sessions() == 21 + 23 + 24 + 3 + 1 + 1);
}

TEST_CASE("state file: where there is none, there is nothing") {
  const ScratchDirectory scratch;
  CHECK_FALSE(load_state(scratch.path() / "t-0.state", {}));
  CHECK_FALSE(load_state(scratch.path() / "no directory" / "t-0.state", {}));
}

TEST_CASE("state file: a file that was cut anywhere is refused, and so is one that goes on") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "t-0.state";
  save_state(path, full_state({}));
  const std::vector<std::uint8_t> whole = bytes_of(path);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    write_bytes(path, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
    CHECK(refusal_to_load(path).starts_with(path.string() + ": is no state of a partition"));
  }
  std::vector<std::uint8_t> longer = whole;
  longer.push_back(0);
  write_bytes(path, longer);
  CHECK(refusal_to_load(path).starts_with(path.string() + ": is no state of a partition"));
  write_bytes(path, whole);
  CHECK(refusal_to_load(path) == "taken");
}

TEST_CASE("state file: what something else wrote is refused") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "t-0.state";
  save_state(path, full_state({}));
  const Json good = Json::from_cbor(bytes_of(path));
  std::vector<Json> foreign{Json::array(), 5, "online_store partition state 1", Json::object()};
  for (const auto& [key, value] : good.items()) {
    Json without = good;
    without.erase(key);
    foreign.push_back(without);
    Json other = good;
    other[key] = Json::array({"x"});
    foreign.push_back(other);
  }
  Json before_the_log = good;
  before_the_log["next_offset"] = -1;
  foreign.push_back(before_the_log);
  Json other_version = good;
  other_version["format"] = "online_store partition state 2";
  foreign.push_back(other_version);
  for (const char* const key : {"visits", "conversion", "baskets"}) {
    Json crooked = good;  // no window begins there
    crooked[key]["windows"][0]["start"] = noon + 1;
    foreign.push_back(crooked);
    Json empty = good;
    empty[key]["windows"][0].erase("state");
    foreign.push_back(empty);
    Json twice = good;
    twice[key]["windows"].push_back(twice[key]["windows"][0]);
    foreign.push_back(twice);
  }
  for (const Json& json : foreign) {
    CAPTURE(json.dump(-1, ' ', false, Json::error_handler_t::replace));
    write_bytes(path, Json::to_cbor(json));
    CHECK(refusal_to_load(path).starts_with(path.string() + ": is no state of a partition"));
  }
  scratch.write("t-0.state", "What is this?\n");
  CHECK(refusal_to_load(path).starts_with(path.string() + ": is no state of a partition"));
}

TEST_CASE("state file: what cannot be read is refused with its name") {
  const ScratchDirectory scratch;
  const std::string file = scratch.write("file", "");
  CHECK(refusal_to_load(file + "/t-0.state") == file + "/t-0.state: cannot be opened: Not a directory");
  CHECK(refusal_to_load(scratch.path()) == scratch.path().string() + ": cannot be read: Is a directory");
}

TEST_CASE("state file: one behaviour does not go on from the other's") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "t-0.state";
  const StoreOptions compatible{.behaviour = Behaviour::compatible};
  save_state(path, full_state(compatible));
  CHECK(refusal_to_load(path) ==
        path.string() + ": was counted with --compatible; go on so, or begin in another directory");
  save_state(path, full_state({}));
  CHECK(refusal_to_load(path, compatible) ==
        path.string() + ": was counted without --compatible; go on so, or begin in another directory");
}

TEST_CASE("state file: where nothing can be written, that is said") {
  const ScratchDirectory scratch;
  const std::string file = scratch.write("file", "");
  const std::string nowhere = scratch.path() / "no directory" / "t-0.state";
  CHECK(refusal_to_save(nowhere) == unfinished(nowhere) + ": cannot be opened: No such file or directory");
  CHECK(refusal_to_save(file + "/t-0.state") ==
        unfinished(file + "/t-0.state") + ": cannot be opened: Not a directory");
  const std::string directory = scratch.path() / "t-0.state";
  std::filesystem::create_directory(directory);
  CHECK(refusal_to_save(directory) == directory + ": cannot be replaced: Is a directory");
  CHECK_FALSE(std::filesystem::exists(unfinished(directory)));
}

TEST_CASE("state file: what could not be written leaves the file before it in place, and nothing else") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "t-0.state";
  save_state(path, PartitionState{.next_offset = 1, .windows = StoreWindows{}});
  std::filesystem::create_symlink("/dev/full", unfinished(path));
  CHECK(refusal_to_save(path) == unfinished(path) + ": cannot be written: No space left on device");
  CHECK(load_state(path, {})->next_offset == 1);
  CHECK_FALSE(std::filesystem::exists(unfinished(path)));
  std::filesystem::create_directory(unfinished(path));
  CHECK(refusal_to_save(path) == unfinished(path) + ": cannot be opened: Is a directory");
  CHECK(load_state(path, {})->next_offset == 1);
  std::filesystem::remove(unfinished(path));
  CHECK(refusal_to_save(path) == "saved");
  CHECK(load_state(path, {})->next_offset == 2);
}

TEST_CASE("state file: what a killed program left unfinished does no harm") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "t-0.state";
  std::ofstream{unfinished(path)} << std::string(100'000, 'x');
  CHECK_FALSE(load_state(path, {}));
  save_state(path, full_state({}));
  CHECK(describe(load_state(path, {})->windows) == full_text);
  CHECK_FALSE(std::filesystem::exists(unfinished(path)));
}

TEST_CASE("state file: each one that takes the place of another is seen to be another") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "t-0.state";
  CHECK_FALSE(version_of(path));
  save_state(path, PartitionState{.windows = StoreWindows{}});
  const auto first = version_of(path);
  REQUIRE(first);
  CHECK(load_state(path, {}));
  CHECK(version_of(path) == first);
  save_state(path, PartitionState{.windows = StoreWindows{}});
  CHECK(version_of(path) != first);
}
