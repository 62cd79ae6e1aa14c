// tests/cases/002_jsocol_client.json: the wire of PyPI's `statsd`, the client that most services of that
// world use.

#include "support/case_files.hpp"
#include "support/replay_statsd.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;

MemoryStatsd client_for(const WireCase& wanted, Delivery delivery) {
  set_random(wanted.random);
  return MemoryStatsd{testing::MemoryTransport{},
                      {.prefix = wanted.prefix,
                       .delivery = delivery,
                       .max_packet_bytes = wanted.max_datagram_bytes,
                       .flush = Flush::manual,
                       .random = &fixed_random}};
}

/// A stream ends each write with a line feed; that framing belongs to the transport, the lines are the same.
std::vector<std::string> without_framing(std::vector<std::string> writes) {
  for (std::string& write : writes) {
    if (write.ends_with('\n')) write.pop_back();
  }
  return writes;
}

}  // namespace

TEST_CASE("jsocol client: every call of the case file makes the same datagrams") {
  for (const WireCase& wanted : wire_cases("002_jsocol_client.json")) {
    const std::string& text = wanted.call;
    CAPTURE(text);
    const bool pipeline = text.starts_with("pipeline ");
    MemoryStatsd statsd = client_for(wanted, pipeline ? Delivery::buffered : Delivery::immediate);
    const auto calls = pipeline ? parse_pipeline(text) : std::vector{parse_python_call(text)};
    for (const PythonCall& call : calls) replay(statsd, call);
    statsd.flush();
    check_same_datagrams(statsd.transport().datagrams(), without_framing(wanted.datagrams));
  }
}
