#include "online_store/event_decoder.hpp"

#include <ostream>

#include <avro.h>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using namespace online_store;
using namespace std::string_literals;

namespace {

/// A record schema with these fields.
std::string record(const std::string& fields) {
  return R"({"type":"record","name":"event","fields":[)" + fields + "]}";
}

const std::string needed_fields = R"(
    {"name":"timestamp","type":"long"},
    {"name":"eventType","type":["null","string"]},
    {"name":"sessionId","type":["null","string"]},
    {"name":"total_price","type":["null","string"]})";

/// Of needed_fields: 1 ms, "pageView", "s1", no price.
const std::string needed_bytes = "\x02\x02\x10pageView\x02\x04s1\x00"s;

/// A needed field is followed by this one.
AvroSchema schema_with(const std::string& type) {
  return AvroSchema{record(needed_fields + R"(,{"name":"more","type":)" + type + "}")};
}

std::optional<BadEvent> what_is_wrong(EventDecoder& decoder, std::string_view datum) {
  const auto decoded = decoder.decode(datum);
  const BadEvent* const bad = std::get_if<BadEvent>(&decoded);
  return bad == nullptr ? std::nullopt : std::optional{*bad};
}

std::optional<BadEvent> what_is_wrong(const AvroSchema& schema, std::string_view datum) {
  EventDecoder decoder{schema};
  return what_is_wrong(decoder, datum);
}

/// Sees what Avro C asks for, as long as it lives, and remembers the largest that it got.
class GrantedMemory {
 public:
  GrantedMemory() {
    largest = 0;
    before_ = AVRO_CURRENT_ALLOCATOR;
    avro_set_allocator(grant, nullptr);
  }
  GrantedMemory(const GrantedMemory&) = delete;
  GrantedMemory& operator=(const GrantedMemory&) = delete;
  ~GrantedMemory() { AVRO_CURRENT_ALLOCATOR = before_; }

  static inline std::size_t largest = 0;

 private:
  static void* grant(void* /*user_data*/, void* memory, std::size_t old_size, std::size_t size) {
    void* const granted = before_.alloc(before_.user_data, memory, old_size, size);
    if (granted != nullptr) largest = std::max(largest, size);
    return granted;
  }

  static inline avro_allocator_state before_{};
};

/// The bytes of an event of the lab's schema: time, type, location, session, price.
const std::string checkout =
    "\xc0\x99\xc2\x8b\xe7\x59\x02\x1c"
    "checkout_click\x02\x1chttps://x/cart\x02\x04s1\x02\x14"
    "12 345 \xe2\x82\xbd"s;

}  // namespace

TEST_CASE("event_decoder: an event as it stands in the specification of Avro") {
  EventDecoder decoder{AvroSchema{lab3_event_schema}};
  const auto decoded = decoder.decode(checkout);
  const Event event = std::get<Event>(decoded);
  CHECK(event.timestamp == 1542844860000);
  CHECK(event.event_type == "checkout_click");
  CHECK(event.session_id == "s1");
  CHECK(event.total_price == "12 345 \xe2\x82\xbd");
}

TEST_CASE("event_decoder: an event without a price has none, and an empty one has an empty one") {
  EventDecoder decoder{AvroSchema{record(needed_fields)}};
  CHECK(std::get<Event>(decoder.decode(needed_bytes)).total_price == std::nullopt);
  CHECK(std::get<Event>(decoder.decode("\x02\x02\x10pageView\x02\x04s1\x02\x00"s)).total_price == "");
}

TEST_CASE("event_decoder: an event whose type is empty is one, an event without a type is not") {
  EventDecoder decoder{AvroSchema{record(needed_fields)}};
  CHECK(std::get<Event>(decoder.decode("\x02\x02\x00\x02\x04s1\x00"s)).event_type == "");
  CHECK(what_is_wrong(decoder, "\x02\x00\x02\x04s1\x00"s) == BadEvent::missing_field);
}

TEST_CASE("event_decoder: an event without a session, or with an empty one, has a field missing") {
  EventDecoder decoder{AvroSchema{record(needed_fields)}};
  CHECK(what_is_wrong(decoder, "\x02\x02\x10pageView\x00\x00"s) == BadEvent::missing_field);
  CHECK(what_is_wrong(decoder, "\x02\x02\x10pageView\x02\x00\x00"s) == BadEvent::missing_field);
}

TEST_CASE("event_decoder: an event without a time has a field missing") {
  const AvroSchema schema{record(R"({"name":"timestamp","type":["null","long"]},
    {"name":"eventType","type":"string"},{"name":"sessionId","type":"string"},
    {"name":"total_price","type":"string"})")};
  EventDecoder decoder{schema};
  CHECK(what_is_wrong(decoder, "\x00\x02p\x02s\x00"s) == BadEvent::missing_field);
  CHECK(std::get<Event>(decoder.decode("\x02\x01\x02p\x02s\x00"s)).timestamp == -1);
}

TEST_CASE("event_decoder: what was read before is not taken for a field that is missing") {
  EventDecoder decoder{AvroSchema{lab3_event_schema}};
  REQUIRE(!what_is_wrong(decoder, checkout));
  CHECK(what_is_wrong(decoder, "\x02\x02\x10pageView\x00\x00\x00"s) == BadEvent::missing_field);
  const std::string without_price = "\x02\x02\x10pageView\x00\x02\x04s2\x00"s;
  CHECK(std::get<Event>(decoder.decode(without_price)).total_price == std::nullopt);
}

TEST_CASE("event_decoder: a datum that is cut at any byte is not Avro") {
  EventDecoder decoder{AvroSchema{lab3_event_schema}};
  for (std::size_t size = 0; size < checkout.size(); ++size) {
    CAPTURE(size);
    CHECK(what_is_wrong(decoder, std::string_view{checkout}.substr(0, size)) == BadEvent::not_avro);
  }
  CHECK(what_is_wrong(decoder, {}) == BadEvent::not_avro);
}

TEST_CASE("event_decoder: a datum with a byte too many, of any value, is not Avro") {
  EventDecoder decoder{AvroSchema{lab3_event_schema}};
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    CHECK(what_is_wrong(decoder, checkout + static_cast<char>(byte)) == BadEvent::not_avro);
  }
  CHECK(what_is_wrong(decoder, checkout + checkout) == BadEvent::not_avro);
}

TEST_CASE("event_decoder: the headers of a schema registry and of a file are not Avro") {
  EventDecoder decoder{AvroSchema{lab3_event_schema}};
  CHECK(what_is_wrong(decoder, "\x00\x00\x00\x00\x01"s + checkout) == BadEvent::not_avro);
  CHECK(what_is_wrong(decoder, "Obj\x01"s + checkout) == BadEvent::not_avro);
}

TEST_CASE("event_decoder: branches that the union does not have are not Avro") {
  EventDecoder decoder{AvroSchema{record(needed_fields)}};
  for (const char* const branch : {"\x01", "\x03", "\x04", "\x7e", "\xfe\xff\xff\xff\x1f"}) {
    CHECK(what_is_wrong(decoder, "\x02"s + branch + "\x10pageView\x02\x04s1\x00"s) == BadEvent::not_avro);
    CHECK(what_is_wrong(decoder, "\x02\x02\x10pageView\x02\x04s1"s + branch) == BadEvent::not_avro);
  }
}

TEST_CASE("event_decoder: a number of more than ten bytes is not Avro") {
  EventDecoder decoder{AvroSchema{record(needed_fields)}};
  const std::string rest = needed_bytes.substr(1);
  CHECK(what_is_wrong(decoder, std::string(10, '\xff') + "\x01" + rest) == BadEvent::not_avro);
  const std::string largest = std::string(9, '\xff') + "\x01";
  CHECK(std::get<Event>(decoder.decode(largest + rest)).timestamp == INT64_MIN);
}

TEST_CASE("event_decoder: lengths that no datum has are not Avro, in every string") {
  // -1, -2, -2^63, 2^62, 2^63 - 1, 2^31, 2^32 + 2, 100
  const std::vector<std::string> lengths{"\x01",
                                         "\x03",
                                         "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                         "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
                                         "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                         "\x80\x80\x80\x80\x10",
                                         "\x84\x80\x80\x80\x20",
                                         "\xc8\x01"};
  EventDecoder decoder{AvroSchema{lab3_event_schema}};
  for (const std::string& length : lengths) {
    CAPTURE(length.size());
    CHECK(what_is_wrong(decoder, "\x02\x02" + length + "pageView\x00\x02\x04s1\x00"s) == BadEvent::not_avro);
    CHECK(what_is_wrong(decoder, "\x02\x02\x02p\x02"s + length + "x\x02\x04s1\x00"s) == BadEvent::not_avro);
    CHECK(what_is_wrong(decoder, "\x02\x02\x02p\x00\x02"s + length + "s1\x00"s) == BadEvent::not_avro);
    CHECK(what_is_wrong(decoder, "\x02\x02\x02p\x00\x02\x04s1\x02"s + length + "1"s) == BadEvent::not_avro);
  }
}

TEST_CASE("event_decoder: Avro C is not granted the memory for a length that is not there") {
  EventDecoder decoder{AvroSchema{lab3_event_schema}};
  const GrantedMemory granted;
  REQUIRE(!what_is_wrong(decoder, checkout));
  CHECK(GrantedMemory::largest == 15);  // "checkout_click" or "https://x/cart" and a zero
  CHECK(what_is_wrong(decoder, "\x02\x02\x80\x80\x80\x80\x10pageView"s) == BadEvent::not_avro);
  CHECK(what_is_wrong(decoder, "\x02\x02\xd0\x0fpageView"s) == BadEvent::not_avro);
  CHECK(GrantedMemory::largest == 15);
}

TEST_CASE("event_decoder: a string that is not UTF-8 is not Avro, wherever it stands") {
  EventDecoder decoder{AvroSchema{lab3_event_schema}};
  for (const std::string text :
       {"\xff", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "12345678\x80", "1234567\xc3"}) {
    const std::string coded = static_cast<char>(2 * text.size()) + text;
    CHECK(what_is_wrong(decoder, "\x02\x02"s + coded + "\x00\x02\x04s1\x00"s) == BadEvent::not_avro);
    CHECK(what_is_wrong(decoder, "\x02\x02\x02p\x02"s + coded + "\x02\x04s1\x00"s) == BadEvent::not_avro);
    CHECK(what_is_wrong(decoder, "\x02\x02\x02p\x00\x02"s + coded + "\x00"s) == BadEvent::not_avro);
    CHECK(what_is_wrong(decoder, "\x02\x02\x02p\x00\x02\x04s1\x02"s + coded) == BadEvent::not_avro);
  }
}

TEST_CASE(
    "event_decoder: fields may stand in another order, null last, with defaults, and be plain strings") {
  const AvroSchema schema{record(R"(
    {"name":"total_price","type":["string","null"],"default":"0"},
    {"name":"sessionId","type":"string","default":""},
    {"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"eventType","type":{"type":"string"}})")};
  EventDecoder decoder{schema};
  const Event event =
      std::get<Event>(decoder.decode("\x00\x04"
                                     "99\x04s2\x08\x08page"s));
  CHECK(event.total_price == "99");
  CHECK(event.session_id == "s2");
  CHECK(event.timestamp == 4);
  CHECK(event.event_type == "page");
  CHECK(std::get<Event>(decoder.decode("\x02\x04s2\x08\x08page"s)).total_price == std::nullopt);
}

TEST_CASE("event_decoder: the time may be an int, and then be no more than one") {
  const AvroSchema schema{record(R"({"name":"timestamp","type":"int"},
    {"name":"eventType","type":"string"},{"name":"sessionId","type":"string"},
    {"name":"total_price","type":"string"})")};
  EventDecoder decoder{schema};
  const std::string rest = "\x02p\x02s\x00"s;
  CHECK(std::get<Event>(decoder.decode("\xfe\xff\xff\xff\x0f" + rest)).timestamp == 2147483647);
  CHECK(what_is_wrong(decoder, "\x80\x80\x80\x80\x10" + rest) == BadEvent::not_avro);
}

TEST_CASE("event_decoder: the price is total_price, or price where there is none, wherever they stand") {
  const std::string fields = R"({"name":"timestamp","type":"long"},{"name":"eventType","type":"string"},
    {"name":"sessionId","type":"string"},{"name":"price","type":"string"})";
  EventDecoder by_price{AvroSchema{record(fields)}};
  CHECK(std::get<Event>(by_price.decode("\x02\x02p\x02s\x02"
                                        "5"s))
            .total_price == "5");
  EventDecoder by_total{AvroSchema{record(fields + R"(,{"name":"total_price","type":"string"})")}};
  CHECK(std::get<Event>(by_total.decode("\x02\x02p\x02s\x02"
                                        "5\x02"
                                        "7"s))
            .total_price == "7");
}

TEST_CASE("event_decoder: fields of any other type are read over") {
  const std::vector<std::pair<std::string, std::string>> types{
      {R"("null")", ""s},
      {R"("boolean")", "\x01"s},
      {R"("int")", "\x7f"s},
      {R"("long")", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s},
      {R"("float")", "\x00\x00\x80\x3f"s},
      {R"("double")", "\x00\x00\x00\x00\x00\x00\xf0\x3f"s},
      {R"("bytes")", "\x04\xff\x00"s},
      {R"("string")",
       "\x06"
       "a\x00z"s},
      {R"({"type":"fixed","name":"f","size":3})", "\xff\x00\xff"s},
      {R"({"type":"enum","name":"e","symbols":["a","b"]})", "\x02"s},
      {R"({"type":"array","items":"string"})", "\x04\x02x\x02y\x00"s},
      {R"({"type":"array","items":"string"})", "\x03\x08\x02x\x02y\x00"s},  // with the size of the block
      {R"({"type":"array","items":"null"})", "\x06\x00"s},
      {R"({"type":"map","values":"long"})", "\x02\x02k\x08\x02\x02l\x06\x00"s},
      {R"({"type":"record","name":"r","fields":[{"name":"timestamp","type":"long"},
           {"name":"sessionId","type":["null","string"]}]})",
       "\x7f\x02\x04no"s},
      {R"(["null","int",{"type":"record","name":"r","fields":[{"name":"a","type":"bytes"}]},"string"])",
       "\x04\x02\xff"s},
      {R"({"type":"array","items":{"type":"map","values":{"type":"array","items":"bytes"}}})",
       "\x02\x02\x02k\x02\x02!\x00\x00\x00"s}};
  for (const auto& item : types) {
    CAPTURE(item.first);
    const std::string& bytes = item.second;
    EventDecoder decoder{schema_with(item.first)};
    const auto decoded = decoder.decode(needed_bytes + bytes);
    REQUIRE(std::holds_alternative<Event>(decoded));
    CHECK(std::get<Event>(decoded).timestamp == 1);
    CHECK(std::get<Event>(decoded).session_id == "s1");
    for (std::size_t missing = 1; missing <= bytes.size(); ++missing) {
      const std::string whole = needed_bytes + bytes;
      CHECK(what_is_wrong(decoder, whole.substr(0, whole.size() - missing)) == BadEvent::not_avro);
    }
  }
}

TEST_CASE("event_decoder: a type that is named again is read in both places") {
  const AvroSchema schema{record(needed_fields + R"(,
    {"name":"a","type":{"type":"record","name":"place","fields":[{"name":"x","type":"int"}]}},
    {"name":"b","type":["null","place"]})")};
  CHECK(!what_is_wrong(schema, needed_bytes + "\x02\x02\x04"s));
  CHECK(what_is_wrong(schema, needed_bytes + "\x02\x02"s) == BadEvent::not_avro);
}

TEST_CASE("event_decoder: in other fields, too, there is nothing that cannot be") {
  const auto bad = BadEvent::not_avro;
  CHECK(what_is_wrong(schema_with(R"("string")"), needed_bytes + "\x01") == bad);
  CHECK(what_is_wrong(schema_with(R"("bytes")"), needed_bytes + "\x03") == bad);
  CHECK(what_is_wrong(schema_with(R"({"type":"map","values":"null"})"), needed_bytes + "\x02\x01\x00"s) ==
        bad);
  CHECK(what_is_wrong(schema_with(R"({"type":"map","values":"null"})"), needed_bytes + "\x02\x02\xff\x00"s) ==
        bad);
  const AvroSchema with_enum = schema_with(R"({"type":"enum","name":"e","symbols":["a","b"]})");
  CHECK(what_is_wrong(with_enum, needed_bytes + "\x04") == bad);
  CHECK(what_is_wrong(with_enum, needed_bytes + "\x01") == bad);
}

TEST_CASE("event_decoder: an array of elements that take no bytes is not read for ever") {
  const std::string two_to_62 = "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01";
  for (const std::string type : {R"({"type":"array","items":"null"})",
                                 R"({"type":"array","items":{"type":"record","name":"r","fields":[]}})"}) {
    EventDecoder decoder{schema_with(type)};
    CHECK(what_is_wrong(decoder, needed_bytes + two_to_62 + "\x00"s) == BadEvent::not_avro);
    CHECK(!what_is_wrong(decoder, needed_bytes + "\xd0\x0f\x00"s));  // 1000
  }
}

TEST_CASE("event_decoder: many small values that are read over take no memory each") {
  EventDecoder of_bytes{schema_with(R"({"type":"map","values":"bytes"})")};
  EventDecoder of_strings{schema_with(R"({"type":"array","items":"string"})")};
  EventDecoder of_fixed{schema_with(R"({"type":"array","items":{"type":"fixed","name":"f","size":2}})")};
  std::string map;
  std::string array;
  for (int i = 0; i < 60; ++i) map += "\x02k\x02v";
  for (int i = 0; i < 60; ++i) array += "\x02v";
  CHECK(!what_is_wrong(of_bytes, needed_bytes + "\x78" + map + "\x00"s));
  CHECK(!what_is_wrong(of_strings, needed_bytes + "\x78" + array + "\x00"s));
  CHECK(!what_is_wrong(of_fixed, needed_bytes + "\x78" + array + "\x00"s));
}

TEST_CASE("event_decoder: a large event between small ones") {
  EventDecoder decoder{AvroSchema{record(needed_fields)}};
  const std::string session(1 << 20, 'x');
  const std::string large = "\x02\x02\x10pageView\x02\x80\x80\x80\x01" + session + "\x00"s;
  CHECK(!what_is_wrong(decoder, needed_bytes));
  CHECK(std::get<Event>(decoder.decode(large)).session_id == session);
  CHECK(std::get<Event>(decoder.decode(needed_bytes)).session_id == "s1");
}
