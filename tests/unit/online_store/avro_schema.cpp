#include "online_store/avro_schema.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

using namespace online_store;

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

std::string refusal(const std::string& json) {
  try {
    const AvroSchema schema{json};
  } catch (const SchemaError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("avro_schema: the file of the lab's schema holds what the program has within it") {
  std::ifstream file{STATWIRE_TEST_CASES "/../../examples/online_store/lab3_event.avsc"};
  REQUIRE(file);
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  CHECK(text == lab3_event_schema);
}

TEST_CASE("avro_schema: a schema is read from a file, and the file is named where that fails") {
  const std::string folder = STATWIRE_TEST_CASES "/../../examples/online_store/";
  CHECK(AvroSchema::from_file(folder + "lab3_event.avsc").session_id().index == 3);
  const auto why = [](const std::string& path) -> std::string {
    try {
      AvroSchema::from_file(path);
    } catch (const SchemaError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(why(folder + "no.avsc") == folder + "no.avsc: cannot be opened");
  CHECK(why(folder) == folder + ": cannot be read");
  CHECK(why(folder + "event.hpp").starts_with(folder + "event.hpp: no Avro schema: Error parsing JSON: "));
  CHECK(why("/dev/zero") == "/dev/zero: is longer than 1 MiB, which no schema is");
}

TEST_CASE("avro_schema: what is no schema is refused in Avro's words, those of this time only") {
  for (int i = 0; i < 2; ++i) {
    CHECK(refusal("") == "no Avro schema: Error parsing JSON: unexpected token near end of file");
    CHECK(refusal(record(R"({"name":"a","type":"lon"})")) == "no Avro schema: Unknown Avro \"type\": lon");
  }
  CHECK(refusal(R"("string")") == "the schema is not one of a record");
}

TEST_CASE("avro_schema: the field that is not there, or of another type, is named") {
  const std::string time = R"({"name":"timestamp","type":"long"})";
  const std::string type = R"(,{"name":"eventType","type":"string"})";
  const std::string session = R"(,{"name":"sessionId","type":"string"})";
  const std::string price = R"(,{"name":"total_price","type":"string"})";
  const auto no_text = [](const std::string& name) {
    return "the schema has no field '" + name + "' of type string or [null, string]";
  };
  CHECK(refusal(record(time + type + session + price)).empty());
  CHECK(refusal(record("")) == "the schema has no field 'timestamp' of type long or int");
  CHECK(refusal(record(R"({"name":"timestamp","type":"double"})")) ==
        "the schema has no field 'timestamp' of type long or int");
  CHECK(refusal(record(time)) == no_text("eventType"));
  CHECK(refusal(record(time + type)) == no_text("sessionId"));
  CHECK(refusal(record(time + type + R"(,{"name":"sessionId","type":"bytes"})")) == no_text("sessionId"));
  CHECK(refusal(record(time + type + R"(,{"name":"sessionId","type":["null","long"]})")) ==
        no_text("sessionId"));
  CHECK(refusal(record(time + type + R"(,{"name":"sessionId","type":["null","string","long"]})")) ==
        no_text("sessionId"));
  CHECK(refusal(record(time + type + session)) == no_text("total_price"));
  CHECK(refusal(record(time + type + session + R"(,{"name":"price","type":"long"})")) == no_text("price"));
  CHECK(refusal(record(time + type + session + R"(,{"name":"price","type":"string"})")).empty());
}

TEST_CASE("avro_schema: what would take any memory or time is refused") {
  CHECK(refusal(record(needed_fields + R"(,{"name":"next","type":["null","event"]})")) ==
        "the schema has the record 'event' within itself");
  CHECK(refusal(record(needed_fields + R"(,{"name":"f","type":{"type":"fixed","name":"none","size":0}})")) ==
        "the schema has fixed bytes 'none' of no size");
  std::string doubling = needed_fields + R"(,{"name":"f0","type":{"type":"record","name":"r0","fields":[]}})";
  for (int i = 1; i < 30; ++i) {
    const std::string n = std::to_string(i);
    const std::string inner = "\"r" + std::to_string(i - 1) + "\"";
    doubling += R"(,{"name":"f)" + n + R"(","type":{"type":"record","name":"r)" + n +
                R"(","fields":[{"name":"a","type":)" + inner + R"(},{"name":"b","type":)" + inner + "}]}}";
  }
  CHECK(refusal(record(doubling)) == "the schema has more than 10000 types, links followed");
}
