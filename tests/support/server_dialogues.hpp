#pragma once

// tests/cases/004_server.json as plain data, read in one place: JSON is slow to compile.

#include <string>
#include <vector>

namespace statwire::test {

struct DialogueStep {
  std::string client;  ///< Which of the dialogue's clients speaks.
  std::string send;
  std::string reply;
};

struct Dialogue {
  std::string name;
  std::vector<DialogueStep> steps;
};

/// Every dialogue of the file.
std::vector<Dialogue> server_dialogues();

}  // namespace statwire::test
