// Any bytes as a datagram: no part is lost (each value is a sample or bad), samples lie within the datagram,
// and what the client makes of their texts is one line again.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "statwire/protocol/statsd_line.hpp"
#include "statwire/protocol/statsd_parse.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_written_back(const statwire::protocol::StatsdSample& sample) {
  char line[statwire::protocol::max_statsd_line_bytes];
  const statwire::protocol::LineHead head{.prefix = "", .name = sample.name, .rate = 1};
  const std::size_t size = statwire::protocol::write_set(line, head, sample.text);
  const std::string_view text{line, size};
  require(text.find_first_of(std::string_view{"\n\r\0", 3}) == std::string_view::npos);
  std::size_t samples = 0;
  require(statwire::protocol::parse_statsd_line(text, [&](const auto&) { ++samples; }) == 0);
  require(samples == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view datagram{reinterpret_cast<const char*>(data), size};
  statwire::protocol::for_each_line(datagram, [](std::string_view line) {
    std::size_t samples = 0;
    const std::size_t bad = statwire::protocol::parse_statsd_line(line, [&](const auto& sample) {
      ++samples;
      require(sample.rate > 0);
      if (sample.name.size() + sample.text.size() < 1000) check_written_back(sample);
    });
    require(samples + bad >= 1);
  });
  return 0;
}
