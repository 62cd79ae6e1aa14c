#pragma once

// Case files as plain data, read in one place: JSON is slow to compile.

#include <cstddef>
#include <string>
#include <vector>

namespace statwire::test {

/// A step of a dialogue with the metrics server.
struct DialogueStep {
  std::string client;  ///< Which of the dialogue's clients speaks.
  std::string send;
  std::string reply;
};

struct Dialogue {
  std::string name;
  std::vector<DialogueStep> steps;
};

/// Every dialogue of tests/cases/004_server.json.
std::vector<Dialogue> server_dialogues();

/// A call of another StatsD client, and what it sent.
struct WireCase {
  std::string call;    ///< In the language of that client.
  std::string prefix;  ///< Empty for none.
  double random = 0;   ///< What its random source returned; 0 and below: every sample is sent.
  std::size_t max_datagram_bytes = 0;
  std::vector<std::string> datagrams;
};

/// Every case of a file that holds calls, under `datagrams` or `writes`.
std::vector<WireCase> wire_cases(const std::string& file);

/// A case of a file of tests/cases/clients/.
struct ClientCase {
  std::string name;
  std::string call;  ///< In the language of that client.
  std::vector<std::string> datagrams;
};

/// The files of tests/cases/clients/, by name without `.json`, sorted.
std::vector<std::string> client_files();

/// Every case of one of these files.
std::vector<ClientCase> client_cases(const std::string& file);

/// A request of tests/cases/000_m3.json and what M3 sent for it.
struct M3Request {
  std::string controller;
  std::string path;
  std::string method;
  std::string prefix;  ///< Empty for none.
  double elapsed_seconds = 0;
  bool is_enabled = true;
  bool raised = false;    ///< Whether the action threw.
  bool is_later = false;  ///< Of version 2.0.9.5 and later, with the longer names.
  std::vector<std::string> datagrams;
};

std::vector<M3Request> m3_requests();

/// What M3 sent at one event of its users.
struct M3UserEvent {
  std::string event;  ///< Its key in tests/cases/000_m3.json: `on_login`, ...
  std::string prefix;
  int users = 0;
  int sessions = 0;
  std::vector<std::string> datagrams;
};

std::vector<M3UserEvent> m3_user_events();

}  // namespace statwire::test
