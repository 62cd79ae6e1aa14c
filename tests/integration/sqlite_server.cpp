// A metrics server over SQLite: what it has answered `ok` is in the file.

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "statwire/metrics.hpp"
#include "statwire/server/metrics_server.hpp"
#include "statwire/server/sqlite_store.hpp"
#include "support/case_files.hpp"
#include "support/loopback.hpp"
#include "support/scratch_directory.hpp"

using namespace statwire;
using namespace statwire::test;
using server::MetricsServer;
using server::SqliteStore;

namespace {

std::size_t count_of(std::string_view text, std::string_view words) {
  std::size_t count = 0;
  for (std::size_t at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1))
    ++count;
  return count;
}

}  // namespace

TEST_CASE("sqlite server: every dialogue of the case file holds over sockets") {
  for (const Dialogue& dialogue : server_dialogues()) {
    CAPTURE(dialogue.name);
    const ScratchDirectory directory;
    MetricsServer server{{.port = 0}, SqliteStore{{.path = directory.path() / "metrics.db"}}};
    server.start();
    std::map<std::string, std::unique_ptr<RawConnection>> clients;
    for (const DialogueStep& step : dialogue.steps) {
      CAPTURE(step.send);
      auto& client = clients[step.client];
      if (!client) client = std::make_unique<RawConnection>(server.port());
      client->send(step.send);
      client->expect(step.reply);
    }
  }
}

TEST_CASE("sqlite server: what many clients put at once is there for the next server of the file") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "metrics.db";
  constexpr int clients = 8;
  constexpr int points = 5000;
  {
    MetricsServer server{{.port = 0}, SqliteStore{{.path = path}}};
    server.start();
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
    // Not closed in good order: what was answered must be in the files already.
    server.stop();
    CHECK_FALSE(server.store().has_uncommitted());
  }
  MetricsServer server{{.port = 0}, SqliteStore{{.path = path}}};
  server.start();
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

TEST_CASE("sqlite server: a full disk refuses puts, and nothing else") {
  const ScratchDirectory directory;
  MetricsServer server{{.port = 0},
                       SqliteStore{{.path = directory.path() / "metrics.db", .max_bytes = 65536}}};
  server.start();
  RawConnection client{server.port()};
  client.send("put a 1 1\n");
  client.expect("ok\n\n");
  std::string requests;
  constexpr int puts = 300;  // more than there is room for
  for (int i = 0; i < puts; ++i) requests += "put k" + std::string(200, 'x') + std::to_string(i) + " 1 1\n";
  client.send(requests);
  std::string replies;
  while (count_of(replies, "\n\n") < puts) replies += client.read_until("\n\n");
  // The requests may arrive in several pieces; each is stored or refused as a whole.
  const std::size_t stored = count_of(replies, "ok\n\n");
  const std::size_t refused = count_of(replies, "error\nnot stored: database or disk is full\n\n");
  CHECK(refused > 0);
  CHECK(stored + refused == puts);
  client.send("put a 2 1\nget a\n");
  client.expect("ok\n\nok\na 2.0 1\n\n");
  RawConnection other{server.port()};
  other.send("get *\n");
  CHECK(count_of(other.read_until("\n\n"), "\nk") == stored);
}
