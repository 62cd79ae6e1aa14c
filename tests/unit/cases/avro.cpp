// tests/cases/001_avro.json: events as Divolte puts them into Kafka, encoded by Avro's own library for
// Python.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "online_store/event_decoder.hpp"
#include "online_store/event_encoder.hpp"
#include "support/case_files.hpp"
#include "support/text.hpp"

using namespace online_store;
using namespace statwire::test;

namespace {

std::optional<std::string> text_of(const AvroCase& wanted, const std::string& name) {
  const auto found = wanted.texts.find(name);
  return found == wanted.texts.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace

TEST_CASE("avro: the events of Avro's own library are read") {
  for (const AvroCase& wanted : avro_cases()) {
    CAPTURE(wanted.schema_name);
    EventDecoder decoder{AvroSchema{wanted.schema}};
    const auto decoded = decoder.decode(wanted.bytes);
    const auto session = text_of(wanted, "sessionId");
    if (!session || !text_of(wanted, "eventType")) {
      REQUIRE(std::holds_alternative<BadEvent>(decoded));
      CHECK(std::get<BadEvent>(decoded) == BadEvent::missing_field);
      continue;
    }
    REQUIRE(std::holds_alternative<Event>(decoded));
    const Event& event = std::get<Event>(decoded);
    CHECK(event.timestamp == wanted.timestamp);
    CHECK(event.event_type == text_of(wanted, "eventType"));
    CHECK(event.session_id == session);
    CHECK(event.total_price == text_of(wanted, wanted.price_field));
  }
}

TEST_CASE("avro: the same bytes are written") {
  for (const AvroCase& wanted : avro_cases()) {
    CAPTURE(wanted.schema_name);
    std::vector<OtherText> others;
    for (const auto& [name, text] : wanted.texts) others.push_back({name, text});
    const auto type = text_of(wanted, "eventType");
    const auto session = text_of(wanted, "sessionId");
    const auto price = text_of(wanted, wanted.price_field);
    EventEncoder encoder{AvroSchema{wanted.schema}};
    CHECK(encoder.encode(EventTexts{wanted.timestamp, type, session, price, others}) == wanted.bytes);
  }
}

TEST_CASE("avro: the program's own schema has the fields of the assumed one, in their order") {
  for (const AvroCase& wanted : avro_cases()) {
    if (wanted.schema_name != "lab3_assumed_schema") continue;
    EventDecoder decoder{AvroSchema{lab3_event_schema}};
    const auto decoded = decoder.decode(wanted.bytes);
    REQUIRE(std::holds_alternative<Event>(decoded));
    CHECK(std::get<Event>(decoded).session_id == text_of(wanted, "sessionId"));
  }
}
