// Any bytes as an endpoint: refused with a place within them, or read, printed and read again as the same.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "statwire/protocol/endpoint.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  statwire::EndpointError error;
  const auto endpoint = statwire::parse_endpoint(text, error);
  if (!endpoint) {
    require(error.offset <= size && !error.expected.empty());
    return 0;
  }
  require(statwire::parse_endpoint(to_string(*endpoint), error) == endpoint);
  return 0;
}
