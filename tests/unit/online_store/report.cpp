#include "online_store/report.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>

using namespace online_store;
using namespace std::chrono_literals;
using statwire::EventTime;

namespace {

constexpr EventTime midnight{std::chrono::milliseconds{1'542'844'800'000}};

}  // namespace

TEST_CASE("report: the figures with the time of the day, in whole minutes of UTC") {
  const Figures figures{
      .users_count = 120, .orders_count = 4, .conversion = 3.25, .aov = 2450.5, .tov = 1'204'000};
  CHECK(figures_line(midnight + 14h, figures) ==
        "14:00 users 120, orders 4, conversion 3.25 %, mean order 2450.5, total 1204000");
  CHECK(figures_line(midnight + 24h - 1ms, {}) ==
        "23:59 users 0, orders 0, conversion 0 %, mean order 0, total 0");
  CHECK(figures_line(midnight + 24h, {}).starts_with("00:00 "));
  CHECK(figures_line(EventTime{-1min}, {}).starts_with("23:59 "));
}

TEST_CASE("report: of the events, what there is none of is left out") {
  CHECK(counts_line({}) == "0 events counted");
  CHECK(counts_line({.taken = 7, .bad = {0, 0, 0, 0, 3, 0}}) == "7 events counted; bad: 3 duplicate");
  CHECK(counts_line({.taken = 7, .late = {.hour = 2}}) == "7 events counted; too late: 2 for the hour");
  CHECK(counts_line({.taken = 18'446'744'073'709'551'615U,
                     .bad = {1, 2, 3, 4, 5, 10},
                     .late = {.five_minutes = 6, .hour = 7, .day = 8},
                     .refused_sessions = 9}) ==
        "18446744073709551615 events counted; bad: 1 not_avro, 2 missing_field, 3 bad_price, 4 "
        "ahead_of_clock, 5 duplicate, 10 long_session; too late: 6 for 5 minutes, 7 for the hour, 8 for the "
        "day; 9 visits "
        "found no room for their session");
}
