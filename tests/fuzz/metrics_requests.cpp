// Any bytes as the requests of a client: the server's side answers each line once, and nothing that it stores
// can be read back as anything but a well-formed reply.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/server/memory_store.hpp"
#include "statwire/server/metrics_dialogue.hpp"
#include "support/dialogue.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using statwire::protocol::ReplyDecoder;
  statwire::server::MemoryStore store;
  statwire::server::MetricsDialogue dialogue{store, {.max_line_bytes = 256}};
  std::string replies;
  statwire::test::feed(dialogue, store, {reinterpret_cast<const char*>(data), size}, replies);

  statwire::server::MetricsDialogue other{store, {.max_line_bytes = 256}};
  std::string all;
  require(statwire::test::feed(other, store, "get *\n", all));
  ReplyDecoder decoder{ReplyDecoder::Expected::rows};
  require(decoder.feed(all, [](const statwire::protocol::Row&) {}) == all.size());
  require(decoder.done() && !decoder.error());
  return 0;
}
