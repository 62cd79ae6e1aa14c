// tests/cases/004_server.json: dialogues with the reference server of the put/get protocol, byte for byte.

#include <map>
#include <string>

#include "statwire/server/memory_store.hpp"
#include "statwire/server/metrics_dialogue.hpp"
#include "support/case_files.hpp"
#include "support/dialogue.hpp"

using namespace statwire;
using namespace statwire::test;

TEST_CASE("metrics server: every dialogue of the case file gets the same replies") {
  for (const Dialogue& dialogue : server_dialogues()) {
    CAPTURE(dialogue.name);
    server::MemoryStore store;
    std::map<std::string, server::MetricsDialogue<server::MemoryStore>> clients;
    for (const DialogueStep& step : dialogue.steps) {
      CAPTURE(step.send);
      auto& client = clients.try_emplace(step.client, store, server::MetricsLimits{}).first->second;
      std::string reply;
      CHECK(feed(client, store, step.send, reply));
      CHECK(reply == step.reply);
    }
  }
}

TEST_CASE("metrics server: a request that arrives byte by byte gets the same reply") {
  for (const Dialogue& dialogue : server_dialogues()) {
    CAPTURE(dialogue.name);
    server::MemoryStore store;
    std::map<std::string, server::MetricsDialogue<server::MemoryStore>> clients;
    for (const DialogueStep& step : dialogue.steps) {
      const std::string request = step.send;
      // Line feeds that trail a request belong to it only when they come with it.
      if (request.find('\n') + 1 != request.size()) continue;
      CAPTURE(step.send);
      auto& client = clients.try_emplace(step.client, store, server::MetricsLimits{}).first->second;
      std::string reply;
      for (const char byte : request) CHECK(feed(client, store, {&byte, 1}, reply));
      CHECK(reply == step.reply);
    }
  }
}
