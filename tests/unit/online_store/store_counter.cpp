#include "online_store/store_counter.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "support/store_instance.hpp"

using namespace online_store;
using namespace std::chrono_literals;
using Instance = statwire::test::StoreInstance;

namespace {

constexpr std::int64_t noon = Instance::noon;

statwire::EventTime at(std::int64_t milliseconds) {
  return Instance::at(milliseconds);
}

using Bad = std::array<std::uint64_t, all_bad_events.size()>;
using Offsets = std::map<std::int32_t, std::int64_t>;

}  // namespace

TEST_CASE("store counter: before anything comes, all is zero") {
  Instance instance;
  CHECK(instance.figures() == Figures{});
  CHECK(instance.counter.counts().taken == 0);
  CHECK(instance.counter.counts().bad == Bad{});
  CHECK(instance.counter.last().message_time == 0);
  CHECK(instance.counter.checkpoint().empty());
  CHECK_FALSE(instance.counter.has_partitions());
  CHECK(instance.counter.assigned(0) == std::nullopt);
  CHECK(instance.counter.has_partitions());
}

TEST_CASE("store counter: what was read before is a duplicate, and has no effect") {
  Instance instance;
  instance.order(0, 10, "a", "100");
  instance.order(0, 12, "b", "50");  // offsets have gaps
  const Figures figures = instance.figures();
  CHECK(figures == Figures{.users_count = 2, .orders_count = 2, .conversion = 100, .aov = 75, .tov = 150});
  instance.order(0, 10, "c", "1000");
  instance.order(0, 11, "d", "1000");
  instance.order(0, 12, "e", "1000");
  instance.counter.take(0, 12, "not even Avro");
  CHECK(instance.figures() == figures);
  CHECK(instance.counter.counts().taken == 2);
  CHECK(instance.counter.counts().bad == Bad{0, 0, 0, 0, 4, 0});
  CHECK(instance.counter.checkpoint() == Offsets{{0, 13}});
  instance.order(1, 12, "c", "150");  // of another partition
  CHECK(instance.figures() ==
        Figures{.users_count = 3, .orders_count = 3, .conversion = 100, .aov = 100, .tov = 300});
}

TEST_CASE("store counter: every bad event is counted by its reason, and has no effect") {
  Instance instance;
  instance.order(0, 0, "a", "100");
  instance.visit(0, 1, "b", noon + 1);
  const Figures figures = instance.figures();
  EventEncoder& encoder = instance.encoder;
  const std::string good =
      encoder.encode(EventTexts{.timestamp = noon, .event_type = "checkout_click", .session_id = "c"});
  std::int64_t offset = 2;
  const auto take = [&](std::string_view value) { instance.counter.take(0, offset++, value); };

  take(std::string_view{});  // a tombstone
  take("");
  take(std::string_view{good}.substr(0, good.size() - 1));
  take(good + "x");
  CHECK(instance.counter.counts().bad == Bad{4, 0, 0, 0, 0, 0});
  take(encoder.encode(EventTexts{.timestamp = noon + 2, .event_type = "pageView"}));
  take(encoder.encode(EventTexts{.timestamp = noon + 2, .event_type = "pageView", .session_id = ""}));
  take(encoder.encode(EventTexts{.timestamp = noon + 2, .session_id = "c"}));
  CHECK(instance.counter.counts().bad == Bad{4, 3, 0, 0, 0, 0});
  take(good);
  instance.order(0, offset++, "c", "free");
  instance.order(0, offset++, "c", std::string(400, '9'));
  CHECK(instance.counter.counts().bad == Bad{4, 3, 3, 0, 0, 0});
  instance.visit(0, offset++, "c", noon + 365 * 86'400'000LL);
  CHECK(instance.counter.counts().bad == Bad{4, 3, 3, 1, 0, 0});
  instance.visit(0, offset++, std::string(257, 'c'), noon + 2);
  CHECK(instance.counter.counts().bad == Bad{4, 3, 3, 1, 0, 1});

  CHECK(instance.figures() == figures);
  CHECK(instance.counter.counts().taken == 2);
  CHECK(instance.counter.counts().late.day == 0);
  CHECK(instance.counter.last().message_time == noon + 1);
  CHECK(instance.counter.checkpoint() == Offsets{{0, offset}});  // they are not read again
  CHECK(instance.errors.empty());
  instance.visit(0, offset++, std::string(256, 'c'));
  CHECK(instance.counter.counts().taken == 3);
}

TEST_CASE("store counter: an event may be ahead of the clock by what is allowed, and no millisecond more") {
  Instance instance;
  instance.visit(0, 0, "a", noon + 60'000);
  CHECK(instance.counter.counts().taken == 1);
  instance.visit(0, 1, "b", noon + 60'001);
  CHECK(instance.counter.counts().bad == Bad{0, 0, 0, 1, 0, 0});
  instance.visit(0, 2, "c", INT64_MAX);
  CHECK(instance.counter.counts().bad == Bad{0, 0, 0, 2, 0, 0});
  instance.now += 1ms;
  instance.visit(0, 3, "b", noon + 60'001);
  CHECK(instance.counter.counts().taken == 2);
  instance.visit(0, 4, "d", INT64_MIN);  // the past has no end
  CHECK(instance.counter.counts().taken == 3);
  CHECK(instance.counter.counts().late.day == 1);
}

TEST_CASE("store counter: partitions together are the shop, and a session in two of them is one") {
  Instance instance;
  instance.now += 10min;
  instance.visit(0, 0, "a");
  instance.order(0, 1, "b", "10");
  instance.visit(1, 0, "a", noon + 2);
  instance.order(2, 0, "c", "21");
  instance.visit(2, 1, "d", noon + 600'000);
  instance.visit(2, 2, "e", noon);  // late for five minutes
  CHECK(instance.figures() ==
        Figures{.users_count = 3, .orders_count = 2, .conversion = 40, .aov = 15.5, .tov = 31});
  CHECK(instance.counter.at(at(noon + 600'000)).users_count == 1);
  CHECK(instance.counter.last().message_time == noon + 2);  // the latest of each one's last
  CHECK(instance.counter.counts().taken == 6);
  CHECK(instance.counter.counts().late.five_minutes == 1);
  CHECK(instance.counter.counts().late.hour == 0);
  for (std::int32_t partition = 0; partition < 3; ++partition)
    instance.counter.take(partition, 5, "not Avro");
  CHECK(instance.counter.counts().bad == Bad{3, 0, 0, 0, 0, 0});
  CHECK(instance.counter.checkpoint() == Offsets{{0, 6}, {1, 6}, {2, 6}});
}

TEST_CASE("store counter: partitions have room for as many sessions each") {
  Instance instance{{}, {.sessions = {.max_members = 2}}};
  std::int64_t offset = 0;
  for (const char* const session : {"a", "b", "c"}) instance.visit(0, offset++, session);
  for (const char* const session : {"d", "e", "f"}) instance.visit(1, offset++, session);
  CHECK(instance.figures().users_count == 4);
  CHECK(instance.counter.counts().refused_sessions == 4);  // of five minutes and of the hour
}

TEST_CASE("store counter: compatible, a partition is the original's to the last digit") {
  const StoreOptions compatible{.behaviour = Behaviour::compatible};
  Instance instance{{}, compatible};
  StoreWindows alone{compatible};
  std::int64_t offset = 0;
  for (const char* const price : {"1", "1", "1", "1", "1", "1", "999999999999996", "1"}) {
    instance.order(0, offset++, "a", price);
    alone.take({noon, "checkout_click", "a", price});
  }
  instance.visit(0, offset++, "b");  // after the last order
  alone.take({noon, "pageView", "b", {}});
  CHECK(instance.figures() == alone.at(at(noon)));
  CHECK(instance.figures().conversion == 100);
  CHECK(instance.figures().aov == 125'000'000'000'000.39);  // the sum by eight is ....375
  instance.visit(1, 0, "c", noon - 86'400'000);             // of other windows
  CHECK(instance.figures() == alone.at(at(noon)));
}
