#include "statwire/transport/unix.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/testing/manual_clock.hpp"
#include "support/scratch_directory.hpp"
#include "support/unix_receiver.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;
using statwire::testing::ManualClock;

static_assert(DatagramTransport<UnixDatagramTransport>);
static_assert(HasSendBatch<UnixDatagramTransport>);
static_assert(HasReady<UnixDatagramTransport>);
static_assert(HasAfterFork<UnixDatagramTransport>);
static_assert(DatagramTransport<UnixStreamTransport>);
static_assert(HasReady<UnixStreamTransport>);
static_assert(HasAfterFork<UnixStreamTransport>);

namespace {

using LocalReceiver = StreamReceiver<asio::local::stream_protocol>;

UnixOptions manual_options() {
  ManualClock::set(0s);
  return {.now = [] { return Deadline{ManualClock::now().time_since_epoch()}; }};
}

}  // namespace

TEST_CASE("unix: a datagram arrives as it was sent") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  UnixReceiver receiver{path};
  UnixDatagramTransport transport{path};
  CHECK(transport.last_error() == errc::not_connected);
  CHECK(transport.ready());
  CHECK(!transport.last_error());
  CHECK(!transport.send(std::string(8000, 'x')));
  CHECK(receiver.receive() == std::string(8000, 'x'));
}

#if defined(__linux__)
TEST_CASE("unix: a name in the abstract namespace is a path that begins with @") {
  const std::string name = "statwire-test-" + std::to_string(::getpid());
  UnixReceiver receiver{std::string{'\0'} + name};
  UnixDatagramTransport transport{"@" + name};
  CHECK(!transport.send("abstract"));
  CHECK(receiver.receive() == "abstract");
}
#endif

TEST_CASE("unix: a path that is empty, too long or holds a NUL is refused at once") {
  CHECK_THROWS_WITH_AS(UnixDatagramTransport{""}, doctest::Contains("statwire: unix socket ''"), ClientError);
  CHECK_THROWS_AS(UnixDatagramTransport{std::string(108, 'x')}, ClientError);
  CHECK_THROWS_AS((UnixStreamTransport{std::string{"/a\0b", 4}}), ClientError);
  const UnixStreamTransport longest{std::string(sizeof(sockaddr_un::sun_path) - 1, 'x')};
  CHECK(longest.last_error() == errc::not_connected);
}

TEST_CASE("unix: a server that is not there yet is tried again after 100 ms, 200 ms, ... 5 s") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  UnixDatagramTransport transport{path, manual_options()};
  CHECK(transport.send("nobody") == errc::not_connected);
  CHECK(transport.last_error() == std::errc::no_such_file_or_directory);
  for (const auto pause : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms}) {
    ManualClock::advance(pause);
    CHECK(!transport.ready());
  }
  UnixReceiver receiver{path};
  ManualClock::advance(4999ms);
  CHECK(!transport.ready());
  ManualClock::advance(1ms);
  CHECK(transport.ready());
  CHECK(!transport.send("there"));
  CHECK(receiver.receive() == "there");
}

TEST_CASE("unix: a datagram arrives after the server's socket file was deleted and made anew") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  UnixDatagramTransport transport{path, manual_options()};
  {
    UnixReceiver before{path};
    CHECK(!transport.send("before"));
    CHECK(before.receive() == "before");
  }
  CHECK(transport.send("lost") == std::errc::connection_refused);
  UnixReceiver after{path};
  CHECK(!transport.ready());
  ManualClock::advance(100ms);
  CHECK(transport.ready());
  CHECK(!transport.send("after"));
  CHECK(after.receive() == "after");
}

TEST_CASE("unix: a full queue and a datagram that is too long keep the socket") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  UnixReceiver receiver{path};
  UnixDatagramTransport transport{path};
  CHECK(transport.send(std::string(10'000'000, 'x')) == std::errc::message_size);
  std::error_code ec;
  std::size_t sent = 0;
  while (!(ec = transport.send(std::to_string(sent)))) ++sent;
  CHECK((ec == std::errc::operation_would_block || ec == std::errc::no_buffer_space));
  CHECK(transport.ready());
  CHECK(receiver.receive() == "0");
  CHECK(!transport.send("again"));
}

TEST_CASE("unix: a batch arrives datagram by datagram, and stops where the queue is full") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  UnixReceiver receiver{path};
  UnixDatagramTransport transport{path};
  const std::string bytes = "one.two.three";
  const std::vector<std::uint32_t> sizes{3, 3, 5};
  const DatagramBatch batch{.bytes = bytes.data(), .slot_bytes = 4, .sizes = sizes};
  std::error_code ec;
  CHECK(transport.send_batch(batch, ec) == 3);
  CHECK(!ec);
  CHECK(receiver.receive() == "one");
  CHECK(receiver.receive() == "two");
  CHECK(receiver.receive() == "three");
  std::size_t calls = 0;
  while (!ec && ++calls < 1'000'000) transport.send_batch(batch, ec);
  CHECK(ec == std::errc::operation_would_block);
  CHECK(transport.ready());
}

TEST_CASE("unix stream: each datagram is a frame with its length before it") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  LocalReceiver receiver{{path}};
  UnixStreamTransport transport{path};
  CHECK(!transport.send("hits:1|c"));
  CHECK(!transport.send(std::string(300, 'x')));
  receiver.accept();
  CHECK(receiver.read(12) == std::string{"\x08\0\0\0hits:1|c", 12});
  CHECK(receiver.read(304) == std::string{"\x2c\x01\0\0", 4} + std::string(300, 'x'));
}

TEST_CASE("unix stream: a frame that was taken in part is finished before the next") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  LocalReceiver receiver{{path}};
  UnixStreamTransport transport{path};
  const std::string text(100'003, 'x');
  std::size_t accepted = 0;
  std::error_code ec;
  while (!(ec = transport.send(text))) ++accepted;  // until the socket is full
  CHECK(ec == std::errc::operation_would_block);
  CHECK(!transport.ready());
  receiver.accept();
  const std::string frame = std::string{"\xa3\x86\x01\0", 4} + text;
  for (std::size_t i = 0; i + 1 < accepted; ++i) CHECK(receiver.read(frame.size()) == frame);
  // The last one is on its way in part; it goes on when the transport is asked.
  std::string last;
  while (last.size() < frame.size()) {
    transport.ready();
    last += receiver.read(1);
  }
  CHECK(last == frame);
  CHECK(transport.ready());
  CHECK(!transport.send("next"));
  CHECK(receiver.read(8) == std::string{"\x04\0\0\0next", 8});
}

TEST_CASE("unix stream: a lost connection is made again, and no signal kills the process") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  LocalReceiver receiver{{path}};
  UnixStreamTransport transport{path, manual_options()};
  CHECK(transport.ready());
  receiver.accept();
  receiver.close_connection();
  CHECK(transport.send("lost") == std::errc::broken_pipe);
  CHECK(transport.last_error() == std::errc::broken_pipe);
  CHECK(transport.send("too early") == errc::not_connected);
  ManualClock::advance(100ms);
  CHECK(transport.ready());
  CHECK(!transport.send("back"));
  receiver.accept();
  CHECK(receiver.read(8) == std::string{"\x04\0\0\0", 4} + "back");
  receiver.close_connection();
  CHECK(!transport.ready());  // sees it before a frame is lost
  CHECK(transport.last_error() == errc::end_of_stream);
}

TEST_CASE("unix stream: a server whose queue of connections is full is no connection") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  asio::io_context io;
  asio::local::stream_protocol::acceptor acceptor{io};
  acceptor.open();
  acceptor.bind({path});
  acceptor.listen(0);
  std::vector<std::unique_ptr<UnixStreamTransport>> clients;
  bool is_connected = true;
  while (is_connected && clients.size() < 10) {
    clients.push_back(std::make_unique<UnixStreamTransport>(path));
    is_connected = clients.back()->ready();
  }
#if defined(__linux__)
  CHECK(!is_connected);
  CHECK(clients.back()->last_error() == std::errc::resource_unavailable_try_again);
#endif
}
