// Any bytes as a datagram, read strictly as the server of each profile would: a fault lies within its line,
// and what is taken is taken by the lenient parser, too, as the same values of the same name.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "statwire/protocol/statsd_parse.hpp"
#include "statwire/testing/parse_samples.hpp"

namespace {

using namespace statwire;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_sample(const testing::CapturedSample& sample, const Profile& profile) {
  require(!sample.name.empty() && !sample.values.empty());
  require(sample.rate > 0 && sample.rate <= 1);
  require(sample.timestamp >= 0);
  require(profile.packed || sample.values.size() == 1);
  require(std::is_sorted(sample.tags.begin(), sample.tags.end()));
  for (const auto& [key, value] : sample.tags) require(!key.empty() && (profile.labels || !value.empty()));
}

/// The reference daemon's own reading, of a line that is one sample of one value.
void check_reference(std::string_view line, const testing::CapturedSample& sample) {
  std::size_t values = 0;
  const std::size_t bad = protocol::parse_statsd_line(line, [&](const protocol::StatsdSample& read) {
    ++values;
    require(read.name == sample.name && read.text == sample.values[0].text);
    require(read.value == sample.values[0].number && read.rate == sample.rate);
    require(read.tags.empty() == sample.tags.empty());
  });
  require(bad == 0 && values == 1);
}

void check_datagram(std::string_view datagram) {
  for (const Profile& profile : {profiles::etsy, profiles::dogstatsd, profiles::telegraf, profiles::graphite,
                                 profiles::signalfx, profiles::librato, profiles::otel, profiles::vector}) {
    testing::CapturedLines lines;
    if (const std::optional<testing::SyntaxFault> fault = testing::parse_samples(datagram, profile, lines)) {
      require(fault->offset <= datagram.size() && fault->line >= 1);
      require(!fault->expected.empty());
    } else {
      require(lines.samples.size() + lines.events.size() + lines.service_checks.size() >= 1);
    }
    for (const auto& sample : lines.samples) check_sample(sample, profile);
    for (const auto& event : lines.events) require(profile.events && !event.title.empty());
    for (const auto& check : lines.service_checks) require(profile.events && !check.name.empty());
  }
  protocol::for_each_line(datagram, [](std::string_view line) {
    testing::CapturedLines lines;
    if (!testing::parse_samples(line, profiles::etsy, lines)) check_reference(line, lines.samples[0]);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes{reinterpret_cast<const char*>(data), size};
  check_datagram(bytes);
  // Most bytes are refused at once; what begins right gets further.
  for (const char* begin :
       {"a:", "a:1:", "a:1|", "a:1|c|", "a:1|c|@", "a:1|c|#a", "_e{1,1}:a|b", "_sc|a|0"}) {
    check_datagram(begin + bytes);
  }
  return 0;
}
