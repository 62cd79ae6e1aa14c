#include "statwire/transport/endpoint.hpp"

#include "statwire/statsd.hpp"

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "support/scratch_directory.hpp"
#include "support/unix_receiver.hpp"

using namespace statwire;
using namespace statwire::test;

static_assert(DatagramTransport<EndpointTransport>);
static_assert(HasSendBatch<EndpointTransport>);
static_assert(HasReady<EndpointTransport>);
static_assert(HasAfterFork<EndpointTransport>);
static_assert(HasBurstDatagrams<EndpointTransport>);

namespace {

const std::string bytes = "one.two.three";
const std::vector<std::uint32_t> sizes{3, 3, 5};
const DatagramBatch batch{.bytes = bytes.data(), .slot_bytes = 4, .sizes = sizes};

}  // namespace

TEST_CASE("endpoint transport: udp, with all that udp offers") {
  UdpReceiver receiver;
  EndpointTransport transport{"udp://127.0.0.1:" + std::to_string(receiver.port())};
  CHECK(transport.wait_ready(soon()));
  CHECK(transport.ready());
  CHECK(!transport.last_error());
  CHECK(!transport.send("zero"));
  std::error_code ec;
  CHECK(transport.send_batch(batch, ec) == 3);
  CHECK(!ec);
  for (const char* text : {"zero", "one", "two", "three"}) CHECK(receiver.receive() == text);
  transport.after_fork();  // harmless in a process that did not fork
  CHECK(!transport.send("again"));
  CHECK(receiver.receive() == "again");
}

TEST_CASE("endpoint transport: Unix sockets, both kinds") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "datagram";
  UnixReceiver receiver{path};
  EndpointTransport datagrams{"unix://" + path};
  CHECK(!datagrams.send("zero"));
  CHECK(receiver.receive() == "zero");

  const std::string stream_path = directory.path() / "stream";
  StreamReceiver<asio::local::stream_protocol> stream_receiver{{stream_path}};
  EndpointTransport stream{"unixstream://" + stream_path};
  CHECK(stream.ready());
  std::error_code ec;
  CHECK(stream.send_batch(batch, ec) == 3);
  stream_receiver.accept();
  CHECK(stream_receiver.read(23).substr(18) == "three");
  EndpointTransport nobody{"unixstream://" + path + ".none"};
  CHECK(nobody.send_batch(batch, ec) == 0);
  CHECK(ec == errc::not_connected);
  CHECK(nobody.last_error() == std::errc::no_such_file_or_directory);
}

TEST_CASE("endpoint transport: tcp") {
  StreamReceiver<asio::ip::tcp> receiver{{asio::ip::make_address("127.0.0.1"), 0}};
  EndpointTransport transport{"tcp://127.0.0.1:" + std::to_string(receiver.port())};
  const Deadline deadline = soon();
  while (!transport.ready() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(!transport.send("line"));
  receiver.accept();
  CHECK(receiver.read(5) == "line\n");
}

TEST_CASE("endpoint transport: nowhere, and a text that is no endpoint") {
  EndpointTransport transport{"null:"};
  CHECK(transport.ready());
  CHECK(!transport.send("gone"));
  std::error_code ec;
  CHECK(transport.send_batch(batch, ec) == 3);
  CHECK_THROWS_WITH_AS(
      EndpointTransport{"udp://host:0"},
      doctest::Contains("statwire: endpoint 'udp://host:0' at byte 11: expected a port from 1 to 65535"),
      ClientError);
}

TEST_CASE("statsd client: it is made of an endpoint, or of what the environment says") {
  UdpReceiver receiver;
  const std::string url = "udp://127.0.0.1:" + std::to_string(receiver.port());
  {
    StatsdClient statsd{url, {.prefix = "app"}};
    statsd.increment("hits");
  }
  CHECK(receiver.receive() == "app.hits:1|c");
  REQUIRE(::setenv("STATSD_URL", url.c_str(), 1) == 0);
  REQUIRE(::setenv("STATSD_PREFIX", "env", 1) == 0);
  {
    auto statsd = StatsdClient<>::from_env();
    statsd.increment("hits");
  }
  CHECK(receiver.receive() == "env.hits:1|c");
  REQUIRE(::setenv("STATSD_DISABLE", "1", 1) == 0);
  {
    auto statsd = StatsdClient<>::from_env();
    statsd.increment("hits");
    CHECK(statsd.stats().accepted == 0);
  }
  for (const char* name : {"STATSD_URL", "STATSD_PREFIX", "STATSD_DISABLE"}) ::unsetenv(name);
  CHECK(receiver.is_empty());
  CHECK_THROWS_WITH_AS(StatsdClient{"udp:/host"}, doctest::Contains("at byte 0"), ClientError);
}
