#pragma once

// Case files as plain data, read in one place: JSON is slow to compile.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "statwire/server/flushed_line.hpp"
#include "statwire/server/statsd_options.hpp"

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

/// A step of a case of a StatsD server: what is done, and what came of it.
struct ServerStep {
  enum class Kind { packet, pass_time, flush, admin };

  Kind kind = Kind::packet;
  std::string text{};                   ///< The packet, or the command.
  server::UnixTime time{};              ///< Of a flush; or how much time passes.
  std::vector<std::string> lines{};     ///< Of a flush: what went to Graphite.
  std::vector<std::string> warnings{};  ///< Of a packet.
  std::string error{};                  ///< Of a packet: the exception that it raised.
  std::string reply{};                  ///< Of a command.
  bool closes = false;                  ///< Whether the command ends the connection.
};

struct ServerCase {
  std::string name;
  server::AggregatorOptions options;
  std::vector<ServerStep> steps;
};

/// Every case of a file of a StatsD server: 002_statsd_server.json, 002_sivy_server.json or
/// 002_statsdpy_server.json; its options are those of ours that mean the same.
std::vector<ServerCase> server_cases(const std::string& file);

/// A line of tests/cases/002_statsd_lines.json.
struct LineCase {
  std::string line;
  bool crashes = false;  ///< The reference daemon died of it.
  std::size_t bad_lines = 0;
  std::vector<std::string> flushed;  ///< Without timestamps.
};

std::vector<LineCase> line_cases();

/// A line of tests/cases/002_carbon_lines.json.
struct CarbonCase {
  std::string line;
  bool is_dropped = false;
  std::string metric;
  double value = 0;
  double timestamp = 0;
};

std::vector<CarbonCase> carbon_cases();

/// An event of tests/cases/001_avro.json.
struct AvroCase {
  std::string schema_name;
  std::string schema;  ///< As JSON.
  std::string price_field;
  std::int64_t timestamp = 0;
  std::map<std::string, std::string> texts;  ///< Those that are not null, by the name of their field.
  std::string bytes;
};

std::vector<AvroCase> avro_cases();

}  // namespace statwire::test
