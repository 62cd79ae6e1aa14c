#include "online_store/publisher.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace online_store;
using namespace std::chrono_literals;
using statwire::EventTime;

namespace {

constexpr EventTime midnight{std::chrono::milliseconds{1'542'844'800'000}};  // 22 November 2018

/// Figures that say for which minute they were asked.
Figures minutes(EventTime time) {
  const double minute = std::chrono::duration<double, std::ratio<60>>{time - midnight}.count();
  return {minute, minute, minute, minute, minute};
}

}  // namespace

TEST_CASE("publisher: on schedule each figure is that of the period that has ended") {
  Publisher publisher{Refresh::scheduled};
  const double end = -1.0 / 60'000;  // a millisecond before
  Figures shown = publisher.refresh(midnight + 10h + 2min, minutes);
  CHECK(shown == Figures{600 + end, 600 + end, 600 + end, 600 + end, 600 + end});
  shown = publisher.refresh(midnight + 10h + 4min + 59s, minutes);
  CHECK(shown.users_count == 600 + end);
  shown = publisher.refresh(midnight + 10h + 5min, minutes);
  CHECK(shown == Figures{605 + end, 605 + end, 600 + end, 600 + end, 600 + end});
  shown = publisher.refresh(midnight + 10h + 31min, minutes);
  CHECK(shown == Figures{630 + end, 630 + end, 600 + end, 600 + end, 630 + end});
  shown = publisher.refresh(midnight + 11h, minutes);
  CHECK(shown == Figures{660 + end, 660 + end, 660 + end, 660 + end, 660 + end});
}

TEST_CASE(
    "publisher: an ended window is read again, for late events; a day that goes on is not, once it settled") {
  Publisher publisher{Refresh::scheduled};
  double events = 0;
  const auto read = [&](EventTime) { return Figures{events, events, events, events, events}; };
  publisher.refresh(midnight + 10h + 20min, read);  // nothing was counted yet
  events = 1;
  CHECK(publisher.refresh(midnight + 10h + 20min + 59s, read) == Figures{1, 1, 1, 1, 1});
  events = 2;
  CHECK(publisher.refresh(midnight + 10h + 21min, read) == Figures{2, 2, 2, 1, 1});
  events = 3;
  CHECK(publisher.refresh(midnight + 10h + 30min, read) == Figures{3, 3, 3, 1, 3});
  events = 4;
  CHECK(publisher.refresh(midnight + 10h + 30min + 59s, read) == Figures{4, 4, 4, 1, 4});
  events = 5;
  CHECK(publisher.refresh(midnight + 10h + 31min, read) == Figures{5, 5, 5, 1, 4});
  events = 6;
  CHECK(publisher.refresh(midnight + 11h, read) == Figures{6, 6, 6, 6, 6});
}

TEST_CASE("publisher: each time is read once") {
  Publisher publisher{Refresh::scheduled};
  std::vector<EventTime> asked;
  publisher.refresh(midnight + 10h + 37min, [&](EventTime time) {
    asked.push_back(time);
    return Figures{};
  });
  CHECK(asked == std::vector<EventTime>{midnight + 10h + 35min - 1ms, midnight + 10h - 1ms,
                                        midnight + 10h + 30min - 1ms});
}

TEST_CASE("publisher: at once is now") {
  Publisher publisher{Refresh::at_once};
  CHECK(publisher.refresh(midnight + 61min, minutes).tov == 61);
  CHECK(publisher.refresh(midnight + 61min + 1ms, minutes).tov > 61);
}

TEST_CASE("publisher: as the original, everything every five minutes from its own start") {
  Publisher publisher{Refresh::as_original};
  CHECK(publisher.refresh(midnight + 2min, minutes) == Figures{2, 2, 2, 2, 2});
  CHECK(publisher.refresh(midnight + 7min - 1ms, minutes).users_count == 2);
  CHECK(publisher.refresh(midnight + 7min, minutes) == Figures{7, 7, 7, 7, 7});
  CHECK(publisher.refresh(midnight + 21min, minutes).users_count == 21);  // looked at late,
  CHECK(publisher.refresh(midnight + 22min, minutes).users_count == 22);  // it stays with its own start
  CHECK(publisher.refresh(midnight + 23min, minutes).users_count == 22);
  CHECK(publisher.refresh(midnight + 3min, minutes).users_count == 3);  // the clock was set back
}
