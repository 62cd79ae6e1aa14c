// Any bytes as a message of the shop: an event or what is wrong with it, in no more memory than the message
// needs; and what is an event is the same event when it is encoded and decoded again.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "online_store/event_decoder.hpp"
#include "online_store/event_encoder.hpp"

extern "C" __attribute__((weak)) int __sanitizer_install_malloc_and_free_hooks(
    void (*on_malloc)(const volatile void*, std::size_t), void (*on_free)(const volatile void*));

namespace {

using namespace online_store;

constexpr std::string_view schema_of_many_types = R"({"type":"record","name":"event","fields":[
  {"name":"list","type":{"type":"array","items":["null","string"]}},
  {"name":"timestamp","type":["null","long"]},
  {"name":"map","type":{"type":"map","values":{"type":"array","items":"null"}}},
  {"name":"sessionId","type":["string","null"]},
  {"name":"kind","type":{"type":"enum","name":"kind","symbols":["a","b"]}},
  {"name":"place","type":{"type":"record","name":"place","fields":[
    {"name":"x","type":"double"},{"name":"y","type":"float"},{"name":"in","type":"boolean"}]}},
  {"name":"eventType","type":"string"},
  {"name":"other","type":["null","place","int","bytes",{"type":"fixed","name":"four","size":4}]},
  {"name":"price","type":["null","string"]}]})";

std::size_t largest_allocation = 0;

void on_malloc(const volatile void* /*memory*/, std::size_t size) {
  largest_allocation = std::max(largest_allocation, size);
}

void on_free(const volatile void* /*memory*/) {}

void require(bool condition) {
  if (!condition) std::abort();
}

struct Codec {
  explicit Codec(std::string_view schema_text)
      : schema{schema_text}, decoder{schema}, second_decoder{schema}, encoder{schema} {}

  void check(std::string_view datum) {
    constexpr std::size_t words_of_an_error = 16 << 10;  // Avro C keeps them for each thread
    largest_allocation = 0;
    const auto decoded = decoder.decode(datum);
    require(largest_allocation <= 2 * datum.size() + words_of_an_error);
    const auto* const event = std::get_if<Event>(&decoded);
    if (event == nullptr) return;
    require(!event->session_id.empty());
    const auto decoded_again = second_decoder.decode(encoder.encode(*event));
    const auto* const again = std::get_if<Event>(&decoded_again);
    require(again != nullptr);
    require(again->timestamp == event->timestamp);
    require(again->event_type == event->event_type);
    require(again->session_id == event->session_id);
    require(again->total_price == event->total_price);
  }

  AvroSchema schema;
  EventDecoder decoder;
  EventDecoder second_decoder;
  EventEncoder encoder;
};

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  if (__sanitizer_install_malloc_and_free_hooks != nullptr) {
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Codec of_the_lab{lab3_event_schema};
  static Codec of_many_types{schema_of_many_types};
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  of_the_lab.check(bytes);
  of_many_types.check(bytes);
  return 0;
}
