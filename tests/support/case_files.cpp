#include "support/case_files.hpp"

#include <algorithm>
#include <filesystem>

#include "support/cases.hpp"

namespace statwire::test {
namespace {

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

/// The bytes under `name`, or those that `name` + "_hex" writes in hexadecimal.
std::string text_or_hex(const Json& object, const std::string& name) {
  return object.contains(name) ? object[name].get<std::string>() : from_hex(object.at(name + "_hex"));
}

std::string text_or_empty(const Json& value) {
  return value.is_null() ? std::string{} : value.get<std::string>();
}

}  // namespace

std::vector<Dialogue> server_dialogues() {
  const Json cases = load_cases("004_server.json");
  std::vector<Dialogue> dialogues;
  for (const auto& entry : cases.items()) {
    Dialogue& dialogue = dialogues.emplace_back(Dialogue{entry.key(), {}});
    for (const Json& step : entry.value().at("steps")) {
      dialogue.steps.push_back({step.at("client"), text_or_hex(step, "send"), text_or_hex(step, "reply")});
    }
  }
  return dialogues;
}

std::vector<WireCase> wire_cases(const std::string& file) {
  std::vector<WireCase> cases;
  for (const Json& entry : load_cases(file)) {
    const bool has_datagrams = entry.contains("datagrams");
    cases.push_back({.call = entry.at("call"),
                     .prefix = text_or_empty(entry.at("prefix")),
                     .random = entry.at("random").is_null() ? 0 : entry.at("random").get<double>(),
                     .max_datagram_bytes = entry.value("maxudpsize", std::size_t{512}),
                     .datagrams = entry.at(has_datagrams ? "datagrams" : "writes")});
  }
  return cases;
}

std::vector<std::string> client_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator{STATWIRE_TEST_CASES "/clients"}) {
    files.push_back(entry.path().stem().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<ClientCase> client_cases(const std::string& file) {
  std::vector<ClientCase> cases;
  for (const Json& entry : load_cases("clients/" + file + ".json")) {
    cases.push_back({.name = entry.at("name"), .call = entry.at("call"), .datagrams = entry.at("bytes")});
  }
  return cases;
}

std::vector<M3Request> m3_requests() {
  std::vector<M3Request> requests;
  const Json file = load_file("000_m3.json");
  for (const Json& request : file.at("requests")) {
    requests.push_back({.controller = request.value("controller_url", "/desktop"),
                        .path = request.value("request_path", "/desktop"),
                        .method = request.value("method", "GET"),
                        .prefix = text_or_empty(request.at("prefix")),
                        .elapsed_seconds = request.value("elapsed_s", 0.0),
                        .is_enabled = request.value("enabled", true),
                        .raised = request.value("action_raised", false),
                        .is_later = request.at("version").get<std::string>().starts_with("2.0.9.5"),
                        .datagrams = request.at("datagrams")});
  }
  return requests;
}

std::vector<M3UserEvent> m3_user_events() {
  std::vector<M3UserEvent> events;
  const Json file = load_file("000_m3.json");
  for (const Json& users : file.at("users")) {
    for (const auto& [key, value] : users.items()) {
      if (!key.starts_with("on_")) continue;
      events.push_back({.event = key,
                        .prefix = text_or_empty(users.at("prefix")),
                        .users = users.at("users_in_db"),
                        .sessions = users.at("sessions_in_db"),
                        .datagrams = value});
    }
  }
  return events;
}

}  // namespace statwire::test
