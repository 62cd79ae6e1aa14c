#include "online_store/store_windows.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

using namespace online_store;
using namespace std::chrono_literals;
using statwire::EventTime;

namespace {

constexpr std::int64_t noon = 1'542'888'000'000;

EventTime at(std::int64_t milliseconds) {
  return EventTime{std::chrono::milliseconds{milliseconds}};
}

Event visit(std::int64_t time, std::string_view session) {
  return {time, "pageView", session, std::nullopt};
}

Event order(std::int64_t time, std::string_view session, std::optional<std::string_view> price) {
  return {time, "checkout_click", session, price};
}

}  // namespace

TEST_CASE("store windows: to two places, what is in the middle goes to the even digit") {
  CHECK(rounded(0.125) == 0.12);
  CHECK(rounded(0.375) == 0.38);
  CHECK(rounded(2.675) == 2.67);  // the double is a little less
  CHECK(rounded(200.0 / 3) == 66.67);
  CHECK(rounded(1e300) == 1e300);
  CHECK(rounded(0) == 0);
}

TEST_CASE("store windows: the conversion is that of the hour, also after visits without an order") {
  StoreWindows right;
  StoreWindows compatible{{.behaviour = Behaviour::compatible}};
  for (StoreWindows* windows : {&right, &compatible}) {
    windows->take(visit(noon, "a"));
    windows->take(order(noon + 1, "b", "100"));
    windows->take(visit(noon + 2, "c"));
    windows->take(visit(noon + 3, "d"));
  }
  CHECK(right.at(at(noon + 3)).conversion == 25);
  CHECK(compatible.at(at(noon + 3)).conversion == 50);
}

TEST_CASE("store windows: the conversion is multiplied before it is divided, as the original does") {
  for (const Behaviour behaviour : {Behaviour::right, Behaviour::compatible}) {
    StoreWindows windows{{.behaviour = behaviour}};
    for (int i = 0; i < 160; ++i) {
      const std::string session = std::to_string(i);
      windows.take(i < 160 - 23 ? visit(noon, session) : order(noon, session, "1"));
    }
    CHECK(windows.at(at(noon)).conversion == 14.38);  // 100 * (23 / 160.) rounds to 14.37
  }
}

TEST_CASE("store windows: an order without a price counts nowhere") {
  StoreWindows windows;
  windows.take(visit(noon, "a"));
  CHECK(windows.take(order(noon + 1, "b", std::nullopt)) == BadEvent::bad_price);
  CHECK(windows.take(order(noon + 1, "b", "free")) == BadEvent::bad_price);
  CHECK(windows.at(at(noon)) == Figures{.users_count = 1});
  CHECK(windows.last_message_time() == noon);
  CHECK(windows.take(order(noon + 1, "b", "2 ₽")) == std::nullopt);
  CHECK(windows.at(at(noon)) ==
        Figures{.users_count = 2, .orders_count = 1, .conversion = 50, .aov = 2, .tov = 2});
}

TEST_CASE("store windows: too late for five minutes may be in time for the hour and the day") {
  StoreWindows windows;
  windows.take(visit(noon + 600'000, "a"));
  CHECK(windows.take(order(noon + 1, "b", "10")) == std::nullopt);
  CHECK(windows.at(at(noon + 600'000)) ==
        Figures{.users_count = 1, .orders_count = 0, .conversion = 50, .aov = 10, .tov = 10});
  CHECK(windows.late().five_minutes == 1);
  CHECK(windows.late().hour == 0);
  CHECK(windows.late().day == 0);
  StoreWindows patient{{.allowed_lateness = 10min}};
  patient.take(visit(noon + 600'000, "a"));
  patient.take(order(noon + 1, "b", "10"));
  CHECK(patient.late().five_minutes == 0);
  CHECK(patient.at(at(noon)).orders_count == 1);
}

TEST_CASE("store windows: a new window begins with nothing, and what is idle is zero") {
  StoreWindows windows;
  windows.take(order(noon, "a", "10"));
  CHECK(windows.at(at(noon + 300'000)) == Figures{.conversion = 100, .aov = 10, .tov = 10});
  CHECK(windows.at(at(noon + 3'600'000)) == Figures{.aov = 10, .tov = 10});
  CHECK(windows.at(at(noon + 86'400'000)) == Figures{});
}

TEST_CASE("store windows: partitions, merged, are the shop") {
  StoreWindows left;
  StoreWindows right;
  left.take(visit(noon, "a"));
  left.take(order(noon + 5, "b", "10"));
  right.take(visit(noon + 10, "a"));
  right.take(order(noon + 11, "c", "21"));
  left.merge(right);
  CHECK(left.at(at(noon)) ==
        Figures{.users_count = 3, .orders_count = 2, .conversion = 66.67, .aov = 15.5, .tov = 31});
  CHECK(left.last_message_time() == noon + 11);
}

TEST_CASE("store windows: more sessions than there is room for are refused, and counted") {
  StoreWindows windows{{.sessions = {.max_members = 2}}};
  for (const char* session : {"a", "b", "c", "a"}) windows.take(order(noon, session, "5"));
  CHECK(windows.at(at(noon)) ==
        Figures{.users_count = 2, .orders_count = 4, .conversion = 100, .aov = 5, .tov = 20});
  CHECK(windows.refused_sessions() == 2);
}
