// The ways into a StatsD server beside UDP over IPv4, and the ways out.

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <list>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/server/statsd_server.hpp"
#include "statwire/statsd.hpp"
#include "statwire/transport/endpoint.hpp"
#include "support/child_process.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"
#include "support/scratch_directory.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;
using server::StatsdServer;
using server::StatsdServerOptions;

namespace {

StatsdServerOptions by_hand() {
  return {.flush = Flush::manual};
}

/// Sends a line to an endpoint until it has gone: some transports connect in the background.
void send_to(const std::string& endpoint, std::string_view line) {
  EndpointTransport transport{std::string_view{endpoint}};
  wait_until("a line goes to " + endpoint, [&] { return transport.ready() && !transport.send(line); });
}

/// What a listener for Graphite has been sent, once it holds a text.
std::string text_with(LineListener& graphite, const std::string& part) {
  std::string text;
  wait_until("Graphite gets " + part, [&] {
    text = graphite.text();
    return text.find(part) != std::string::npos;
  });
  return text;
}

}  // namespace

TEST_CASE("statsd server: UDP over IPv4 and IPv6, TCP and a Unix socket lead into the same series") {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "statsd.sock";
  StatsdServer server{{.flush = Flush::manual, .tcp_port = 0, .unix_path = path}};
  server.start();
  CHECK(server.tcp_port() != 0);
  CHECK(server.admin_port() == 0);
  send_to("udp://127.0.0.1:" + std::to_string(server.port()), "hits:1|c");
  send_to("tcp://127.0.0.1:" + std::to_string(server.tcp_port()), "hits:10|c");
  send_to("unix://" + path, "hits:100|c");
  REQUIRE(server.wait_for_packets(3, patience));
  CHECK(server.snapshot().counters.at("hits") == 111);
  server.stop();
  CHECK_FALSE(std::filesystem::exists(path));

  StatsdServer other{{.address = "::1", .flush = Flush::manual}};
  other.start();
  send_to("udp://[::1]:" + std::to_string(other.port()), "hits:1|c");
  CHECK(other.wait_for_packets(1, patience));
}

TEST_CASE("statsd server: several UDP sockets on one port lose and double nothing") {
  StatsdServerOptions options = by_hand();
  options.udp_sockets = 4;
  StatsdServer server{options};
  server.start();
  constexpr int clients = 32;  // the system deals them out by their ports
  constexpr int lines = 50;
  std::list<UdpTransport> transports;
  for (int i = 0; i < clients; ++i) transports.emplace_back("127.0.0.1", server.port());
  for (int k = 0; k < lines; ++k) {
    for (UdpTransport& transport : transports) CHECK(!transport.send("hits:1|c\nlatency:5|ms"));
    REQUIRE(server.wait_for_packets(static_cast<std::uint64_t>((k + 1) * clients), patience));
  }
  server.stop();
  CHECK(server.snapshot().counters.at("hits") == clients * lines);
  CHECK(server.snapshot().timers.at("latency").values.size() == clients * lines);
}

TEST_CASE("statsd server: two servers do not share a port by mistake, nor a Unix socket") {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "statsd.sock";
  StatsdServer first{{.flush = Flush::manual, .unix_path = path}};
  first.start();
  std::error_code ec;
  StatsdServer same_port{{.port = first.port(), .flush = Flush::manual}};
  same_port.start(ec);
  CHECK(ec == std::errc::address_in_use);
  StatsdServer same_path{{.flush = Flush::manual, .unix_path = path}};
  same_path.start(ec);
  CHECK(ec == std::errc::address_in_use);
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("statsd server: the socket of a server that was killed is replaced, another file never") {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "statsd.sock";
  {
    asio::io_context io;
    asio::local::datagram_protocol::socket left_behind{io, asio::local::datagram_protocol::endpoint{path}};
  }
  REQUIRE(std::filesystem::is_socket(path));
  StatsdServer server{{.flush = Flush::manual, .unix_path = path}};
  server.start();
  send_to("unix://" + path, "hits:1|c");
  CHECK(server.wait_for_packets(1, patience));

  const std::string file = scratch.write("precious.txt", "text");
  StatsdServer wrong{{.flush = Flush::manual, .unix_path = file}};
  std::error_code ec;
  wrong.start(ec);
  CHECK(ec == std::errc::address_in_use);
  CHECK(std::filesystem::is_regular_file(file));
}

TEST_CASE("statsd server: an address that is none, of the server or its admin port, is said") {
  std::error_code ec;
  StatsdServer{{.address = "localhost"}}.start(ec);
  CHECK(ec == std::errc::invalid_argument);
  StatsdServer{{.admin_port = 0, .admin_address = "nowhere"}}.start(ec);
  CHECK(ec == std::errc::invalid_argument);
}

TEST_CASE("statsd server: flushes go to Graphite, also the one at the end") {
  LineListener graphite;
  StatsdServer server{{.flush_interval = 1h, .graphite = "127.0.0.1:" + std::to_string(graphite.port())}};
  server.start();
  send_to("udp://127.0.0.1:" + std::to_string(server.port()), "hits:3|c\ntagged;zone=eu:1|g");
  REQUIRE(server.wait_for_packets(1, patience));
  server.flush();
  const std::string text = text_with(graphite, "statsd.numStats");
  CHECK(text.find("stats_counts.hits 3 ") != std::string::npos);
  CHECK(text.find("stats.gauges.tagged;zone=eu 1 ") != std::string::npos);
  send_to("udp://127.0.0.1:" + std::to_string(server.port()), "hits:4|c");
  REQUIRE(server.wait_for_packets(2, patience));
  server.stop();
  CHECK(server.stats().graphite.pending == 0);
  text_with(graphite, "stats_counts.hits 4 ");
}

TEST_CASE("statsd server: without Graphite it goes on, and what waits goes when Graphite is back") {
  const std::uint16_t port = free_tcp_port();
  StatsdServer server{{.flush_interval = 1h, .graphite = "127.0.0.1:" + std::to_string(port)}};
  server.start();
  for (int i = 1; i <= 3; ++i) {
    send_to("udp://127.0.0.1:" + std::to_string(server.port()), "hits:" + std::to_string(i) + "|c");
    REQUIRE(server.wait_for_packets(static_cast<std::uint64_t>(i), patience));
    server.flush();
  }
  wait_until("the failure is seen", [&] { return server.stats().graphite.failures > 0; });
  LineListener graphite{port};
  for (const char* line : {"stats_counts.hits 1 ", "stats_counts.hits 2 ", "stats_counts.hits 3 "}) {
    text_with(graphite, line);
  }
}

TEST_CASE("statsd server: packets are repeated to others as they came") {
  UdpReceiver by_udp;
  LineListener by_tcp;
  StatsdServer server{{.flush = Flush::manual,
                       .repeat_to = {"udp://127.0.0.1:" + std::to_string(by_udp.port()),
                                     "tcp://127.0.0.1:" + std::to_string(by_tcp.port())}}};
  server.start();
  UdpTransport transport{"127.0.0.1", server.port()};
  // The connection is made in the background; until it stands, its copies are lost, and counted.
  std::uint64_t sent = 0;
  wait_until("a copy comes over TCP", [&] {
    CHECK(!transport.send("odd |line:1|x|c\nhits:1|c"));
    CHECK(server.wait_for_packets(++sent, patience));
    return by_tcp.size() > 0;
  });
  CHECK(by_udp.receive() == "odd |line:1|x|c\nhits:1|c");
  CHECK(by_tcp.text().starts_with("odd |line:1|x|c\nhits:1|c\n"));
  CHECK(server.stats().unrepeated <= sent);
}

TEST_CASE("statsd server: the console gets every flush as text, and a full disk is counted") {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "flushes.txt";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "w"), &std::fclose};
  StatsdServer server{{.flush = Flush::manual, .console = file.get()}};
  server.start();
  send_to("udp://127.0.0.1:" + std::to_string(server.port()), "hits:3|c");
  REQUIRE(server.wait_for_packets(1, patience));
  server.flush();
  CHECK(std::filesystem::file_size(path) > 100);
  CHECK(server.stats().failed_prints == 0);

  if (const std::unique_ptr<std::FILE, int (*)(std::FILE*)> full{std::fopen("/dev/full", "w"),
                                                                 &std::fclose}) {
    StatsdServer unlucky{{.flush = Flush::manual, .console = full.get()}};
    unlucky.flush();
    CHECK(unlucky.stats().failed_prints == 1);
  }
}

TEST_CASE("statsd server: the page for Prometheus counts on over flushes") {
  StatsdServerOptions options = by_hand();
  options.prometheus = true;
  StatsdServer server{options};
  server.start();
  for (std::uint64_t i = 1; i <= 2; ++i) {
    send_to("udp://127.0.0.1:" + std::to_string(server.port()), "api.hits;zone=eu:3|c\ndepth:7|g");
    REQUIRE(server.wait_for_packets(i, patience));
    server.flush();
  }
  const std::string page = server.prometheus_text();
  CHECK(page.find("\napi_hits_total{zone=\"eu\"} 6\n") != std::string::npos);
  CHECK(page.find("\ndepth 7\n") != std::string::npos);
  CHECK(StatsdServer{by_hand()}.prometheus_text().empty());
}

TEST_CASE("statsd server: it may be looked at from all sides while it receives and flushes") {
  StatsdServer server{{.flush_interval = 1ms, .admin_port = 0, .prometheus = true}};
  server.start();
  RawConnection admin{server.admin_port()};
  std::list<Repeating> lookers;
  lookers.emplace_back([&] { CHECK(server.snapshot().counters.size() >= 3); });
  lookers.emplace_back([&] { CHECK(server.stats().bad_values == 0); });
  lookers.emplace_back([&] { CHECK_FALSE(server.prometheus_text().empty()); });
  lookers.emplace_back([&] {
    admin.send("counters\n");
    CHECK(admin.read_until("END\n\n").find("statsd.packets_received") != std::string::npos);
  });
  UdpTransport transport{"127.0.0.1", server.port()};
  for (std::uint64_t i = 1; i <= 300; ++i) {
    CHECK(
        !transport.send("hits:1|c\nlatency:" + std::to_string(i) + "|ms\nusers:" + std::to_string(i) + "|s"));
    REQUIRE(server.wait_for_packets(i, patience));
  }
  lookers.clear();
  server.stop();
  CHECK(server.stats().lines == 900);
  CHECK(server.stats().flushes > 0);
}
