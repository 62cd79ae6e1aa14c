// The Mesos collector's connections to Redis against a server of the test's own: the bytes on the wire, and
// everything that is no answer of a healthy Redis.

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <iterator>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "mesos_collector/redis_pool.hpp"
#include "mesos_collector/redis_samples.hpp"
#include "support/child_process.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"
#include "support/redis_peer.hpp"
#include "support/store_away.hpp"

using namespace mesos_collector;
using namespace statwire::test;
using namespace std::chrono_literals;

using Answer = RedisPeer::Answer;
using Command = RedisPeer::Command;
using Then = RedisPeer::Then;

namespace {

RedisSamplesOptions options_for(std::uint16_t port) {
  return {.url = {.port = port}, .timeout = std::chrono::milliseconds{patience}};
}

/// Whether an exchange comes to its end.
bool answers(SampleStore& store) {
  try {
    store.exchange({{"a", "1"}});
    return true;
  } catch (const StoreAway&) {
    return false;
  }
}

/// What comes behind the address of the store.
std::string reason(std::uint16_t port, const std::string& complaint) {
  const std::string name = "redis://127.0.0.1:" + std::to_string(port) + "/0: ";
  REQUIRE_MESSAGE(complaint.starts_with(name), complaint);
  return complaint.substr(name.size());
}

/// Answers one kind of command as the test says, and the others as Redis does.
RedisPeer::Script answering(const std::string& name, const Answer& answer) {
  return [name, answer](const Command& command) {
    return command[0] == name ? answer : RedisPeer::obey(command);
  };
}

/// Why an exchange of two samples fails.
std::string failure_of(const RedisPeer::Script& script, std::chrono::milliseconds timeout = patience) {
  RedisPeer peer{script};
  RedisSamplesOptions options = options_for(peer.port());
  options.timeout = timeout;
  RedisSamples store{options};
  const std::string text = complaint([&] { store.exchange({{"a", "1"}, {"b", "2"}}); });
  CHECK(store.connections() == 0);
  wait_until("the connection", [&] { return peer.connection_count() > 0; });  // it may be late for the store
  CHECK(peer.connection_count() == 1);
  return reason(peer.port(), text);
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

const std::string closed = "the server closed the connection before the reply was complete";

}  // namespace

TEST_CASE("mesos redis: an exchange is one GET a sample, then one SET a sample") {
  RedisPeer peer{RedisPeer::obey};
  RedisSamples store{options_for(peer.port())};
  CHECK(store.exchange({}).empty());
  CHECK(peer.connection_count() == 0);
  store.exchange({{"a", "one"}, {"\xc3\xbc b", ""}});
  CHECK(peer.text() ==
        "*1\r\n$4\r\nPING\r\n"
        "*2\r\n$3\r\nGET\r\n$1\r\na\r\n"
        "*2\r\n$3\r\nGET\r\n$4\r\n\xc3\xbc b\r\n"
        "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$3\r\none\r\n"
        "*3\r\n$3\r\nSET\r\n$4\r\n\xc3\xbc b\r\n$0\r\n\r\n");
}

TEST_CASE("mesos redis: who it is, the database and the time to live") {
  const auto wire = [](RedisUrl url, std::optional<std::chrono::milliseconds> ttl) {
    RedisPeer peer{RedisPeer::obey};
    url.port = peer.port();
    RedisSamples store{{.url = url, .ttl = ttl, .timeout = patience}};
    store.exchange({{"a", "b"}});
    std::string text = peer.text();
    const std::string get = "*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
    REQUIRE(text.find(get) != std::string::npos);
    return text.replace(text.find(get), get.size(), "|");
  };
  CHECK(wire({.user = "me", .password = "secret", .database = 12}, 90s) ==
        "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n|"
        "*5\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n$2\r\nEX\r\n$2\r\n90\r\n");
  CHECK(wire({.password = "secret"}, 1500ms) ==
        "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n|"
        "*5\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n$2\r\nPX\r\n$4\r\n1500\r\n");
}

TEST_CASE("mesos redis: options out of their range are refused") {
  const auto refusal = [](const RedisSamplesOptions& options) -> std::string {
    try {
      const RedisSamples store{options};
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "none";
  };
  CHECK(refusal({.pool_min = 0, .pool_max = 1}) == "none");
  CHECK(refusal({.pool_min = 0, .pool_max = 0}) ==
        "pool_max is 0; it is 1 or more, and no less than pool_min, which is 0");
  CHECK(refusal({.pool_min = 6, .pool_max = 5}) ==
        "pool_max is 5; it is 1 or more, and no less than pool_min, which is 6");
  CHECK(refusal({.ttl = 0ms}) == "ttl has to be above 0 ms");
  CHECK(refusal({.timeout = 0ms}) == "timeout has to be above 0 ms");
}

TEST_CASE("mesos redis: what is no answer to a command ends the connection, and says why") {
  struct Case {
    std::string bytes;
    std::string reason;
  };
  const std::vector<Case> no_texts{
      {":17\r\n", "answered by the number 17"},
      {"+OK\r\n", "answered by a text of 2 bytes"},
      {"-LOADING Redis is loading the dataset in memory\r\n",
       "LOADING Redis is loading the dataset in memory"},
      {"-NOAUTH Authentication required.\r\n", "NOAUTH Authentication required."},
      {"-OOM\r\n", "OOM"},
      {"-BUSY " + std::string(300, 'x') + "\r\n", "BUSY " + std::string(251, 'x')}};
  for (const Case& one : no_texts) CHECK(failure_of(answering("GET", {one.bytes})) == "GET: " + one.reason);
  const std::vector<Case> no_states{{"$2\r\nOK\r\n", "answered by a text of 2 bytes"},
                                    {"$-1\r\n", "answered by nothing"},
                                    {"-READONLY You can't write against a read only replica.\r\n",
                                     "READONLY You can't write against a read only replica."}};
  for (const Case& one : no_states) CHECK(failure_of(answering("SET", {one.bytes})) == "SET: " + one.reason);
  const std::vector<Case> no_replies{
      {"*1\r\n$1\r\nx\r\n", "an array"},
      {"*2147483647\r\n", "an array"},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "Protocol error, got \"H\" as reply type byte"},
      {":x\r\n", "Bad integer value"},
      {"$-2\r\n", "Bulk string length out of range"}};
  for (const std::string name : {"PING", "GET", "SET"}) {
    for (const Case& one : no_replies) {
      CHECK(failure_of(answering(name, {one.bytes})) == "its reply is none: " + one.reason);
    }
  }
  CHECK(failure_of(answering("SET", {"+OK\r\n+OK\r\n"})) == "more replies than commands");
}

TEST_CASE("mesos redis: an error of one key is that sample's alone") {
  RedisPeer peer{[](const Command& command) -> Answer {
    if (command[0] == "GET" && command[1] == "a") return {"$3\r\nold\r\n"};
    if (command[0] == "GET" && command[1] == "b") return {"-WRONGTYPE no text\r\n"};
    if (command[0] == "GET" && command[1] == "c") return {"$3\r\nold\r\n"};
    if (command[0] == "SET" && command[1] == "c") return {"-NOPERM not this one\r\n"};
    return RedisPeer::obey(command);
  }};
  RedisSamples store{options_for(peer.port())};
  const auto previous = store.exchange({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}});
  REQUIRE(previous.size() == 4);
  CHECK(previous[0].text == "old");
  CHECK(previous[0].error == "");
  CHECK_FALSE(previous[1].text);
  CHECK(previous[1].error == "GET: WRONGTYPE no text");
  CHECK_FALSE(previous[2].text);  // else the time since then would be counted twice
  CHECK(previous[2].error == "SET: NOPERM not this one");
  CHECK_FALSE(previous[3].text);
  CHECK(previous[3].error == "");
  CHECK(store.connections() == 1);
}

TEST_CASE("mesos redis: connections that end in the middle") {
  for (const std::string name : {"PING", "GET", "SET"}) {
    CAPTURE(name);
    CHECK(failure_of(answering(name, {"", Then::close})) == closed);
    CHECK(failure_of(answering(name, {"$100\r\nhalf", Then::close})) == closed);
    CHECK(failure_of(answering(name, {"", Then::reset})) == "Connection reset by peer");
  }
}

TEST_CASE("mesos redis: what a server says unasked before it closes is the reason") {
  const Answer answer{"-ERR max number of clients reached\r\n", Then::close};
  CHECK(failure_of(answering("PING", answer)) == "PING: ERR max number of clients reached");
}

TEST_CASE("mesos redis: silence, drips and floods end within the time") {
  for (const std::string name : {"PING", "GET", "SET"}) {
    CAPTURE(name);
    CHECK(failure_of(answering(name, {"", Then::hang}), 100ms) == "no answer within 100 ms");
    CHECK(failure_of(answering(name, {"+", Then::drip}), 100ms) == "no answer within 100 ms");
  }
  CHECK(failure_of(answering("GET", {"$999999999\r\n" + std::string(1 << 20, 'x'), Then::repeat})) ==
        "its reply is longer than 64 MiB");
}

TEST_CASE("mesos redis: nobody listens") {
  const std::uint16_t port = free_tcp_port();
  RedisSamples store{options_for(port)};
  CHECK(reason(port, complaint([&] { store.check(); })) == "Connection refused");
  CHECK(store.connections() == 0);
}

TEST_CASE("mesos redis: no complaint repeats the password") {
  RedisPeer peer{answering("AUTH", {"-ERR unknown command 'AUTH', with args beginning with: 'secret'\r\n"})};
  RedisSamples store{{.url = {.password = "secret", .port = peer.port()}, .timeout = patience}};
  CHECK(reason(peer.port(), complaint([&] { store.check(); })) == "AUTH: an error that repeats the password");
}

TEST_CASE(
    "mesos redis: a connection that ended while it idled is replaced once, and only before anything is put") {
  std::atomic<int> gets_to_lose = 0;
  std::atomic<int> sets_to_lose = 0;
  RedisPeer peer{[&](const Command& command) -> Answer {
    if (command[0] == "GET" && gets_to_lose > 0 && gets_to_lose-- > 0) return {"", Then::reset};
    if (command[0] == "SET" && sets_to_lose > 0 && sets_to_lose-- > 0) return {"", Then::close};
    return RedisPeer::obey(command);
  }};
  RedisSamples store{options_for(peer.port())};
  store.exchange({{"a", "1"}});
  gets_to_lose = 1;
  store.exchange({{"a", "2"}});
  CHECK(peer.connection_count() == 2);
  CHECK(peer.text(1).ends_with("\r\nSET\r\n$1\r\na\r\n$1\r\n2\r\n"));

  gets_to_lose = 2;
  complaint([&] { store.exchange({{"a", "3"}}); });
  CHECK(peer.connection_count() == 3);

  store.exchange({{"a", "4"}});
  CHECK(peer.connection_count() == 4);
  sets_to_lose = 1;
  CHECK(reason(peer.port(), complaint([&] { store.exchange({{"a", "5"}}); })) == closed);
  CHECK(peer.connection_count() == 4);
  CHECK(store.connections() == 0);
}

TEST_CASE("mesos redis: a silent server is not asked twice") {
  std::atomic<bool> is_silent = false;
  RedisPeer peer{[&](const Command& command) -> Answer {
    if (is_silent) return {"", Then::hang};
    return RedisPeer::obey(command);
  }};
  RedisSamplesOptions options = options_for(peer.port());
  options.timeout = 100ms;
  RedisSamples store{options};
  wait_until("a connection that idles", [&] { return answers(store); });
  const std::size_t connections = peer.connection_count();
  is_silent = true;
  CHECK(reason(peer.port(), complaint([&] { store.exchange({{"a", "1"}}); })) == "no answer within 100 ms");
  CHECK(peer.connection_count() == connections);
}

TEST_CASE("mesos redis: a check connects as often as configured, and no more") {
  RedisPeer peer{RedisPeer::obey};
  RedisSamplesOptions options = options_for(peer.port());
  options.pool_min = 3;
  RedisSamples store{options};
  CHECK(peer.connection_count() == 0);
  for (int i = 0; i < 3; ++i) store.check();
  CHECK(store.connections() == 3);
  CHECK(peer.connection_count() == 3);
}

TEST_CASE("mesos redis: who finds all connections in use waits, longer than for an answer") {
  RedisPeer peer{RedisPeer::obey};
  RedisPool hasty{{.port = peer.port()}, 1, 1ms};
  std::optional<RedisPool::Lease> only{hasty.lease()};
  auto next = std::async(std::launch::async, [&] { hasty.lease(); });
  CHECK(next.wait_for(100ms) == std::future_status::timeout);
  only.reset();
  next.get();

  RedisPool patient{{.port = peer.port()}, 1, patience};
  std::atomic<bool> is_waiting = false;
  std::thread waiting;
  {
    RedisPool::Lease held = patient.lease();
    held.connection();
    held.keep();
    waiting = std::thread{[&] {
      is_waiting = true;
      RedisPool::Lease lease = patient.lease();
      lease.connection().ping();
    }};
    wait_until("another caller", [&] { return is_waiting.load(); });
    CHECK(peer.connection_count() == 1);
  }
  waiting.join();
  CHECK(peer.connection_count() == 1);
  CHECK(patient.size() == 0);  // the waiting one did not keep it
}

TEST_CASE("mesos redis: a thousand connections that break in a thousand ways leave nothing open") {
  std::mt19937 random{3};
  RedisPeer peer{[&random](const Command& command) -> Answer {
    if (command[0] == "PING" && random() % 4 != 0) return {"+PONG\r\n"};
    std::string bytes = random() % 2 == 0 ? "$-1\r\n" : "";
    for (std::size_t size = random() % 8; size > 0; --size) bytes += "+-:$*1\r\n\xff"[random() % 9];
    return {bytes, random() % 2 == 0 ? Then::close : Then::reset};
  }};
  RedisSamples store{options_for(peer.port())};
  const std::size_t before = open_descriptors();
  int broken = 0;
  for (int i = 0; i < 1000; ++i) {
    try {
      store.exchange({{"a", "1"}, {"b", "2"}});
    } catch (const StoreAway&) {
      ++broken;
    }
    CHECK(store.connections() == 0);
  }
  CHECK(broken == 1000);
  CHECK(peer.connection_count() == 1000);
  wait_until("the peer's ends to close", [&] { return open_descriptors() <= before; });
}

TEST_CASE("mesos redis: threads share a pool while connections break") {
  std::atomic<std::uint32_t> commands = 0;
  RedisPeer peer{[&commands](const Command& command) -> Answer {
    const std::uint32_t number = ++commands;
    if (number % 37 == 0) return {"", Then::close};
    if (command[0] != "GET") return RedisPeer::obey(command);
    return {"$" + std::to_string(command[1].size()) + "\r\n" + command[1] + "\r\n"};
  }};
  RedisSamplesOptions options = options_for(peer.port());
  options.pool_min = 2;
  options.pool_max = 3;
  RedisSamples store{options};
  std::atomic<std::size_t> right = 0;
  std::atomic<std::size_t> away = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, task = "task." + std::to_string(thread)] {
      for (int i = 0; i < 100; ++i) {
        try {
          if (i % 10 == 0) store.check();
          const auto previous = store.exchange({{task, "x"}, {task + "'", "y"}});
          if (previous[0].text == task && previous[1].text == task + "'") ++right;
        } catch (const StoreAway&) {
          ++away;
        }
        CHECK(store.connections() <= 3);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right + away == 800);
  CHECK(right > 400);
  CHECK(away > 0);
}
