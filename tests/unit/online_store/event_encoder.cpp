#include "online_store/event_encoder.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>

#include "online_store/event_decoder.hpp"
#include "support/random_bytes.hpp"

using namespace online_store;
using namespace std::string_literals;

TEST_CASE("event_encoder: the bytes of the specification") {
  EventEncoder encoder{AvroSchema{lab3_event_schema}};
  CHECK(encoder.encode(Event{-1, "pageView", "s1", std::nullopt}) ==
        "\x01\x02\x10pageView\x00\x02\x04s1\x00"s);
  CHECK(encoder.encode(Event{64, "", "s1", "9"}) ==
        "\x80\x01\x02\x00\x00\x02\x04s1\x02\x02"
        "9"s);
}

TEST_CASE("event_encoder: texts that are not there are null, and do not stay from the event before") {
  EventEncoder encoder{AvroSchema{lab3_event_schema}};
  const std::array others{OtherText{"location", "https://x/"}, OtherText{"unknown", "?"},
                          OtherText{"timestamp", "5"}};
  const EventTexts full{
      .timestamp = 0, .event_type = "p", .session_id = "s", .total_price = "1", .others = others};
  CHECK(encoder.encode(full) ==
        "\x00\x02\x02p\x02\x14https://x/\x02\x02s\x02\x02"
        "1"s);
  CHECK(encoder.encode(EventTexts{}) == "\x00\x00\x00\x00\x00"s);
}

TEST_CASE("event_encoder: where a schema has no null, what is not there is empty; other fields are empty") {
  const AvroSchema schema{R"({"type":"record","name":"event","fields":[
    {"name":"timestamp","type":["long","null"]},
    {"name":"e","type":{"type":"enum","name":"e","symbols":["a","b"]}},
    {"name":"u","type":["int","null"]}, {"name":"v","type":["long","string"]},
    {"name":"r","type":{"type":"record","name":"r","fields":[{"name":"n","type":["null","long"]}]}},
    {"name":"eventType","type":"string"},{"name":"sessionId","type":["string","null"]},
    {"name":"list","type":{"type":"array","items":"long"}},{"name":"map","type":{"type":"map","values":"long"}},
    {"name":"fixed","type":{"type":"fixed","name":"f","size":2}},{"name":"bytes","type":"bytes"},
    {"name":"double","type":"double"},{"name":"price","type":"string"}]})"};
  EventEncoder encoder{schema};
  const std::string datum = encoder.encode(EventTexts{.timestamp = 1, .session_id = "s"});
  CHECK(datum ==
        "\x00\x02"                 // timestamp
        "\x00\x02\x00\x00\x00"     // e, u, v, r
        "\x00\x00\x02s"            // eventType, sessionId
        "\x00\x00\x00\x00\x00"     // list, map, fixed, bytes
        "\0\0\0\0\0\0\0\0\x00"s);  // double, price
  CHECK(std::get<Event>(EventDecoder{schema}.decode(datum)).timestamp == 1);
}

TEST_CASE("event_encoder: a time that an int cannot hold is refused, and the next one is written") {
  EventEncoder encoder{AvroSchema{R"({"type":"record","name":"event","fields":[
    {"name":"timestamp","type":"int"},{"name":"eventType","type":"string"},
    {"name":"sessionId","type":"string"},{"name":"total_price","type":"string"}]})"}};
  CHECK_THROWS_WITH_AS(encoder.encode(Event{2147483648, "p", "s", "1"}),
                       "the schema has an int for the time, which cannot hold 2147483648", std::out_of_range);
  CHECK(encoder.encode(Event{2147483647, "p", "s", "1"}) ==
        "\xfe\xff\xff\xff\x0f\x02p\x02s\x02"
        "1"s);
}

TEST_CASE("event_encoder: what is encoded is decoded again") {
  const AvroSchema schema{lab3_event_schema};
  EventEncoder encoder{schema};
  EventDecoder decoder{schema};
  statwire::test::RandomBytes random{7};
  const auto text = [&random] {
    std::string ascii = random.string(100);
    for (char& c : ascii) c = static_cast<char>(c & 0x7f);
    return ascii;
  };
  for (int i = 0; i < 1000; ++i) {
    const std::string type = text();
    const std::string session = text() + "s";
    const std::string price = text();
    const Event event{static_cast<std::int64_t>(random.bits()), type, session,
                      random.up_to(1) == 0 ? std::nullopt : std::optional<std::string_view>{price}};
    const auto decoded = decoder.decode(encoder.encode(event));
    REQUIRE(std::holds_alternative<Event>(decoded));
    const Event& again = std::get<Event>(decoded);
    CHECK(again.timestamp == event.timestamp);
    CHECK(again.event_type == event.event_type);
    CHECK(again.session_id == event.session_id);
    CHECK(again.total_price == event.total_price);
  }
}
