#include "online_store/state_directory.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/scratch_directory.hpp"

using namespace online_store;
using statwire::test::ScratchDirectory;

namespace {

/// A directory of partitions of which only the offset is looked at.
struct Directory {
  explicit Directory(const std::string& topic = "shop")
      : states{scratch.path(), topic, {}, [this](const std::string& error) { errors.push_back(error); }} {}

  std::filesystem::path path(std::int32_t partition) const {
    return state_path(scratch.path(), "shop", partition);
  }

  void save(std::int32_t partition, std::int64_t next_offset) const {
    save_state(path(partition), PartitionState{.next_offset = next_offset, .windows = StoreWindows{}});
  }

  /// Puts another file in the place, as a save does.
  void damage(std::int32_t partition) const {
    std::filesystem::rename(scratch.write("other", "damaged"), path(partition));
  }

  std::map<std::int32_t, std::int64_t> read(const std::set<std::int32_t>& ours = {}) {
    std::map<std::int32_t, std::int64_t> offsets;
    for (const auto& [number, state] : states.read(ours)) offsets[number] = state.next_offset;
    return offsets;
  }

  const ScratchDirectory scratch{};
  std::vector<std::string> errors{};
  StateDirectory states;
};

using Offsets = std::map<std::int32_t, std::int64_t>;

}  // namespace

TEST_CASE("state directory: what stands there now, of the partitions that are not ours") {
  Directory directory;
  CHECK(directory.read().empty());
  directory.save(0, 10);
  directory.save(2147483647, 20);
  CHECK(directory.read() == Offsets{{0, 10}, {2147483647, 20}});
  directory.save(0, 11);
  CHECK(directory.read() == Offsets{{0, 11}, {2147483647, 20}});
  CHECK(directory.read({0}) == Offsets{{2147483647, 20}});
  CHECK(directory.read() == Offsets{{0, 11}, {2147483647, 20}});  // it is another's again
  CHECK(directory.errors.empty());
}

TEST_CASE("state directory: a file is read when it is another one than before, and not again") {
  Directory directory;
  directory.save(0, 10);
  directory.damage(1);
  for (int i = 0; i < 3; ++i) CHECK(directory.read() == Offsets{{0, 10}});
  REQUIRE(directory.errors.size() == 1);
  CHECK(directory.errors[0].starts_with(directory.path(1).string() + ": is no state of a partition"));
  directory.damage(0);
  for (int i = 0; i < 3; ++i) CHECK(directory.read() == Offsets{{0, 10}});  // as it was
  CHECK(directory.errors.size() == 2);
  directory.save(1, 5);
  CHECK(directory.read() == Offsets{{0, 10}, {1, 5}});
  CHECK(directory.errors.size() == 2);
}

TEST_CASE("state directory: of ours, nothing is read") {
  Directory directory;
  directory.damage(0);
  CHECK(directory.read({0}).empty());
  CHECK(directory.errors.empty());
}

TEST_CASE("state directory: files of other topics and other names are not looked at") {
  Directory directory;
  for (const char* const name :
       {"shop-0.state.new-1", "shop-0", "shop-.state", "shop.state", "shop-x.state", "shop--1.state",
        "shop-+1.state", "shop-01.state", "shop-1-0.state", "shop-2147483648.state", "shops-0.state",
        "my-shop-0.state", "0.state", "state", "shop"}) {
    directory.scratch.write(name, "foreign");
  }
  CHECK(directory.read().empty());
  CHECK(directory.errors.empty());
  Directory odd{"x.state"};
  odd.scratch.write("x.state", "foreign");
  odd.scratch.write("x.state-0.state", "foreign");
  CHECK(odd.read().empty());
  CHECK(odd.errors.size() == 1);
}

TEST_CASE("state directory: one that cannot be read is told") {
  const ScratchDirectory scratch;
  std::vector<std::string> errors;
  StateDirectory states{
      scratch.path() / "none", "shop", {}, [&](const std::string& error) { errors.push_back(error); }};
  CHECK(states.read({}).empty());
  CHECK(errors == std::vector<std::string>{(scratch.path() / "none").string() +
                                           ": cannot be read: No such file or directory"});
}
