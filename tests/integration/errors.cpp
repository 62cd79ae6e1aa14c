// What StatsdOptions::on_error is told of, with a Unix datagram socket whose server is not there, has gone or
// comes back: the socket's file tells at once, where UDP would only lose.

#include "statwire/transport/unix.hpp"

#if defined(STATWIRE_HAS_UNIX_TRANSPORTS)

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "statwire/statsd.hpp"
#include "statwire/testing/manual_clock.hpp"
#include "support/scratch_directory.hpp"
#include "support/unix_receiver.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;
using statwire::testing::ManualClock;

namespace {

/// What the callback was told, on whichever thread.
class Told {
 public:
  ErrorCallback callback() {
    return [this](const DeliveryError& error) {
      const std::lock_guard lock{mutex_};
      errors_.push_back(error);
      called_.add();
    };
  }

  std::vector<DeliveryError> errors() {
    const std::lock_guard lock{mutex_};
    return errors_;
  }

  void wait_for(std::size_t count) { called_.wait_for(count); }

 private:
  std::mutex mutex_;
  std::vector<DeliveryError> errors_;
  EventCount called_;
};

/// Connects again when a test says that it is time.
struct ManualTransport : UnixDatagramTransport {
  explicit ManualTransport(std::string_view path)
      : UnixDatagramTransport{path, {.now = [] { return Deadline{ManualClock::now().time_since_epoch()}; }}} {
  }
};
using LocalStatsd = StatsdClient<ManualTransport>;

}  // namespace

TEST_CASE("on_error: a socket that does not exist is told once, and what was recorded meanwhile arrives") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  for (const Delivery delivery : {Delivery::buffered, Delivery::aggregated}) {
    ManualClock::set(0s);
    Told told;
    LocalStatsd statsd{path, {.delivery = delivery, .flush = Flush::manual, .on_error = told.callback()}};
    constexpr int flushes = 5;
    for (int i = 0; i < flushes; ++i) {
      statsd.gauge("depth", 7);
      statsd.flush();
      ManualClock::advance(5s);  // it tries to connect each time
    }
    REQUIRE(told.errors().size() == 1);
    CHECK(told.errors()[0].code == std::errc::no_such_file_or_directory);
    CHECK(statsd.stats().pending == flushes);
    CHECK(statsd.stats().dropped() == 0);

    UnixReceiver receiver{path};
    statsd.flush();
    const std::string line = "depth:7|g";
    const std::string lines = line + "\n" + line + "\n" + line + "\n" + line + "\n" + line;
    CHECK(receiver.receive() == (delivery == Delivery::buffered ? lines : line));
    CHECK(statsd.stats().sent == flushes);
    CHECK(statsd.stats().pending == 0);
    CHECK(told.errors().size() == 1);
  }
}

TEST_CASE("on_error: a socket that was deleted is told once, and costs one datagram, which is counted") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  for (const Delivery delivery : {Delivery::buffered, Delivery::aggregated}) {
    ManualClock::set(0s);
    Told told;
    std::optional<UnixReceiver> before{path};
    LocalStatsd statsd{path, {.delivery = delivery, .flush = Flush::manual, .on_error = told.callback()}};
    statsd.increment("before");
    statsd.flush();
    CHECK(before->receive() == "before:1|c");
    before.reset();
    CHECK(told.errors().empty());
    statsd.increment("lost", 2);
    statsd.increment("lost", 2);
    statsd.flush();
    REQUIRE(told.errors().size() == 1);
    CHECK(told.errors()[0].code == std::errc::connection_refused);
    CHECK(statsd.stats().dropped_send == 2);
    CHECK(statsd.stats().pending == 0);

    // From here on it is known that nobody is there: nothing is lost, and nothing told within ten seconds.
    statsd.increment("kept");
    statsd.flush();
    ManualClock::advance(5s);
    statsd.flush();
    CHECK(statsd.stats().dropped() == 2);
    CHECK(statsd.stats().pending == 1);

    UnixReceiver after{path};
    ManualClock::advance(5s);
    statsd.flush();
    CHECK(after.receive() == "kept:1|c");
    const DeliveryStats stats = statsd.stats();
    CHECK(stats.accepted == 4);
    CHECK(stats.sent == 2);
    CHECK(stats.dropped_send == 2);
    CHECK(stats.pending == 0);
    CHECK(told.errors().size() == 1);
  }
}

TEST_CASE("on_error: of a client that sends at once, every sample without a server is lost and counted") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  ManualClock::set(0s);
  Told told;
  LocalStatsd statsd{path, {.delivery = Delivery::immediate, .on_error = told.callback()}};
  for (int i = 0; i < 100; ++i) statsd.increment("lost");
  REQUIRE(told.errors().size() == 1);
  CHECK(told.errors()[0].code);
  CHECK(statsd.stats().dropped_send == 100);
  UnixReceiver receiver{path};
  ManualClock::advance(5s);
  statsd.increment("there");
  CHECK(receiver.receive() == "there:1|c");
  CHECK(statsd.stats().sent == 1);
  CHECK(statsd.stats().pending == 0);
  CHECK(told.errors().size() == 1);
}

TEST_CASE("on_error: the client's thread tells of it, and sends when the socket is there") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  Told told;
  StatsdClient statsd{"unix://" + path, {.flush_interval = 1ms, .on_error = told.callback()}};
  statsd.increment("early");
  told.wait_for(1);
  CHECK(told.errors().at(0).code == std::errc::no_such_file_or_directory);
  {
    UnixReceiver receiver{path};
    CHECK(receiver.receive() == "early:1|c");
  }
  // Every flush is refused, or kept while the client waits to connect again.
  const Deadline deadline = soon();
  while (statsd.stats().dropped_send == 0) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "nothing was refused");
    statsd.increment("lost");
    std::this_thread::yield();
  }
  UnixReceiver receiver{path};
  statsd.increment("late");
  std::string received;
  while (received.find("late:1|c") == std::string::npos) received = receiver.receive();
  CHECK(told.errors().size() == 1);
}

TEST_CASE("on_error: the callback may use the client that calls it") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  for (const Delivery delivery : {Delivery::immediate, Delivery::buffered, Delivery::aggregated}) {
    ManualClock::set(0s);
    LocalStatsd* self = nullptr;
    int calls = 0;
    LocalStatsd statsd{path,
                       {.delivery = delivery, .flush = Flush::manual, .on_error = [&](const DeliveryError&) {
                          ++calls;
                          self->increment("errors");
                          self->flush();
                          CHECK(self->stats().accepted == 2);
                        }}};
    self = &statsd;
    statsd.increment("hits");
    statsd.flush();
    CHECK(calls == 1);
  }
}

#endif  // STATWIRE_HAS_UNIX_TRANSPORTS
