// Any bytes as the reply of a server, cut in two anywhere: the result does not depend on the cut.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "statwire/protocol/metrics_reply.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Outcome {
  std::error_code error;
  bool done = false;
  std::size_t taken = 0;
  std::string rows;

  bool operator==(const Outcome&) const = default;
};

Outcome decode(const std::vector<std::string_view>& pieces) {
  statwire::protocol::ReplyDecoder decoder{statwire::protocol::ReplyDecoder::Expected::rows};
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    const std::size_t taken =
        decoder.feed(piece, [&](const statwire::protocol::Row& row) { append_row(outcome.rows, row); });
    require(taken <= piece.size() && (taken == piece.size() || decoder.done()));
    outcome.taken += taken;
    if (decoder.done()) break;
  }
  outcome.error = decoder.error();
  outcome.done = decoder.done();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const std::size_t cut = data[0] % (bytes.size() + 1);
  require(decode({bytes}) == decode({bytes.substr(0, cut), bytes.substr(cut)}));
  return 0;
}
