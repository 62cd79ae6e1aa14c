// What a counter keeps in its state directory, and shares with the others that have it.

#include "online_store/store_counter.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/scratch_directory.hpp"
#include "support/store_instance.hpp"

using namespace online_store;
using statwire::test::ScratchDirectory;
using Instance = statwire::test::StoreInstance;

namespace {

constexpr std::int64_t noon = Instance::noon;

using Bad = std::array<std::uint64_t, all_bad_events.size()>;
using Offsets = std::map<std::int32_t, std::int64_t>;

/// Another file, not the same one with another text, as save_state() has it.
void replace(const ScratchDirectory& directory, const std::string& name, const std::string& text) {
  std::filesystem::rename(directory.write(name + ".other", text), directory.path() / name);
}

std::string refusal_of(Instance& instance, std::int32_t partition) {
  try {
    instance.counter.assigned(partition);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "assigned";
}

}  // namespace

TEST_CASE("store counter: a checkpoint names the partitions that have changed since the last one") {
  const ScratchDirectory scratch;
  for (const std::filesystem::path& directory : {std::filesystem::path{}, scratch.path()}) {
    Instance instance{directory};
    instance.counter.assigned(0);
    instance.counter.assigned(1);
    CHECK(instance.counter.checkpoint().empty());
    instance.visit(0, 4, "a");
    instance.visit(1, 7, "b");
    CHECK(instance.counter.checkpoint() == Offsets{{0, 5}, {1, 8}});
    CHECK(instance.counter.checkpoint().empty());
    instance.visit(1, 7, "b");  // a duplicate is counted, so it is a change
    CHECK(instance.counter.checkpoint() == Offsets{{1, 8}});
    instance.counter.take(0, 5, "not Avro");
    CHECK(instance.counter.checkpoint() == Offsets{{0, 6}});
    CHECK(instance.counter.checkpoint().empty());
  }
  CHECK(load_state(state_path(scratch.path(), "shop", 0), {})->next_offset == 6);
  CHECK(load_state(state_path(scratch.path(), "shop", 0), {})->taken == 1);
  CHECK(load_state(state_path(scratch.path(), "shop", 0), {})->bad == Bad{1, 0, 0, 0, 0, 0});
  CHECK(load_state(state_path(scratch.path(), "shop", 1), {})->bad == Bad{0, 0, 0, 0, 1, 0});
}

TEST_CASE("store counter: where a partition cannot be written, the group stays until it can") {
  const ScratchDirectory scratch;
  const std::string unfinished =
      state_path(scratch.path(), "shop", 0).string() + ".new-" + std::to_string(::getpid());
  Instance instance{scratch.path()};
  instance.visit(0, 0, "a");
  CHECK(instance.counter.checkpoint() == Offsets{{0, 1}});
  instance.visit(0, 1, "b");
  instance.visit(1, 5, "c");
  std::filesystem::create_symlink("/dev/full", unfinished);
  CHECK(instance.counter.checkpoint() == Offsets{{1, 6}});  // the other one can
  const std::vector<std::string> errors{"keeping the state: " + unfinished +
                                        ": cannot be written: No space left on device"};
  CHECK(instance.errors == errors);
  CHECK(load_state(state_path(scratch.path(), "shop", 0), {})->next_offset == 1);
  std::filesystem::create_directory(unfinished);
  CHECK(instance.counter.checkpoint().empty());
  CHECK(instance.errors == errors);  // seldom told
  CHECK(instance.figures().users_count == 3);
  std::filesystem::remove(unfinished);
  CHECK(instance.counter.checkpoint() == Offsets{{0, 2}});
  CHECK(instance.errors == errors);
  CHECK(load_state(state_path(scratch.path(), "shop", 0), {})->next_offset == 2);
}

TEST_CASE("store counter: after a crash it goes on from the file, and counts once what comes again") {
  const ScratchDirectory scratch;
  {
    Instance killed{scratch.path()};
    CHECK(killed.counter.assigned(0) == std::nullopt);
    killed.order(0, 0, "a", "10");
    killed.order(0, 1, "b", "20");
    killed.counter.checkpoint();
    killed.order(0, 2, "c", "30");  // is lost
  }
  Instance instance{scratch.path()};
  CHECK(instance.counter.assigned(0) == 2);
  CHECK(instance.counter.counts().taken == 2);
  CHECK(instance.counter.checkpoint().empty());
  instance.order(0, 1, "b", "20");  // the cluster may send it again all the same
  instance.order(0, 2, "c", "30");
  instance.order(0, 3, "d", "40");
  CHECK(instance.figures() ==
        Figures{.users_count = 4, .orders_count = 4, .conversion = 100, .aov = 25, .tov = 100});
  CHECK(instance.counter.counts().taken == 4);
  CHECK(instance.counter.counts().bad == Bad{0, 0, 0, 0, 1, 0});
}

TEST_CASE("store counter: with a state directory, a partition that is gone is what its file says") {
  const ScratchDirectory scratch;
  for (const auto leave : {&StoreCounter::revoked, &StoreCounter::lost}) {
    Instance instance{scratch.path()};
    const std::int64_t offset = instance.counter.assigned(0).value_or(0);
    const double users = instance.figures().users_count;
    instance.visit(0, offset, "saved" + std::to_string(offset));
    instance.counter.checkpoint();
    instance.visit(0, offset + 1, "not saved");
    CHECK(instance.figures().users_count == users + 2);
    (instance.counter.*leave)(0);
    CHECK(instance.figures().users_count == users + 1);
    CHECK(instance.counter.checkpoint().empty());
    CHECK(instance.counter.assigned(0) == offset + 1);
  }
}

TEST_CASE("store counter: without a state directory, what a partition came to stays, and counts once") {
  for (const auto leave : {&StoreCounter::revoked, &StoreCounter::lost}) {
    Instance instance;
    CHECK(instance.counter.assigned(0) == std::nullopt);
    instance.visit(0, 0, "a");
    instance.visit(0, 1, "b");
    (instance.counter.*leave)(0);
    CHECK(instance.figures().users_count == 2);
    CHECK(instance.counter.assigned(0) == std::nullopt);
    instance.visit(0, 1, "b");
    instance.visit(0, 2, "c");
    CHECK(instance.figures().users_count == 3);
    CHECK(instance.counter.counts().taken == 3);
    CHECK(instance.counter.counts().bad == Bad{0, 0, 0, 0, 1, 0});
  }
}

TEST_CASE("store counter: instances with one directory show the whole, as of the others' checkpoints") {
  const ScratchDirectory scratch;
  Instance first{scratch.path()};
  Instance second{scratch.path()};
  Instance reader{scratch.path()};
  first.order(0, 0, "a", "10");
  second.order(1, 0, "b", "30");
  CHECK(second.figures().tov == 30);
  first.counter.checkpoint();
  CHECK(second.figures() ==
        Figures{.users_count = 2, .orders_count = 2, .conversion = 100, .aov = 20, .tov = 40});
  CHECK(first.figures().tov == 10);
  second.counter.checkpoint();
  first.visit(0, 1, "b", noon + 5);
  CHECK(first.figures() == second.figures());
  for (Instance* const instance : {&first, &second, &reader}) CHECK(instance->figures().tov == 40);
  CHECK(first.counter.last().message_time == noon + 5);
  CHECK(reader.counter.last().message_time == noon);
  first.counter.checkpoint();
  CHECK(reader.counter.last().message_time == noon + 5);
  CHECK(reader.counter.counts().taken == 3);
  CHECK_FALSE(reader.counter.has_partitions());
}

TEST_CASE("store counter: a partition that changed hands is counted by the one that has it") {
  const ScratchDirectory scratch;
  Instance first{scratch.path()};
  Instance second{scratch.path()};
  first.order(0, 0, "a", "10");
  CHECK(first.counter.checkpoint() == Offsets{{0, 1}});
  CHECK(second.counter.counts().taken == 1);  // it has read the file,
  CHECK(second.counter.assigned(0) == 1);
  second.order(0, 1, "b", "20");
  CHECK(second.figures().tov == 30);  // and goes on from there
  CHECK(second.counter.counts().taken == 2);
  CHECK(second.counter.checkpoint() == Offsets{{0, 2}});
  second.order(0, 2, "c", "30");
  CHECK(second.counter.checkpoint() == Offsets{{0, 3}});
  first.counter.lost(0);
  CHECK(first.figures().tov == 60);
  CHECK(first.counter.counts().taken == 3);
  CHECK(first.errors.empty());
  CHECK(second.errors.empty());
}

TEST_CASE("store counter: who was away while a partition changed hands does not write over its file") {
  const ScratchDirectory scratch;
  const std::string name = state_path(scratch.path(), "shop", 0);
  Instance away{scratch.path()};
  away.order(0, 0, "a", "10");
  away.counter.checkpoint();
  away.order(0, 1, "b", "20");
  {
    Instance next{scratch.path()};
    next.counter.assigned(0);
    for (std::int64_t offset = 1; offset < 5; ++offset) next.order(0, offset, "b", "20");
    CHECK(next.counter.checkpoint() == Offsets{{0, 5}});
  }
  CHECK(away.counter.checkpoint().empty());
  CHECK(away.errors ==
        std::vector<std::string>{"keeping the state: " + name + " is written by another instance, too"});
  CHECK(load_state(name, {})->next_offset == 5);
  away.counter.lost(0);
  CHECK(away.figures().tov == 90);
  CHECK(away.counter.assigned(0) == 5);
  away.order(0, 5, "c", "10");
  CHECK(away.counter.checkpoint() == Offsets{{0, 6}});
}

TEST_CASE("store counter: who was away and saves once more does not keep the next one from saving") {
  const ScratchDirectory scratch;
  Instance away{scratch.path()};
  away.order(0, 0, "a", "10");
  away.counter.checkpoint();
  Instance next{scratch.path()};
  next.counter.assigned(0);
  away.order(0, 1, "b", "20");
  CHECK(away.counter.checkpoint() == Offsets{{0, 2}});
  next.order(0, 1, "b", "20");
  next.order(0, 2, "c", "30");
  CHECK(next.counter.checkpoint() == Offsets{{0, 3}});
  CHECK(next.errors.empty());
  Instance later{scratch.path()};
  CHECK(later.counter.assigned(0) == 3);
  CHECK(later.figures().tov == 60);
}

TEST_CASE("store counter: a file of another's that is damaged is told once, and what it said before stays") {
  const ScratchDirectory scratch;
  Instance other{scratch.path()};
  other.order(3, 0, "a", "10");
  other.counter.checkpoint();
  Instance instance{scratch.path()};
  CHECK(instance.figures().tov == 10);
  replace(scratch, "shop-3.state", "damaged");
  CHECK(instance.figures().tov == 10);
  CHECK(instance.counter.counts().taken == 1);
  REQUIRE(instance.errors.size() == 1);
  CHECK(instance.errors[0].starts_with(
      "reading the state of others: " + state_path(scratch.path(), "shop", 3).string() +
      ": is no state of a partition"));
  CHECK(other.counter.assigned(2) == std::nullopt);
  other.order(2, 0, "b", "20");
  other.counter.checkpoint();
  CHECK(instance.figures().tov == 30);
  save_state(state_path(scratch.path(), "shop", 3),
             *load_state(state_path(scratch.path(), "shop", 2), {}));  // as one that is whole
  CHECK(instance.figures().tov == 40);
  CHECK(instance.errors.size() == 1);
}

TEST_CASE("store counter: a partition whose file is damaged, or of the other behaviour, is not begun anew") {
  const ScratchDirectory scratch;
  const std::string name = state_path(scratch.path(), "shop", 0);
  Instance instance{scratch.path()};
  replace(scratch, "shop-0.state", "damaged");
  CHECK(refusal_of(instance, 0).starts_with(name + ": is no state of a partition"));
  std::filesystem::remove(name);
  Instance compatible{scratch.path(), {.behaviour = Behaviour::compatible}};
  compatible.visit(0, 0, "a");
  compatible.counter.checkpoint();
  CHECK(refusal_of(instance, 0).starts_with(name + ": was counted with --compatible"));
  CHECK(refusal_of(compatible, 0) == "assigned");
}

TEST_CASE("store counter: a directory that cannot be read is told") {
  const ScratchDirectory scratch;
  const std::string file = scratch.write("file", "");
  Instance instance{file};
  instance.visit(0, 0, "a");
  CHECK(instance.figures().users_count == 1);
  CHECK(instance.errors == std::vector<std::string>{"reading the state of others: " + file +
                                                    ": cannot be read: Not a directory"});
}
