// What a fork leaves to the child: a transport of its own, and a parent that goes on.

#if defined(__unix__) || defined(__APPLE__)

#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "statwire/transport/udp.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

/// Runs `action` in a child and returns whether it returned true.
template <class Action>
bool in_child(Action&& action) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(action() ? 0 : 1);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("fork: child and parent both send over udp, from sockets of their own") {
  UdpReceiver receiver;
  UdpTransport transport{"127.0.0.1", receiver.port()};
  REQUIRE(!transport.send("before"));
  CHECK(receiver.receive() == "before");
  CHECK(in_child([&] {
    transport.after_fork();
    return transport.ready() && !transport.send("child");
  }));
  CHECK(receiver.receive() == "child");
  CHECK(!transport.send("parent"));
  CHECK(receiver.receive() == "parent");
}

// ThreadSanitizer ends a child that starts a thread when its parent had several.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define STATWIRE_TEST_NO_THREAD_AFTER_FORK
#endif
#elif defined(__SANITIZE_THREAD__)
#define STATWIRE_TEST_NO_THREAD_AFTER_FORK
#endif
#if !defined(STATWIRE_TEST_NO_THREAD_AFTER_FORK)

TEST_CASE("fork: the child looks a name up itself when the parent has not yet known it") {
  UdpReceiver receiver;
  UdpTransport transport{"localhost", receiver.port()};
  CHECK(in_child([&] {
    transport.after_fork();
    // Where ::1 comes first, its refusal makes the transport go on to 127.0.0.1.
    return transport.wait_ready(soon()) && !transport.send("child") && !transport.send("child");
  }));
  CHECK(receiver.receive() == "child");
}

#endif  // STATWIRE_TEST_NO_THREAD_AFTER_FORK
#endif  // POSIX
