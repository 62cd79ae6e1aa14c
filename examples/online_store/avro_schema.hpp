#pragma once

// The schema of the events, read by Avro C, and where in it the fields stand that the shop's figures need.
// Other fields may be anything that can be read within bounded memory, and are read over.

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct avro_obj_t;  // what an avro_schema_t of Avro C points to

namespace online_store {

/// The schema that the program's own events have; examples/online_store/lab3_event.avsc holds the same text.
extern const std::string_view lab3_event_schema;

/// A schema that cannot be used; the text says what is wrong with it.
class SchemaError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where a field stands in the record, and which branches of its union are null and the value.
struct AvroField {
  int index = 0;
  int null_branch = -1;   ///< -1: it is never null.
  int value_branch = -1;  ///< -1: no union.
};

/// A record schema with the fields `timestamp` (long or int), `eventType`, `sessionId` and `total_price`, or
/// `price` where there is no total_price (string); each may be a union with null, in any order. Copies share
/// one schema; they may be used by several threads.
class AvroSchema {
 public:
  /// Reads JSON. Throws a SchemaError: what Avro C says, the needed field that is not there, or what cannot
  /// be read within bounded memory (a type within itself, fixed bytes of no size).
  explicit AvroSchema(std::string_view json);

  /// Reads the JSON of a file of at most 1 MiB. Throws a SchemaError that begins with the path.
  static AvroSchema from_file(const std::string& path);

  const AvroField& timestamp() const noexcept { return timestamp_; }
  const AvroField& event_type() const noexcept { return event_type_; }
  const AvroField& session_id() const noexcept { return session_id_; }
  const AvroField& price() const noexcept { return price_; }

  /// Where a field of this name stands, if it is a string or a union of null and string.
  std::optional<AvroField> text(const char* name) const;

  /// Valid as long as a copy of this schema is.
  avro_obj_t* get() const noexcept { return record_.get(); }

 private:
  std::shared_ptr<avro_obj_t> record_;
  AvroField timestamp_;
  AvroField event_type_;
  AvroField session_id_;
  AvroField price_;
};

}  // namespace online_store
