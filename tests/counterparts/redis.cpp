// The real Redis keeps the samples of the Mesos collector: what it gives back, what it says when it cannot,
// and that it may go and come back.

#include <ostream>

#include <doctest/doctest.h>

#include <signal.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "mesos_collector/redis_samples.hpp"
#include "mesos_collector/redis_url.hpp"
#include "support/counterpart.hpp"
#include "support/loopback.hpp"
#include "support/redis_server.hpp"
#include "support/store_away.hpp"

using namespace mesos_collector;
using namespace statwire::test;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

std::filesystem::path program() {
  return find_daemon("redis-server");
}

bool is_without_redis() {
  return is_missing("redis-server", program());
}

RedisSamplesOptions options_for(const RedisServer& server) {
  return {.url = {.port = server.port()}, .timeout = std::chrono::milliseconds{patience}};
}

/// With Redis, since it started.
int connections_made(const RedisServer& server) {
  const std::string statistics = server.ask("INFO stats");
  const std::string name = "total_connections_received:";
  REQUIRE(statistics.find(name) != std::string::npos);
  return std::stoi(statistics.substr(statistics.find(name) + name.size()));
}

/// Puts one sample; returns the text that it took the place of.
std::optional<std::string> put(SampleStore& store, const std::string& task, const std::string& text) {
  const std::vector<PreviousSample> previous = store.exchange({{task, text}});
  REQUIRE(previous.size() == 1);
  CHECK(previous[0].error == "");
  return previous[0].text;
}

/// Many samples, each with a text of its own.
std::vector<Sample> many_samples(std::size_t count, const std::string& round) {
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string task = "task." + std::to_string(i);
    samples.push_back({task, task + " in " + round + std::string(1000, '.')});
  }
  return samples;
}

}  // namespace

TEST_CASE("redis: a sample takes the place of the previous one, of any bytes, and stays") {
  if (is_without_redis()) return;
  RedisServer server{program()};
  server.start();
  RedisSamples store{options_for(server)};
  const std::string odd = "line\r\n$5\r\n\0\xff \"{}\""s;
  CHECK(put(store, "infra_stress.0741cf07", "one") == std::nullopt);
  CHECK(put(store, "infra_stress.0741cf07", odd) == "one");
  CHECK(put(store, "infra_stress.0741cf07", "") == odd);
  CHECK(put(store, "infra_stress.0741cf07", "two") == "");
  CHECK(put(store, odd, "three") == std::nullopt);
  CHECK(put(store, "", "four") == std::nullopt);
  CHECK(put(store, "", "five") == "four");
  CHECK(server.ask("GET infra_stress.0741cf07") == "$3\r\ntwo\r\n");
  CHECK(server.ask("TTL infra_stress.0741cf07") == ":-1\r\n");
  CHECK(server.ask("DBSIZE") == ":3\r\n");
}

TEST_CASE("redis: samples of a great exchange come back in their order") {
  if (is_without_redis()) return;
  RedisServer server{program()};
  server.start();
  RedisSamples store{options_for(server)};
  constexpr std::size_t count = 10'000;
  const std::vector<Sample> first = many_samples(count, "round 1");
  for (const PreviousSample& previous : store.exchange(first)) CHECK_FALSE(previous.text);
  std::vector<Sample> second = many_samples(count, "round 2");
  second[count / 2].text = std::string(8 << 20, 'x');
  const std::vector<PreviousSample> previous = store.exchange(second);
  REQUIRE(previous.size() == count);
  for (std::size_t i = 0; i < count; ++i) REQUIRE(previous[i].text == first[i].text);
  CHECK(put(store, second[count / 2].task, "short") == second[count / 2].text);
}

TEST_CASE("redis: with a time to live a sample goes some day") {
  if (is_without_redis()) return;
  RedisServer server{program()};
  server.start();
  RedisSamplesOptions options = options_for(server);
  options.ttl = 1h;
  RedisSamples hour{options};
  CHECK(put(hour, "task", "text") == std::nullopt);
  const std::string left = server.ask("TTL task");
  CHECK((left == ":3600\r\n" || left.starts_with(":35")));
  options.ttl = 1ms;
  RedisSamples moment{options};
  CHECK(put(moment, "task", "text") == "text");
  wait_until("the sample to go", [&] { return server.ask("EXISTS task") == ":0\r\n"; });
}

TEST_CASE("redis: it is killed and comes back with what it had, and nobody connects in vain twice") {
  if (is_without_redis()) return;
  RedisServer server{program(), RedisServer::Memory::lasting};
  server.start();
  RedisSamples store{options_for(server)};
  store.check();
  CHECK(store.connections() == 5);
  CHECK(put(store, "task", "one") == std::nullopt);

  server.end(SIGKILL);
  CHECK(complaint([&] { store.check(); }) ==
        "redis://127.0.0.1:" + std::to_string(server.port()) + "/0: Connection refused");
  CHECK(complaint([&] { put(store, "task", "lost"); }).ends_with(": Connection refused"));
  CHECK(store.connections() == 0);

  server.start();
  CHECK(put(store, "task", "two") == "one");
  store.check();
  CHECK(store.connections() == 5);

  server.end(SIGTERM);
  server.start();
  CHECK(put(store, "task", "three") == "two");  // although five connections had ended meanwhile
  CHECK(store.connections() == 1);
}

TEST_CASE("redis: connections that it closed while they idled are replaced unseen") {
  if (is_without_redis()) return;
  RedisServer server{program()};
  server.start();
  RedisSamples store{options_for(server)};
  store.check();
  CHECK(put(store, "task", "one") == std::nullopt);
  CHECK(server.ask("CLIENT KILL TYPE normal") == ":5\r\n");
  CHECK(put(store, "task", "two") == "one");
  CHECK(server.ask("CLIENT KILL TYPE normal") == ":1\r\n");
  store.check();
  CHECK(store.connections() == 5);
}

TEST_CASE("redis: one that hangs is away, and no late answer is taken for another one's") {
  if (is_without_redis()) return;
  RedisServer server{program()};
  server.start();
  RedisSamples patient{options_for(server)};
  CHECK(put(patient, "task", "one") == std::nullopt);
  RedisSamplesOptions options = options_for(server);
  options.timeout = 200ms;
  RedisSamples hasty{options};
  wait_until("connections that idle", [&] {
    try {
      hasty.check();
      return true;
    } catch (const StoreAway&) {
      return false;
    }
  });
  server.stop();
  CHECK(complaint([&] { put(hasty, "task", "two"); }).ends_with(": no answer within 200 ms"));
  CHECK(complaint([&] { hasty.check(); }).ends_with(": no answer within 200 ms"));
  server.signal(SIGCONT);
  CHECK(put(patient, "other", "three") == std::nullopt);
  CHECK(put(patient, "task", "four") == "one");
}

TEST_CASE("redis: user, password and database") {
  if (is_without_redis()) return;
  RedisServer server{program(), RedisServer::Memory::short_lived, {"--requirepass", "s@cret"}};
  server.start();
  const auto check = [&](const std::string& credentials, const std::string& path) {
    std::string error;
    const auto url = parse_redis_url(
        "redis://" + credentials + "127.0.0.1:" + std::to_string(server.port()) + path, error);
    REQUIRE_MESSAGE(url, error);
    RedisSamples store{{.url = *url, .timeout = std::chrono::milliseconds{patience}}};
    store.check();
    put(store, "task", "text" + path);
  };
  const std::string name = "redis://127.0.0.1:" + std::to_string(server.port());
  CHECK(complaint([&] { check("", ""); }) == name + "/0: PING: NOAUTH Authentication required.");
  CHECK(complaint([&] { check(":wrong@", ""); }) ==
        name + "/0: AUTH: WRONGPASS invalid username-password pair or user is disabled.");
  check(":s%40cret@", "/2");
  check("default:s%40cret@", "/3");
  CHECK(complaint([&] { check("default:s%40cret@", "/16"); }) ==
        name + "/16: SELECT: ERR DB index is out of range");

  const std::string sign_in = "AUTH s@cret\r\n";
  CHECK(server.ask(sign_in + "SELECT 2\r\nGET task").ends_with("\r\ntext/2\r\n"));
  CHECK(server.ask(sign_in + "SELECT 3\r\nGET task").ends_with("\r\ntext/3\r\n"));
  CHECK(server.ask(sign_in + "ACL SETUSER collector on >word ~infra* +@all").ends_with("+OK\r\n+OK\r\n"));
  RedisSamples limited{{.url = {.user = "collector", .password = "word", .port = server.port()},
                        .timeout = std::chrono::milliseconds{patience}}};
  const std::vector<PreviousSample> previous = limited.exchange({{"infra.1", "a"}, {"web.1", "b"}});
  CHECK(previous[0].error == "");
  CHECK(previous[1].error.starts_with("SET: NOPERM "));
}

TEST_CASE("redis: what is wrong with one key is said of it alone, and is put right") {
  if (is_without_redis()) return;
  RedisServer server{program()};
  server.start();
  CHECK(server.ask("LPUSH list x") == ":1\r\n");
  RedisSamples store{options_for(server)};
  const std::vector<PreviousSample> previous = store.exchange({{"a", "1"}, {"list", "2"}, {"b", "3"}});
  CHECK(previous[0].error == "");
  CHECK(previous[1].error == "GET: WRONGTYPE Operation against a key holding the wrong kind of value");
  CHECK_FALSE(previous[1].text);
  CHECK(previous[2].error == "");
  CHECK(put(store, "list", "4") == "2");
  CHECK(put(store, "b", "5") == "3");
}

TEST_CASE("redis: one that can take nothing, and one that has too many clients, are away") {
  if (is_without_redis()) return;
  RedisServer server{program()};
  server.start();
  RedisSamples store{options_for(server)};
  CHECK(put(store, "task", "one") == std::nullopt);
  CHECK(server.ask("CONFIG SET maxmemory 1") == "+OK\r\n");
  CHECK(complaint([&] {
          put(store, "task", "two");
        }).ends_with(": SET: OOM command not allowed when used memory > 'maxmemory'."));
  CHECK(server.ask("CONFIG SET maxmemory 0") == "+OK\r\n");
  CHECK(put(store, "task", "three") == "one");
  CHECK(server.ask("CONFIG SET maxclients 1") == "+OK\r\n");
  CHECK(complaint([&] { store.check(); }).ends_with(": PING: ERR max number of clients reached"));
}

TEST_CASE("redis: threads share the connections of the pool, and each gets its own samples") {
  if (is_without_redis()) return;
  RedisServer server{program()};
  server.start();
  RedisSamplesOptions options = options_for(server);
  options.pool_min = 1;
  options.pool_max = 3;
  RedisSamples store{options};
  const int before = connections_made(server);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&store, task = "task." + std::to_string(thread)] {
      std::optional<std::string> last;
      for (int round = 0; round < 50; ++round) {
        const std::string text = task + " " + std::to_string(round);
        CHECK(put(store, task, text) == last);
        last = text;
        if (round % 10 == 0) store.check();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(store.connections() <= 3);
  const int questions = 1;
  CHECK(connections_made(server) - before <= 3 + questions);
}
