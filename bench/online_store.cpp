// What an event of the online store costs, from the bytes of its message to the five figures: a day of
// 1,000,000 events, decoded by Avro C, counted in the windows of five minutes, of the hour and of the day,
// and the figures read after each thousand. The floor cuts the same messages into their fields by hand.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "figures.hpp"
#include "online_store/avro_schema.hpp"
#include "online_store/event_decoder.hpp"
#include "online_store/event_encoder.hpp"
#include "online_store/shop_day.hpp"
#include "online_store/store_windows.hpp"

#if defined(__linux__)

namespace {

using namespace online_store;

constexpr std::size_t events_of_day = 1'000'000;

/// What a day is to come to, as its maker says.
struct Day {
  std::vector<std::string> messages;
  double total = 0;
  std::uint64_t orders = 0;
  std::int64_t end = 0;
};

Day make_day(const AvroSchema& schema) {
  Day day;
  day.messages.reserve(events_of_day);
  EventEncoder encoder{schema};
  ShopDay shop{{.events = events_of_day}};
  while (const std::optional<ShopEvent> event = shop.next()) {
    day.messages.push_back(datum_of(*event, encoder));
    day.total += static_cast<double>(event->price);
    if (event->event_type == "checkout_click") ++day.orders;
    day.end = event->timestamp;
  }
  return day;
}

/// Avro's zigzag number of variable length.
std::int64_t take_number(std::string_view& datum) {
  std::uint64_t bits = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(datum.front());
    datum.remove_prefix(1);
    bits |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) break;
  }
  return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
}

/// A union of null and a string, for the program's own events.
std::string_view take_text(std::string_view& datum) {
  if (take_number(datum) == 0) return {};
  const auto size = static_cast<std::size_t>(take_number(datum));
  const std::string_view text = datum.substr(0, size);
  datum.remove_prefix(size);
  return text;
}

void cut_by_hand(const Day& day) {
  std::size_t bytes = 0;
  for (std::string_view datum : day.messages) {
    take_number(datum);
    for (int field = 0; field < 4; ++field) bytes += take_text(datum).size();
  }
  REQUIRE(bytes != 0);
}

void decode(const Day& day, EventDecoder& decoder) {
  std::size_t good = 0;
  for (const std::string& message : day.messages) good += decoder.decode(message).index() == 0;
  REQUIRE(good == events_of_day);
}

void count(const Day& day, EventDecoder& decoder, Behaviour behaviour) {
  StoreWindows windows{{.behaviour = behaviour}};
  Figures figures;
  std::size_t taken = 0;
  for (const std::string& message : day.messages) {
    const auto decoded = decoder.decode(message);
    const Event& event = std::get<Event>(decoded);
    if (!windows.take(event)) ++taken;
    if (taken % 1000 == 0)
      figures = windows.at(statwire::EventTime{std::chrono::milliseconds{event.timestamp}});
  }
  REQUIRE(taken == events_of_day);
  figures = windows.at(statwire::EventTime{std::chrono::milliseconds{day.end}});
  REQUIRE(figures.tov == day.total);
  REQUIRE(figures.aov == rounded(day.total / static_cast<double>(day.orders)));
}

}  // namespace

TEST_CASE("an event of the online store, from bytes to figures") {
  const AvroSchema schema{lab3_event_schema};
  EventDecoder decoder{schema};
  const Day day = make_day(schema);
  REQUIRE(day.messages.size() == events_of_day);
  const std::vector<bench::Figure> figures = bench::in_turn(
      7, events_of_day,
      {{"fields cut by hand (floor)", [&] { cut_by_hand(day); }},
       {"decoded by Avro C", [&] { decode(day, decoder); }},
       {"decoded and counted", [&] { count(day, decoder, Behaviour::right); }},
       {"decoded and counted, as the original", [&] { count(day, decoder, Behaviour::compatible); }}});
  bench::print_figures("an event", "ns of CPU", figures);
  std::printf("  %.0f events/s on one core from bytes to figures\n", 1e9 / figures[2].value);
}

#endif  // defined(__linux__)
