// tests/cases/004_server.json: dialogues with the reference server of the put/get protocol, byte for byte.

#include <map>
#include <string>

#include "statwire/server/metrics_dialogue.hpp"
#include "support/cases.hpp"
#include "support/dialogue.hpp"
#include "support/hex.hpp"

using namespace statwire;
using namespace statwire::test;

TEST_CASE("metrics server: every dialogue of the case file gets the same replies") {
  const Json dialogues = load_cases("004_server.json");
  for (const auto& dialogue : dialogues.items()) {
    CAPTURE(dialogue.key());
    server::MemoryStore store;
    std::map<std::string, server::MetricsDialogue> clients;
    for (const Json& step : dialogue.value().at("steps")) {
      CAPTURE(step.dump());
      server::MetricsDialogue& client =
          clients.try_emplace(step.at("client"), store, std::size_t{65536}).first->second;
      std::string reply;
      CHECK(feed(client, text_or_hex(step, "send"), reply));
      CHECK(reply == text_or_hex(step, "reply"));
    }
  }
}

TEST_CASE("metrics server: a request that arrives byte by byte gets the same reply") {
  const Json dialogues = load_cases("004_server.json");
  for (const auto& dialogue : dialogues.items()) {
    CAPTURE(dialogue.key());
    server::MemoryStore store;
    std::map<std::string, server::MetricsDialogue> clients;
    for (const Json& step : dialogue.value().at("steps")) {
      const std::string request = text_or_hex(step, "send");
      // Line feeds that trail a request belong to it only when they come with it.
      if (request.find('\n') + 1 != request.size()) continue;
      CAPTURE(step.dump());
      server::MetricsDialogue& client =
          clients.try_emplace(step.at("client"), store, std::size_t{65536}).first->second;
      std::string reply;
      for (const char byte : request) CHECK(feed(client, {&byte, 1}, reply));
      CHECK(reply == text_or_hex(step, "reply"));
    }
  }
}
