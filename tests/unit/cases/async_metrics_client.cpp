// The dialogues of the reference client of the put/get protocol, through AsyncMetricsClient.

#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "statwire/async_metrics.hpp"
#include "statwire/detail/asio.hpp"
#include "support/async_scripted_stream.hpp"
#include "support/metrics_client_cases.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;

ClientOutcome run(const testing::StreamScript& script, const Json& wanted) {
  const Call call{wanted};
  asio::io_context io;
  const auto stream = std::make_shared<testing::ScriptedStream>(script);
  AsyncMetricsClient<AsyncScriptedStream, testing::ManualClock> client{AsyncScriptedStream{io, stream}};
  ClientOutcome outcome;
  bool is_done = false;
  const auto done = [&](std::error_code ec) {
    outcome.ec = ec;
    is_done = true;
  };
  client.async_connect([](std::error_code ec) { CHECK(!ec); });
  if (wanted.at("call") == "get") {
    client.async_get(call.key, [&](std::error_code ec, Series series) {
      done(ec);
      outcome.series = std::move(series);
    });
  } else if (call.timestamp) {
    client.async_put(call.key, call.value, *call.timestamp, done);
  } else {
    client.async_put(call.key, call.value, done);
  }
  io.run();
  CHECK(is_done);
  outcome.written = stream->written();
  return outcome;
}

}  // namespace

TEST_CASE("async metrics client: every dialogue of the case file goes the same way, however it is cut") {
  for (const Json& wanted : load_cases("004_client.json")) {
    CAPTURE(wanted.dump());
    for (const std::size_t max_read_bytes : {std::numeric_limits<std::size_t>::max(), std::size_t{1},
                                             std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
      // These bytes follow a complete reply; cut off from it, they are not there yet when the client looks.
      if (max_read_bytes < 100 && wanted.at("name") == "blank_line_inside_payload") continue;
      check_client_case(wanted, max_read_bytes, run);
    }
  }
}
