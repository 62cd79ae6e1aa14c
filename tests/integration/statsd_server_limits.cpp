// What a StatsD server does with bad input of every kind, on every way in: it goes on answering on all of
// them, and has counted what it refused.

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/server/statsd_server.hpp"
#include "statwire/transport/udp.hpp"
#include "statwire/transport/unix.hpp"
#include "support/loopback.hpp"
#include "support/random_bytes.hpp"
#include "support/scratch_directory.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;
using server::StatsdServer;
using server::StatsdServerStats;

namespace {

constexpr std::size_t max_connections = 40;
constexpr std::size_t max_admin_connections = 8;

/// A server with small limits, all ways in open, and ways to abuse it.
class Target {
 public:
  explicit Target(std::chrono::seconds admin_idle = 60s)
      : server_{{.flush = Flush::manual,
                 .aggregation = {.max_series = 200, .max_values = 2000, .max_name_bytes = 100'000},
                 .tcp_port = 0,
                 .unix_path = scratch_.path() / "socket",
                 .admin_port = 0,
                 .max_line_bytes = 1000,
                 .max_connections = max_connections,
                 .max_admin_connections = max_admin_connections,
                 .admin_idle = admin_idle}} {
    server_.start();
    udp_.emplace("127.0.0.1", server_.port());
    for (int i = 0; i < 2; ++i) server_.flush();  // from the second flush on there is a gauge for the lag
  }

  StatsdServer& server() { return server_; }
  std::string unix_path() const { return scratch_.path() / "socket"; }

  /// Sends datagrams, and waits until they were taken: no buffer of the system has to hold many.
  void datagram(std::string_view bytes, int times = 1) {
    for (int i = 0; i < times; ++i) {
      const std::uint64_t packets = server_.stats().packets;
      REQUIRE(!udp_->send(bytes));
      REQUIRE(server_.wait_for_packets(packets + 1, patience));
    }
  }

  RawConnection lines() { return RawConnection{server_.tcp_port()}; }
  RawConnection admin() { return RawConnection{server_.admin_port()}; }

  /// Waits until a figure has become what it has to.
  void wait_for(std::uint64_t StatsdServerStats::*figure, std::uint64_t value) {
    const Deadline deadline = soon();
    while (server_.stats().*figure < value && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    CHECK(server_.stats().*figure == value);
  }

  /// Every way in still works. What is sent has a name that is always known, whatever is full.
  void check_answers() {
    REQUIRE(!udp_->send("statsd.timestamp_lag:1|g"));
    wait_for_lag(1);
    RawConnection connection = lines();
    connection.send("statsd.timestamp_lag:2|g\n");
    wait_for_lag(2);
    UnixDatagramTransport local{unix_path()};
    CHECK(!local.send("statsd.timestamp_lag:3|g"));
    wait_for_lag(3);
    RawConnection operator_connection = admin();
    operator_connection.send("health\n");
    operator_connection.expect("health: up\n");
  }

 private:
  void wait_for_lag(double value) {
    const Deadline deadline = soon();
    const auto lag = [this] { return server_.snapshot().gauges.at("statsd.timestamp_lag"); };
    while (lag() != value && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    CHECK(lag() == value);
  }

  ScratchDirectory scratch_;
  StatsdServer server_;
  std::optional<UdpTransport> udp_;
};

/// A class of bad input: what is done, and which figure has to say how much of it was refused.
struct Abuse {
  std::string name;
  std::function<void(Target&)> act;
  std::uint64_t StatsdServerStats::*figure;
  std::uint64_t refused;
};

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += part;
  return text;
}

/// Connections that are opened, and in which `bytes` are all that ever comes.
void hold(std::uint16_t port, std::size_t count, std::string_view bytes,
          const std::function<void()>& meanwhile) {
  std::list<RawConnection> connections;
  for (std::size_t i = 0; i < count; ++i) connections.emplace_back(port).send(bytes);
  meanwhile();
}

/// Ends a connection at once, with a reset.
void reset_after(std::uint16_t port, std::string_view bytes) {
  asio::io_context io;
  asio::ip::tcp::socket socket{io};
  socket.connect({asio::ip::make_address("127.0.0.1"), port});
  asio::write(socket, asio::buffer(bytes));
  socket.set_option(asio::socket_base::linger{true, 0});
}

const std::vector<Abuse>& datagram_abuses() {
  using S = StatsdServerStats;
  static const std::vector<Abuse> abuses{
      {"a datagram of 65,507 bytes that are no line",
       [](Target& target) { target.datagram(std::string(65'507, '\xff')); }, &S::bad_values, 1},
      {"NUL bytes",
       [](Target& target) {
         target.datagram(std::string_view{"\0\0:\0|\0\n\0:1|\0", 12});
       },
       &S::bad_values, 1},
      {"separators and nothing else",
       [](Target& target) { target.datagram(":\n|\n@\n#\n:|\n::\n|@|#\n:|c\n"); }, &S::bad_values, 9},
      {"numbers that are none",
       [](Target& target) {
         target.datagram("n:nan|c\nn:inf|g\nn:1.2.3|c\nn:0xg|c\nn:--1|g\nn:|c\nn:-1|ms\nn:1e|ms\n");
       },
       &S::bad_values, 8},
      {"rates that are none, some of which end the reference daemon",
       [](Target& target) {
         target.datagram("n:1|c|@-1\nn:1|c|@+1\nn:1|c|@ 1\nn:1|c|@Infinity\nn:1|c|0.5\n");
       },
       &S::bad_values, 5},
      {"lines without a type", [](Target& target) { target.datagram(repeated("a:1\n", 1000)); },
       &S::bad_values, 1000},
      {"ten thousand values in one line",
       [](Target& target) { target.datagram("a" + repeated(":x|c", 10'000)); }, &S::bad_values, 10'000},
      {"more names than max_series",
       [](Target& target) {
         for (int i = 0; i < 1000; ++i) target.datagram("flood." + std::to_string(i) + ":1|c");
       },
       &S::dropped_samples, 1000 - (200 - 4)},
      {"names of 60,000 bytes beyond max_name_bytes",
       [](Target& target) {
         for (const char c : {'a', 'b', 'c', 'd'}) target.datagram(std::string(60'000, c) + ":1|c");
       },
       &S::dropped_samples, 3},
      {"more values than max_values", [](Target& target) { target.datagram("t" + repeated(":1|ms", 3000)); },
       &S::dropped_samples, 1000},
      {"more members than max_values",
       [](Target& target) {
         std::string text = "u";
         for (int i = 0; i < 3000; ++i) text += ":" + std::to_string(i) + "|s";
         target.datagram(text);
       },
       &S::dropped_samples, 1000},
      {"empty datagrams, which are nothing", [](Target& target) { target.datagram("", 100); }, &S::bad_values,
       0},
      {"invalid UTF-8, which is cleaned away",
       [](Target& target) { target.datagram("a\xc3\x28\xf0:1|c\n\xed\xa0\x80:1|c"); }, &S::bad_values, 0},
  };
  return abuses;
}

const std::vector<Abuse>& stream_abuses() {
  using S = StatsdServerStats;
  static const std::vector<Abuse> abuses{
      {"half a line over TCP",
       [](Target& target) {
         target.lines().send("half:1");
         target.wait_for(&S::half_lines, 1);
       },
       &S::half_lines, 1},
      {"a line of 10 MB over TCP",
       [](Target& target) {
         RawConnection connection = target.lines();
         for (int i = 0; i < 160; ++i) connection.send(std::string(65'536, 'a'));
         connection.send("\n");
         target.wait_for(&S::long_lines, 1);
       },
       &S::long_lines, 1},
      {"connections that are reset in the middle of a line",
       [](Target& target) {
         // Fewer than the limit: the server may take all of them before it sees the first one end, and the
         // next client has to get in.
         for (std::size_t i = 0; i < max_connections - 10; ++i) {
           reset_after(target.server().tcp_port(), "a:1|c\nb:1");
         }
       },
       &S::bad_values, 0},
      {"slow clients on the port for lines",
       [](Target& target) {
         hold(target.server().tcp_port(), max_connections - 2, "a", [&] { target.check_answers(); });
       },
       &S::refused_connections, 0},
      {"more clients than max_connections",
       [](Target& target) {
         hold(target.server().tcp_port(), max_connections, "a:1|c\n", [&] {
           for (int i = 0; i < 20; ++i) {
             CHECK(target.lines().read_to_end() == "error: too many connections (limit 40)\n");
           }
         });
       },
       &S::refused_connections, 20},
      {"slow clients on the admin port",
       [](Target& target) {
         hold(target.server().admin_port(), max_admin_connections - 2, "", [&] { target.check_answers(); });
       },
       &S::refused_connections, 0},
      {"more clients than max_admin_connections",
       [](Target& target) {
         hold(target.server().admin_port(), max_admin_connections, "", [&] {
           for (int i = 0; i < 20; ++i) {
             CHECK(target.admin().read_to_end() == "ERROR: too many connections (limit 8)\n");
           }
         });
       },
       &S::refused_connections, 20},
      {"unknown commands",
       [](Target& target) {
         RawConnection connection = target.admin();
         for (const char* command : {"reboot\n", "COUNTERS\n", "\n", "\xff\xfe"}) {
           connection.send(command);
           connection.expect("ERROR\n");
         }
       },
       &S::refused_commands, 4},
      {"names to delete that are not there",
       [](Target& target) {
         RawConnection connection = target.admin();
         connection.send("delcounters" + repeated(" nobody.*", 1000) + "\n");
         const std::string reply = connection.read_until("END\n\n");
         CHECK(reply.starts_with("metric nobody.* not found\n"));
       },
       &S::refused_commands, 0},
      {"a client that sends commands and reads no answer",
       [](Target& target) {
         RawConnection connection = target.admin();
         for (int i = 0; i < 1000; ++i) connection.send("counters\n");
         target.check_answers();
       },
       &S::refused_connections, 0},
  };
  return abuses;
}

void check(const std::vector<Abuse>& abuses) {
  for (const Abuse& abuse : abuses) {
    CAPTURE(abuse.name);
    Target target;
    const std::uint64_t before = target.server().stats().*abuse.figure;
    abuse.act(target);
    CHECK(target.server().stats().*abuse.figure - before == abuse.refused);
    target.check_answers();
  }
}

}  // namespace

TEST_CASE("statsd server: bad datagrams are counted, and it goes on answering") {
  check(datagram_abuses());
}

TEST_CASE("statsd server: bad streams and commands are counted, and it goes on answering") {
  check(stream_abuses());
}

TEST_CASE("statsd server: noise on every way in at once, and it goes on answering") {
  Target target;
  RandomBytes random{42};
  UnixDatagramTransport local{target.unix_path()};
  for (int i = 0; i < 200; ++i) {
    target.datagram(random.string(2000));
    const std::uint64_t packets = target.server().stats().packets;
    CHECK(!local.send(random.string(2000)));
    REQUIRE(target.server().wait_for_packets(packets + 1, patience));
    if (i % 10 == 0) target.lines().send(random.string(5000));
    if (i % 10 == 5) target.admin().send("x" + random.string(2000));
  }
  target.check_answers();
  CHECK(target.server().stats().bad_values > 200);
}

TEST_CASE("statsd server: a Unix datagram that is too long is cut at its last whole line, and counted") {
  Target target;
  std::string text = repeated("a:1|c\n", 11'000) + "half:1|c";
  REQUIRE(text.size() > 65'536);
  UnixDatagramTransport local{target.unix_path()};
  const std::uint64_t packets = target.server().stats().packets;
  REQUIRE(!local.send(text));
  REQUIRE(target.server().wait_for_packets(packets + 1, patience));
  CHECK(target.server().snapshot().counters.at("a") == 65'536 / 6);
  CHECK(target.server().stats().long_lines == 1);
  target.check_answers();
}

TEST_CASE("statsd server: an admin client that says nothing is disconnected, so slow ones cannot stay") {
  Target target{1s};
  std::list<RawConnection> silent;
  for (std::size_t i = 0; i < max_admin_connections; ++i) silent.emplace_back(target.server().admin_port());
  for (RawConnection& connection : silent) CHECK(connection.read_to_end().empty());
  target.check_answers();
}

TEST_CASE("statsd server: lines over TCP that come a byte at a time are taken") {
  Target target;
  RawConnection connection = target.lines();
  const std::uint64_t packets = target.server().stats().packets;
  for (const char c : std::string_view{"slow:1|c\nslow:2|c\n"}) connection.send({&c, 1});
  REQUIRE(target.server().wait_for_packets(packets + 2, patience));
  CHECK(target.server().snapshot().counters.at("slow") == 3);
}
