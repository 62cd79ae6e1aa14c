#include "statwire/server/metrics_server.hpp"

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "statwire/metrics.hpp"
#include "support/case_files.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;

TEST_CASE("metrics server: every dialogue of the case file holds over sockets") {
  for (const Dialogue& dialogue : server_dialogues()) {
    CAPTURE(dialogue.name);
    server::MetricsServer server{{.address = "127.0.0.1", .port = 0}};
    server.start();
    std::map<std::string, std::unique_ptr<RawConnection>> clients;
    for (const DialogueStep& step : dialogue.steps) {
      CAPTURE(step.send);
      auto& client = clients[step.client];
      if (!client) client = std::make_unique<RawConnection>(server.port());
      client->send(step.send);
      client->expect(step.reply);
    }
    // Nothing was said beyond what was expected: the next reply is the next bytes.
    for (auto& [client_name, client] : clients) {
      client->send("get no_such_key_at_all\n");
      client->expect("ok\n\n");
    }
  }
}

TEST_CASE("metrics server: a client gets back what it put") {
  server::MetricsServer server;
  server.start();
  MetricsClient client{"127.0.0.1", server.port(), patience};
  client.put("huginn.cpu", 0.5, 1642667947);
  client.put("huginn.cpu", 2.0, 1642667940);
  client.put("muninn.memory", 42000000, 1642667947);
  CHECK(client.get("*") == Series{{"huginn.cpu", {{1642667940, 2.0}, {1642667947, 0.5}}},
                                  {"muninn.memory", {{1642667947, 42000000}}}});
  CHECK(client.get("huginn.cpu").size() == 1);
  CHECK(client.get("nobody").empty());
}

TEST_CASE("metrics server: many clients at once, and every point is there") {
  server::MetricsServer server;
  server.start();
  constexpr int clients = 8;
  constexpr int points = 2000;
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&server, i] {
      MetricsClient client{"127.0.0.1", server.port(), patience};
      const std::string key = "client" + std::to_string(i);
      std::vector<Point> batch;
      for (int k = 1; k < points; ++k) batch.push_back({key, k * 0.5, k});
      client.put(batch);
      client.put(key, i, 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  MetricsClient client{"127.0.0.1", server.port(), patience};
  const Series all = client.get("*");
  REQUIRE(all.size() == clients);
  for (int i = 0; i < clients; ++i) {
    const auto& samples = all.at("client" + std::to_string(i));
    REQUIRE(samples.size() == points);
    CHECK(samples.front() == Sample{0, static_cast<double>(i)});
    CHECK(samples.back() == Sample{points - 1, (points - 1) * 0.5});
  }
}

TEST_CASE("metrics server: pipelined requests are answered in order") {
  server::MetricsServer server;
  server.start();
  RawConnection client{server.port()};
  client.send("put k 1 1\nget k\nbad\nput k 2 2\nget *\n");
  client.expect("ok\n\nok\nk 1.0 1\n\nerror\nwrong command\n\nok\n\nok\nk 1.0 1\nk 2.0 2\n\n");
}

TEST_CASE("metrics server: a line that is too long costs its sender the connection, and nobody else") {
  server::MetricsServer server{{.max_line_bytes = 100}};
  server.start();
  RawConnection other{server.port()};
  RawConnection client{server.port()};
  client.send("put k 1 1\n");
  client.expect("ok\n\n");
  client.send(std::string(101, 'x'));
  CHECK(client.read_to_end() == "error\nline too long (limit 100 bytes)\n\n");
  other.send("get k\n");
  other.expect("ok\nk 1.0 1\n\n");
}

TEST_CASE("metrics server: a client that leaves in the middle of a line disturbs nobody") {
  server::MetricsServer server;
  server.start();
  RawConnection other{server.port()};
  for (int i = 0; i < 20; ++i) {
    RawConnection client{server.port()};
    client.send("put half");
    client.close();
  }
  other.send("get *\n");
  other.expect("ok\n\n");
}

TEST_CASE("metrics server: a client that does not read does not stop the others") {
  server::MetricsServer server;
  server.start();
  MetricsClient client{"127.0.0.1", server.port(), patience};
  std::vector<Point> points;
  for (int i = 0; i < 20'000; ++i) points.push_back({"k", 1, i});
  client.put(points);
  RawConnection deaf{server.port()};
  for (int i = 0; i < 200; ++i) deaf.send("get *\n");  // 60 MB of replies that nobody takes
  CHECK(client.get("*").at("k").size() == 20'000);
}

TEST_CASE("metrics server: it stops, starts again on another port, and keeps its points") {
  server::MetricsServer server;
  CHECK(server.port() == 0);
  server.stop();  // harmless
  server.start();
  MetricsClient client{"127.0.0.1", server.port(), patience};
  client.put("k", 1, 1);
  std::error_code ec;
  server.start(ec);
  CHECK(ec == std::errc::operation_in_progress);
  server.stop();
  client.get("*", ec);
  CHECK(ec);
  server.start();
  MetricsClient again{"127.0.0.1", server.port(), patience};
  CHECK(again.get("*") == Series{{"k", {{1, 1}}}});
}

TEST_CASE("metrics server: run serves on the calling thread until stop") {
  server::MetricsServer server;
  std::thread thread{[&] { server.run(); }};
  while (server.port() == 0) std::this_thread::yield();
  MetricsClient client{"127.0.0.1", server.port(), patience};
  client.put("k", 1, 1);
  server.stop();
  thread.join();
  std::error_code ec;
  client.get("*", ec);
  CHECK(ec);
}

TEST_CASE("metrics server: an address or port that cannot be had is an error that names it") {
  server::MetricsServer first;
  first.start();
  server::MetricsServer second{{.port = first.port()}};
  std::error_code ec;
  second.start(ec);
  CHECK(ec == std::errc::address_in_use);
  server::MetricsServer nowhere{{.address = "nowhere", .port = 1}};
  CHECK_THROWS_WITH_AS(
      nowhere.start(),
      doctest::Contains("statwire: metrics server on 'nowhere' port 1, which is no IPv4 or IPv6 address: "),
      ClientError);
  server::MetricsServer six{{.address = "::1"}};
  six.start();
  MetricsClient client{"::1", six.port(), patience};
  client.put("k", 1, 1);
}

TEST_CASE("metrics server: stop may be called by several threads at once") {
  server::MetricsServer server;
  for (int round = 0; round < 20; ++round) {
    server.start();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { server.stop(); });
    for (std::thread& thread : threads) thread.join();
  }
  server.start();
  MetricsClient client{"127.0.0.1", server.port(), std::chrono::milliseconds::max()};
  client.put("k", 1, 1);
}
