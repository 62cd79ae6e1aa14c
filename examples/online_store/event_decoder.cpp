#include "online_store/event_decoder.hpp"

#include <avro.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <statwire/protocol/prometheus_rules.hpp>
#include <string>
#include <utility>
#include <vector>

#include "online_store/avro_memory.hpp"

namespace online_store {
namespace {

/// What a value is in the event.
enum class Role { none, timestamp, event_type, session_id, price };

/// What is known of the datum that is being read.
struct Reading {
  DatumMemory memory;
  std::size_t elements_left = 0;  ///< Those of arrays and maps: they may take no bytes.
  std::optional<std::int64_t> timestamp;
  std::optional<std::string_view> event_type;
  std::optional<std::string_view> session_id;
  std::optional<std::string_view> price;
};

/// How the values of one type are read; of arrays, maps and links there is one child, what they hold.
struct Node : avro_consumer_t {
  Role role = Role::none;
  std::vector<std::unique_ptr<Node>> children;
};

const Node& node_of(const avro_consumer_t* consumer) {
  return *static_cast<const Node*>(consumer);
}

Reading& reading_of(void* user_data) {
  return *static_cast<Reading*>(user_data);
}

int take_integer(avro_consumer_t* consumer, std::int64_t value, void* user_data) {
  if (node_of(consumer).role == Role::timestamp) reading_of(user_data).timestamp = value;
  return 0;
}

int take_int(avro_consumer_t* consumer, std::int32_t value, void* user_data) {
  return take_integer(consumer, value, user_data);
}

int take_string(avro_consumer_t* consumer, const void* value, std::size_t size_with_zero, void* user_data) {
  const std::string_view text{static_cast<const char*>(value), size_with_zero - 1};
  Reading& reading = reading_of(user_data);
  if (!statwire::protocol::is_utf8(text)) return EILSEQ;
  switch (node_of(consumer).role) {
    case Role::event_type:
      reading.event_type = text;
      break;
    case Role::session_id:
      reading.session_id = text;
      break;
    case Role::price:
      reading.price = text;
      break;
    default:
      reading.memory.undo_take();
  }
  return 0;
}

int pass_bytes(avro_consumer_t* /*consumer*/, const void* /*value*/, std::size_t /*size*/, void* user_data) {
  reading_of(user_data).memory.undo_take();
  return 0;
}

int check_symbol(avro_consumer_t* consumer, int value, void* /*user_data*/) {
  return value >= 0 && value < avro_schema_enum_number_of_symbols(consumer->schema) ? 0 : EILSEQ;
}

int read_child(avro_consumer_t* consumer, std::size_t index, avro_consumer_t** child, void** child_data,
               void* user_data) {
  const auto& children = node_of(consumer).children;
  if (index >= children.size()) return EILSEQ;
  *child = children[index].get();
  *child_data = user_data;
  return 0;
}

int read_field(avro_consumer_t* consumer, unsigned index, avro_consumer_t** child, void** child_data,
               void* user_data) {
  return read_child(consumer, index, child, child_data, user_data);
}

int read_element(avro_consumer_t* consumer, unsigned /*index*/, avro_consumer_t** child, void** child_data,
                 void* user_data) {
  Reading& reading = reading_of(user_data);
  if (reading.elements_left == 0) return EILSEQ;
  --reading.elements_left;
  return read_child(consumer, 0, child, child_data, user_data);
}

int read_entry(avro_consumer_t* consumer, unsigned index, const char* key, avro_consumer_t** child,
               void** child_data, void* user_data) {
  reading_of(user_data).memory.undo_take();
  return statwire::protocol::is_utf8(key) ? read_element(consumer, index, child, child_data, user_data)
                                          : EILSEQ;
}

std::unique_ptr<Node> make_node(avro_schema_t schema, Role role);

void add_children(Node& node, Role role) {
  const avro_schema_t schema = node.schema;
  switch (avro_typeof(schema)) {
    case AVRO_UNION:
      for (std::size_t i = 0; i < avro_schema_union_size(schema); ++i) {
        node.children.push_back(make_node(avro_schema_union_branch(schema, static_cast<int>(i)), role));
      }
      break;
    case AVRO_RECORD:
      for (std::size_t i = 0; i < avro_schema_record_size(schema); ++i) {
        const avro_schema_t type = avro_schema_record_field_get_by_index(schema, static_cast<int>(i));
        node.children.push_back(make_node(type, Role::none));
      }
      break;
    case AVRO_ARRAY:
      node.children.push_back(make_node(avro_schema_array_items(schema), Role::none));
      break;
    case AVRO_MAP:
      node.children.push_back(make_node(avro_schema_map_values(schema), Role::none));
      break;
    default:
      break;
  }
}

/// AvroSchema has refused schemas that hold themselves.
std::unique_ptr<Node> make_node(avro_schema_t schema, Role role) {
  if (avro_typeof(schema) == AVRO_LINK) return make_node(avro_schema_link_target(schema), role);
  auto node = std::make_unique<Node>();
  node->schema = schema;
  node->role = role;
  node->long_value = take_integer;
  node->int_value = take_int;
  node->string_value = take_string;
  node->bytes_value = pass_bytes;
  node->fixed_value = pass_bytes;
  node->enum_value = check_symbol;
  node->union_branch = read_field;
  node->record_field = read_field;
  node->array_element = read_element;
  node->map_element = read_entry;
  add_children(*node, role);
  return node;
}

std::unique_ptr<Node> make_root(const AvroSchema& schema) {
  auto root = make_node(schema.get(), Role::none);
  const auto give_role = [&root, &schema](const AvroField& field, Role role) {
    auto& child = root->children[static_cast<std::size_t>(field.index)];
    child = make_node(avro_schema_record_field_get_by_index(schema.get(), field.index), role);
  };
  give_role(schema.timestamp(), Role::timestamp);
  give_role(schema.event_type(), Role::event_type);
  give_role(schema.session_id(), Role::session_id);
  give_role(schema.price(), Role::price);
  return root;
}

struct ReaderFree {
  void operator()(avro_reader_t reader) const { avro_reader_free(reader); }
};

}  // namespace

struct EventDecoder::State {
  explicit State(const AvroSchema& with_schema)
      : schema{with_schema}, root{make_root(schema)}, reader{avro_reader_memory("", 0)} {
    if (reader == nullptr) throw std::bad_alloc{};
  }

  bool read(std::string_view datum);
  bool is_at_end();

  AvroSchema schema;
  std::unique_ptr<Node> root;
  std::unique_ptr<avro_reader_t_, ReaderFree> reader;
  Reading reading;
  std::string source;  ///< The datum and one byte more.
};

/// A reader of memory does not tell where it stands: avro_reader_is_eof is for files, and to fail at reading
/// more takes as long as the datum did. So all but the last byte is overwritten, and the next byte says it.
bool EventDecoder::State::is_at_end() {
  std::fill(source.begin(), source.end() - 1, '\0');
  source.back() = '\1';
  char next = '\0';
  return avro_read(reader.get(), &next, 1) == 0 && next == '\1';
}

bool EventDecoder::State::read(std::string_view datum) {
  constexpr std::size_t elements_of_no_bytes = 1000;
  reading.memory.prepare(datum.size());
  reading.elements_left = datum.size() + elements_of_no_bytes;
  reading.timestamp.reset();
  reading.event_type.reset();
  reading.session_id.reset();
  reading.price.reset();
  source.assign(datum);
  source += '\0';
  avro_reader_memory_set_source(reader.get(), source.data(), static_cast<std::int64_t>(source.size()));
  const UseOfMemory use{reading.memory};
  return avro_consume_binary(reader.get(), root.get(), &reading) == 0 && is_at_end();
}

EventDecoder::EventDecoder(const AvroSchema& schema) : state_{std::make_unique<State>(schema)} {}

EventDecoder::EventDecoder(EventDecoder&&) noexcept = default;
EventDecoder& EventDecoder::operator=(EventDecoder&&) noexcept = default;
EventDecoder::~EventDecoder() = default;

std::variant<Event, BadEvent> EventDecoder::decode(std::string_view datum) {
  if (!state_->read(datum)) return BadEvent::not_avro;
  const Reading& read = state_->reading;
  if (!read.timestamp || !read.event_type || !read.session_id || read.session_id->empty()) {
    return BadEvent::missing_field;
  }
  return Event{*read.timestamp, *read.event_type, *read.session_id, read.price};
}

}  // namespace online_store
