#include "online_store/avro_schema.hpp"

#include <avro.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <utility>
#include <vector>

#include "online_store/avro_memory.hpp"

namespace online_store {

const std::string_view lab3_event_schema = R"({
  "namespace": "io.divolte.examples.record",
  "type": "record",
  "name": "lab3_event",
  "fields": [
    { "name": "timestamp", "type": "long" },
    { "name": "eventType", "type": ["null", "string"], "default": null },
    { "name": "location", "type": ["null", "string"], "default": null },
    { "name": "sessionId", "type": ["null", "string"], "default": null },
    { "name": "total_price", "type": ["null", "string"], "default": null }
  ]
}
)";

namespace {

constexpr std::size_t most_bytes = 1 << 20;
constexpr std::size_t most_types = 10'000;

std::shared_ptr<avro_obj_t> parse(std::string_view json) {
  avro_schema_t schema = nullptr;
  if (avro_schema_from_json_length(json.data(), json.size(), &schema) != 0) {
    throw SchemaError{std::string{"no Avro schema: "} + avro_strerror()};
  }
  return {schema, [](avro_schema_t unused) { avro_schema_decref(unused); }};
}

/// Refuses what would let a datum of few bytes take any amount of stack, time or memory.
class BoundsCheck {
 public:
  void check(avro_schema_t schema) {
    if (++types_ > most_types) throw SchemaError{"the schema has more than 10000 types, links followed"};
    switch (avro_typeof(schema)) {
      case AVRO_RECORD:
        check_record(schema);
        break;
      case AVRO_UNION:
        for (std::size_t i = 0; i < avro_schema_union_size(schema); ++i) {
          check(avro_schema_union_branch(schema, static_cast<int>(i)));
        }
        break;
      case AVRO_ARRAY:
        check(avro_schema_array_items(schema));
        break;
      case AVRO_MAP:
        check(avro_schema_map_values(schema));
        break;
      case AVRO_LINK:
        check(avro_schema_link_target(schema));
        break;
      case AVRO_FIXED:
        if (avro_schema_fixed_size(schema) < 1) {
          throw SchemaError{"the schema has fixed bytes '" + std::string{avro_schema_name(schema)} +
                            "' of no size"};
        }
        break;
      default:
        break;
    }
  }

 private:
  void check_record(avro_schema_t record) {
    if (std::find(around_.begin(), around_.end(), record) != around_.end()) {
      throw SchemaError{"the schema has the record '" + std::string{avro_schema_name(record)} +
                        "' within itself"};
    }
    around_.push_back(record);
    for (std::size_t i = 0; i < avro_schema_record_size(record); ++i) {
      check(avro_schema_record_field_get_by_index(record, static_cast<int>(i)));
    }
    around_.pop_back();
  }

  std::vector<avro_schema_t> around_;
  std::size_t types_ = 0;
};

bool is_string(avro_schema_t schema) {
  return avro_typeof(schema) == AVRO_STRING;
}

bool is_integer(avro_schema_t schema) {
  return avro_typeof(schema) == AVRO_INT64 || avro_typeof(schema) == AVRO_INT32;
}

/// The field, if it is there and of the type, or of a union of null and the type.
std::optional<AvroField> find_field(avro_schema_t record, const char* name,
                                    bool (*is_wanted)(avro_schema_t)) {
  const int index = avro_schema_record_field_get_index(record, name);
  if (index < 0) return std::nullopt;
  const avro_schema_t type = avro_schema_record_field_get_by_index(record, index);
  if (is_wanted(type)) return AvroField{.index = index};
  if (avro_typeof(type) != AVRO_UNION || avro_schema_union_size(type) != 2) return std::nullopt;
  for (const int null_branch : {0, 1}) {
    const int value_branch = 1 - null_branch;
    if (avro_typeof(avro_schema_union_branch(type, null_branch)) == AVRO_NULL &&
        is_wanted(avro_schema_union_branch(type, value_branch))) {
      return AvroField{index, null_branch, value_branch};
    }
  }
  return std::nullopt;
}

AvroField text_field(avro_schema_t record, const char* name) {
  if (const auto field = find_field(record, name, is_string)) return *field;
  throw SchemaError{"the schema has no field '" + std::string{name} + "' of type string or [null, string]"};
}

AvroField time_field(avro_schema_t record) {
  if (const auto field = find_field(record, "timestamp", is_integer)) return *field;
  throw SchemaError{"the schema has no field 'timestamp' of type long or int"};
}

AvroField price_field(avro_schema_t record) {
  const bool has_total = avro_schema_record_field_get_index(record, "total_price") >= 0;
  const bool has_price = avro_schema_record_field_get_index(record, "price") >= 0;
  return text_field(record, has_total || !has_price ? "total_price" : "price");
}

}  // namespace

AvroSchema::AvroSchema(std::string_view json) {
  bound_avro_memory();
  record_ = parse(json);
  if (avro_typeof(record_.get()) != AVRO_RECORD) throw SchemaError{"the schema is not one of a record"};
  BoundsCheck{}.check(record_.get());
  timestamp_ = time_field(record_.get());
  event_type_ = text_field(record_.get(), "eventType");
  session_id_ = text_field(record_.get(), "sessionId");
  price_ = price_field(record_.get());
}

std::optional<AvroField> AvroSchema::text(const char* name) const {
  return find_field(record_.get(), name, is_string);
}

AvroSchema AvroSchema::from_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw SchemaError{path + ": cannot be opened"};
  std::string json(most_bytes + 1, '\0');
  file.read(json.data(), static_cast<std::streamsize>(json.size()));
  if (file.bad()) throw SchemaError{path + ": cannot be read"};
  json.resize(static_cast<std::size_t>(file.gcount()));
  if (json.size() > most_bytes) throw SchemaError{path + ": is longer than 1 MiB, which no schema is"};
  try {
    return AvroSchema{json};
  } catch (const SchemaError& error) {
    throw SchemaError{path + ": " + error.what()};
  }
}

}  // namespace online_store
