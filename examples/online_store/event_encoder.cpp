#include "online_store/event_encoder.hpp"

#include <avro.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace online_store {
namespace {

/// Avro C returns an errno; but for memory there is none to expect, as the value is one of the schema.
void check(int error) {
  if (error == ENOMEM) throw std::bad_alloc{};
  if (error != 0) throw std::system_error{error, std::generic_category(), "Avro C cannot write the event"};
}

struct IfaceFree {
  void operator()(avro_value_iface_t* iface) const { avro_value_iface_decref(iface); }
};

struct WriterFree {
  void operator()(avro_writer_t writer) const { avro_writer_free(writer); }
};

avro_type_t type_of(const avro_value_t& value) {
  return value.iface->get_type(value.iface, value.self);
}

avro_value_t field_of(avro_value_t& record, int index) {
  avro_value_t field{};
  check(avro_value_get_by_index(&record, static_cast<std::size_t>(index), &field, nullptr));
  return field;
}

/// Gives a branch to every union and contents to all bytes: a value is made without, and cannot be written
/// then.
void fill(avro_value_t value) {
  if (type_of(value) == AVRO_UNION) {
    const avro_schema_t schema = avro_value_get_schema(&value);
    int chosen = 0;
    for (int i = 0; i < static_cast<int>(avro_schema_union_size(schema)); ++i) {
      if (avro_typeof(avro_schema_union_branch(schema, i)) == AVRO_NULL) chosen = i;
    }
    avro_value_t branch{};
    check(avro_value_set_branch(&value, chosen, &branch));
    fill(branch);
  } else if (type_of(value) == AVRO_BYTES) {
    char nothing[] = "";
    check(avro_value_set_bytes(&value, nothing, 0));
  } else if (type_of(value) == AVRO_RECORD) {
    std::size_t fields = 0;
    check(avro_value_get_size(&value, &fields));
    for (std::size_t i = 0; i < fields; ++i) fill(field_of(value, static_cast<int>(i)));
  }
}

/// Lends the text to the value, which does not look at the zero that Avro C counts in.
void lend_text(avro_value_t& value, std::string_view text) {
  avro_wrapped_buffer_t buffer{};
  buffer.buf = text.empty() ? "" : text.data();
  buffer.size = text.size() + 1;
  check(avro_value_give_string_len(&value, &buffer));
}

void set_integer(avro_value_t& value, std::int64_t number) {
  if (type_of(value) == AVRO_INT64) {
    check(avro_value_set_long(&value, number));
    return;
  }
  using Int = std::numeric_limits<std::int32_t>;
  if (number < Int::min() || number > Int::max()) {
    throw std::out_of_range{"the schema has an int for the time, which cannot hold " +
                            std::to_string(number)};
  }
  check(avro_value_set_int(&value, static_cast<std::int32_t>(number)));
}

}  // namespace

struct EventEncoder::State {
  explicit State(const AvroSchema& with_schema)
      : schema{with_schema},
        iface{avro_generic_class_from_schema(schema.get())},
        writer{avro_writer_memory("", 0)} {
    if (iface == nullptr || writer == nullptr) throw std::bad_alloc{};
    check(avro_generic_value_new(iface.get(), &record));
    fill(record);
    find_others();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { avro_value_decref(&record); }

  void find_others();
  void set_time(std::int64_t timestamp);
  void set_text(const AvroField& field, std::optional<std::string_view> text);
  std::string written();

  AvroSchema schema;
  std::unique_ptr<avro_value_iface_t, IfaceFree> iface;
  std::unique_ptr<avro_writer_t_, WriterFree> writer;
  avro_value_t record{};
  std::vector<std::pair<std::string_view, AvroField>> others;
};

void EventEncoder::State::find_others() {
  const int fields = static_cast<int>(avro_schema_record_size(schema.get()));
  for (int i = 0; i < fields; ++i) {
    const char* const name = avro_schema_record_field_name(schema.get(), i);
    const bool is_needed =
        i == schema.event_type().index || i == schema.session_id().index || i == schema.price().index;
    if (is_needed) continue;
    if (const auto field = schema.text(name)) others.emplace_back(name, *field);
  }
}

void EventEncoder::State::set_time(std::int64_t timestamp) {
  const AvroField& place = schema.timestamp();
  avro_value_t value = field_of(record, place.index);
  if (place.value_branch >= 0) check(avro_value_set_branch(&value, place.value_branch, &value));
  set_integer(value, timestamp);
}

void EventEncoder::State::set_text(const AvroField& place, std::optional<std::string_view> text) {
  avro_value_t value = field_of(record, place.index);
  if (place.null_branch >= 0) {
    const int branch = text ? place.value_branch : place.null_branch;
    check(avro_value_set_branch(&value, branch, &value));
    if (!text) return;
  }
  lend_text(value, text.value_or(""));
}

std::string EventEncoder::State::written() {
  std::size_t size = 0;
  check(avro_value_sizeof(&record, &size));
  std::string datum(size, '\0');
  avro_writer_memory_set_dest(writer.get(), datum.data(), static_cast<std::int64_t>(size));
  check(avro_value_write(writer.get(), &record));
  return datum;
}

EventEncoder::EventEncoder(const AvroSchema& schema) : state_{std::make_unique<State>(schema)} {}

EventEncoder::EventEncoder(EventEncoder&&) noexcept = default;
EventEncoder& EventEncoder::operator=(EventEncoder&&) noexcept = default;
EventEncoder::~EventEncoder() = default;

std::string EventEncoder::encode(const EventTexts& event) {
  const AvroSchema& schema = state_->schema;
  state_->set_time(event.timestamp);
  state_->set_text(schema.event_type(), event.event_type);
  state_->set_text(schema.session_id(), event.session_id);
  state_->set_text(schema.price(), event.total_price);
  for (const auto& [name, place] : state_->others) {
    const auto is_it = [field = name](const OtherText& other) { return other.field == field; };
    const auto other = std::find_if(event.others.begin(), event.others.end(), is_it);
    state_->set_text(place, other == event.others.end() ? std::nullopt : std::optional{other->text});
  }
  return state_->written();
}

std::string EventEncoder::encode(const Event& event) {
  return encode(EventTexts{event.timestamp, event.event_type, event.session_id, event.total_price});
}

}  // namespace online_store
