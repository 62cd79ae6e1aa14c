// Every C++ block of README.md stands in a file that is compiled and run: `<!-- from FILE -->` before the
// block names it. The block is a run of that file's lines, whatever their indentation; that of the first
// program is the whole file.

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "support/text.hpp"

using namespace statwire::test;

namespace {

std::string read_file(const std::string& name) {
  std::ifstream stream{STATWIRE_SOURCE "/" + name};
  REQUIRE_MESSAGE(stream, "cannot read " << name);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// The text with the indentation of every line removed.
std::string flush_left(const std::string& text) {
  std::string result;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t first = line.find_first_not_of(' ');
    result += (first == std::string::npos ? "" : line.substr(first)) + "\n";
  }
  result.pop_back();
  return result;
}

struct Block {
  std::string file;
  std::string text;
  std::size_t line = 0;
};

std::vector<Block> blocks_of(const std::string& document) {
  const std::vector<std::string> lines = split(document, '\n');
  const std::string mark = "<!-- from ";
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] != "```cpp") continue;
    REQUIRE_MESSAGE((i > 0 && lines[i - 1].starts_with(mark)), "line " << i + 1 << " names no file");
    Block block{.file = lines[i - 1].substr(mark.size()), .text = {}, .line = i + 2};
    block.file.resize(block.file.find(' '));
    for (++i; i < lines.size() && lines[i] != "```"; ++i) block.text += lines[i] + "\n";
    blocks.push_back(block);
  }
  return blocks;
}

}  // namespace

TEST_CASE("readme: the first program begins by line 10 and is an example, whole") {
  const std::vector<Block> blocks = blocks_of(read_file("README.md"));
  REQUIRE(!blocks.empty());
  CHECK(blocks[0].line <= 10);
  CHECK(blocks[0].file == "examples/hello_statsd.cpp");
  CHECK(blocks[0].text == read_file(blocks[0].file));
}

TEST_CASE("readme: every block of code is one that is compiled") {
  for (const Block& block : blocks_of(read_file("README.md"))) {
    CAPTURE(block.line);
    CAPTURE(block.text);
    const std::string source = flush_left(read_file(block.file));
    CHECK_MESSAGE(source.find(flush_left(block.text)) != std::string::npos, "not in " << block.file);
  }
}
