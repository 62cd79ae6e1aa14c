#include "online_store/board.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "online_store/event_encoder.hpp"

using namespace online_store;
using namespace std::chrono_literals;
using statwire::EventTime;

namespace {

constexpr EventTime noon{std::chrono::milliseconds{1'542'888'000'000}};

/// A shop in which orders come.
struct Shop {
  explicit Shop(Behaviour behaviour = Behaviour::right)
      : counter{schema,
                {.windows = {.behaviour = behaviour}, .allowed_ahead = std::chrono::days{7}, .now = [] {
                   return noon;
                 }}} {}

  void order(EventTime time, std::string_view session, std::string_view price) {
    counter.take(0, offset++,
                 encoder.encode(Event{.timestamp = time.time_since_epoch().count(),
                                      .event_type = "checkout_click",
                                      .session_id = session,
                                      .total_price = price}));
  }

  const AvroSchema schema{lab3_event_schema};
  EventEncoder encoder{schema};
  StoreCounter counter;
  std::int64_t offset = 0;
};

constexpr Figures order_of_100{
    .users_count = 1, .orders_count = 1, .conversion = 100, .aov = 100, .tov = 100};

}  // namespace

// A board keeps what it has shown for a moment, so each of these asks one once.

TEST_CASE("board: at once, the page is the running window with the counts, and zero when it has passed") {
  Shop shop;
  shop.order(noon, "a", "100");
  shop.counter.take(0, shop.offset++, "not Avro");
  Board board{shop.counter, Refresh::at_once};
  const EventCounts counts = board.counts();
  CHECK(counts.taken == 1);
  CHECK(counts.bad[0] == 1);
  CHECK(board.page(noon + 1min) == metrics_page(order_of_100, counts));
  Board next_day{shop.counter, Refresh::at_once};
  CHECK(next_day.page(noon + 24h) == metrics_page({}, counts));
}

TEST_CASE("board: on schedule, the page is the period that has ended, with the counts") {
  Shop shop;
  shop.order(noon, "a", "100");
  Board board{shop.counter, Refresh::scheduled};
  const Figures figures{.users_count = 1, .orders_count = 1, .aov = 100, .tov = 100};  // no whole hour yet
  CHECK(board.page(noon + 5min) == metrics_page(figures, board.counts()));
}

TEST_CASE("board: as the original, one page has the figures of now, the other those of the last event") {
  Shop shop{Behaviour::compatible};
  shop.order(noon, "a", "100");
  shop.order(noon + 1s, "b", "100");
  Board board{shop.counter, Refresh::as_original};
  CHECK(board.page(noon + 5min) == compatible_page({.conversion = 100, .aov = 100, .tov = 200}));
  CHECK(board.raw_page() ==
        raw_page({.users_count = 2, .orders_count = 2, .conversion = 100, .aov = 100, .tov = 200},
                 1'542'888'001'000));
}

TEST_CASE("board: what was shown is in the history, whoever asked") {
  Shop shop;
  shop.order(noon, "a", "100");
  Board asked_for_a_page{shop.counter, Refresh::at_once};
  Board asked_for_figures{shop.counter, Refresh::at_once};
  CHECK(asked_for_figures.history().empty());
  asked_for_a_page.page(noon + 1min);
  CHECK(asked_for_figures.show(noon + 1min) == order_of_100);
  for (Board* const board : {&asked_for_a_page, &asked_for_figures}) {
    const auto history = board->history();
    REQUIRE(history.size() == 1);
    CHECK(history[0].time == noon + 1min);
    CHECK(history[0].figures == order_of_100);
  }
}
