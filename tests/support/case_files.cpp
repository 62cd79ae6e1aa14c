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
                     .prefix = entry.at("prefix").is_null() ? "" : entry.at("prefix").get<std::string>(),
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

}  // namespace statwire::test
