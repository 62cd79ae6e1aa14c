// What the documents show is what there is: each block of C++ stands in a file that is compiled and run
// (`<!-- from FILE -->` before the block names it; the block is a run of that file's lines, whatever their
// indentation), each link leads somewhere, and no table is broken.

#include "markdown.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/version.hpp"
#include "support/text.hpp"

using namespace statwire::test;

namespace {

const std::filesystem::path source{STATWIRE_SOURCE};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream{path};
  REQUIRE_MESSAGE(stream, "cannot read " << path.string());
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// All documents, relative to the project's folder.
std::vector<std::filesystem::path> documents() {
  std::vector<std::filesystem::path> paths{"README.md", "CONTRIBUTING.md", "CHANGELOG.md",
                                           "packaging/README.md"};
  for (const auto& entry : std::filesystem::directory_iterator{source / "docs"}) {
    if (entry.path().extension() == ".md") paths.push_back("docs" / entry.path().filename());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// The files of the project by their paths, each with a slash before it.
std::vector<std::string> source_files() {
  std::vector<std::string> paths;
  for (const char* folder :
       {"bench", "docs", "examples", "include", "packaging", "scripts", "src", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator{source / folder}) {
      paths.push_back("/" + std::filesystem::relative(entry.path(), source).generic_string());
    }
  }
  for (const auto& path : documents()) paths.push_back("/" + path.generic_string());
  return paths;
}

/// Whether a document may name a file so: by the end of its path, `client/engine.hpp`; or it is Asio's.
bool is_file(std::string name, const std::vector<std::string>& files) {
  if (name.starts_with("asio")) return true;
  if (name.starts_with("./")) name.erase(0, 2);
  return std::any_of(files.begin(), files.end(),
                     [&](const std::string& file) { return file.ends_with("/" + name); });
}

/// The text with the indentation of every line removed.
std::string flush_left(std::string_view text) {
  std::string result;
  for (const std::string& line : split(text, '\n')) result.append(without_indentation(line)).append("\n");
  result.pop_back();
  return result;
}

/// What is wrong with a block; empty when nothing is. `read` gives the text of a file.
template <class Read>
std::string fault_of(const Block& block, Read&& read) {
  constexpr std::array<std::string_view, 8> languages{"cpp",  "cmake", "sh",     "text",
                                                      "toml", "json",  "python", "ini"};
  if (!block.is_closed) return "never ends";
  if (std::find(languages.begin(), languages.end(), block.language) == languages.end()) {
    return "its language is '" + block.language + "'";
  }
  if (block.file.empty()) {
    if (block.language == "cpp") return "C++ that names no file it is from";
    return block.text.find("#include") == std::string::npos ? "" : "C++ that does not say so";
  }
  const std::string from = flush_left(read(block.file));
  return from.find(flush_left(block.text)) == std::string::npos ? "does not stand in " + block.file : "";
}

/// What is wrong with a link of a document of the project; empty when nothing is.
std::string fault_of(const Link& link, const std::filesystem::path& document) {
  if (link.target.starts_with("https://")) return {};
  const std::size_t mark = link.target.find('#');
  const std::string file = link.target.substr(0, mark);
  const std::filesystem::path path = file.empty() ? document : document.parent_path() / file;
  if (path.lexically_normal().string().starts_with("..")) return "leads out of the project";
  if (!std::filesystem::exists(source / path)) return "there is no such file";
  if (mark == std::string::npos) return {};
  const std::vector<std::string> anchors = anchors_of(read_document(read_file(source / path)));
  const bool is_there =
      std::find(anchors.begin(), anchors.end(), link.target.substr(mark + 1)) != anchors.end();
  return is_there ? "" : "there is no such heading";
}

}  // namespace

TEST_CASE("readme: the first program begins by line 10 and is an example, whole") {
  const Document readme = read_document(read_file(source / "README.md"));
  REQUIRE(!readme.blocks.empty());
  CHECK(readme.blocks[0].line <= 10);
  CHECK(readme.blocks[0].file == "examples/hello_statsd.cpp");
  CHECK(readme.blocks[0].text == read_file(source / readme.blocks[0].file));
}

TEST_CASE("readme: a program that has a main() is a file that is compiled and run, whole") {
  for (const Block& block : read_document(read_file(source / "README.md")).blocks) {
    if (block.text.find("int main(") == std::string::npos) continue;
    CAPTURE(block.line);
    CHECK(block.text == read_file(source / block.file));
  }
}

TEST_CASE("readme: it has at most 200 lines") {
  const std::string text = read_file(source / "README.md");
  CHECK(std::count(text.begin(), text.end(), '\n') <= 200);
}

TEST_CASE("changelog: its newest version is that of the headers, and so are those of the README") {
  const std::string version = std::to_string(STATWIRE_VERSION_MAJOR) + "." +
                              std::to_string(STATWIRE_VERSION_MINOR) + "." +
                              std::to_string(STATWIRE_VERSION_PATCH);
  const std::string changelog = read_file(source / "CHANGELOG.md");
  const std::string mark = "\n## [";
  const std::size_t newest = changelog.find(mark) + mark.size();
  CHECK(changelog.substr(newest, changelog.find(']', newest) - newest) == version);
  const std::string readme = read_file(source / "README.md");
  CHECK(readme.find("\"statwire/" + version + '"') != std::string::npos);
}

TEST_CASE("documents: every block of C++ is one that is compiled") {
  for (const auto& path : documents()) {
    for (const Block& block : read_document(read_file(source / path)).blocks) {
      const std::string fault =
          fault_of(block, [](const std::string& file) { return read_file(source / file); });
      CHECK_MESSAGE(fault.empty(), path.string() << ":" << block.line << ": " << fault);
    }
  }
}

TEST_CASE("documents: every link leads somewhere") {
  for (const auto& path : documents()) {
    for (const Link& link : links_of(read_document(read_file(source / path)))) {
      const std::string fault = fault_of(link, path);
      CHECK_MESSAGE(fault.empty(), path.string() << ":" << link.line << ": " << link.target << ": " << fault);
    }
  }
}

TEST_CASE("documents: every file that is named is there") {
  const std::vector<std::string> files = source_files();
  for (const auto& path : documents()) {
    for (const FileName& name : file_names_of(read_document(read_file(source / path)))) {
      CHECK_MESSAGE(is_file(name.text, files), path.string()
                                                   << ":" << name.line << ": no file " << name.text);
    }
  }
}

TEST_CASE("documents: the rows of a table have as many cells as its head") {
  for (const auto& path : documents()) {
    for (const std::size_t line : broken_rows(read_document(read_file(source / path)))) {
      FAIL_CHECK(path.string() << ":" << line << ": a row of another size, or no head");
    }
  }
}

TEST_CASE("the check of blocks: refuses what is from nowhere, or changed, or hidden") {
  const auto fault = [](std::string_view text) {
    const Document document = read_document(text);
    REQUIRE(document.blocks.size() == 1);
    return fault_of(document.blocks[0], [](const std::string&) { return std::string{"  f();\n  g();\n"}; });
  };
  CHECK(fault("<!-- from a.cpp -->\n```cpp\nf();\ng();\n```\n").empty());
  CHECK(fault("<!-- from a.cpp -->\n```cpp\n    g();\n```\n").empty());
  CHECK(fault("<!-- from a.cpp -->\n```cpp\ng();\nf();\n```\n") == "does not stand in a.cpp");
  CHECK(fault("<!-- from a.cpp -->\n```cpp\nh();\n```\n") == "does not stand in a.cpp");
  CHECK(fault("<!-- from a.cpp -->\n\n```cpp\ng();\n```\n") == "C++ that names no file it is from");
  CHECK(fault("```cpp\ng();\n```\n") == "C++ that names no file it is from");
  CHECK(fault("   ```cpp\n   g();\n   ```\n") == "C++ that names no file it is from");
  CHECK(fault("```\ng();\n```\n") == "its language is ''");
  CHECK(fault("```c++\ng();\n```\n") == "its language is 'c++'");
  CHECK(fault("```text\n#include <a>\n```\n") == "C++ that does not say so");
  CHECK(fault("<!-- from a.cpp -->\n```cpp\ng();\n") == "never ends");
}

TEST_CASE("the check of links: finds what is not there") {
  const auto fault = [](const char* text) {
    const std::vector<Link> links = links_of(read_document(text));
    REQUIRE(links.size() == 1);
    return fault_of(links[0], "README.md");
  };
  CHECK(fault("see [this](LICENSE).").empty());
  CHECK(fault("![that](docs/online_store.png)").empty());
  CHECK(fault("[a](CHANGELOG.md#changelog)").empty());
  CHECK(fault("[a](nowhere.md)") == "there is no such file");
  CHECK(fault("[a](CHANGELOG.md#nowhere)") == "there is no such heading");
  CHECK(fault("[a](../elsewhere.md)") == "leads out of the project");
  CHECK(links_of(read_document("`[a](b)`\n```text\n[c](d)\n```\n")).empty());
}

TEST_CASE("the check of files: finds those that are not there") {
  const std::vector<std::string> files{"/include/statwire/client/engine.hpp", "/scripts/test.sh"};
  const auto names =
      file_names_of(read_document("`engine.hpp` a.hpp `b.hpp`, `f()`\n```text\n`c.hpp`\n```\n`*.cpp`"));
  REQUIRE(names.size() == 2);
  CHECK(names[1].text == "b.hpp");
  CHECK(is_file("engine.hpp", files));
  CHECK(is_file("client/engine.hpp", files));
  CHECK(is_file("./scripts/test.sh", files));
  CHECK_FALSE(is_file("gine.hpp", files));
  CHECK_FALSE(is_file("aggregate/engine.hpp", files));
}

TEST_CASE("the check of headings: names them as forges do") {
  const Document document = read_document("# What is `lost`, when?\n\ntext\n\n## A_b-c\n## A_b-c\n#no\n");
  CHECK(anchors_of(document) == std::vector<std::string>{"what-is-lost-when", "a_b-c", "a_b-c-1"});
}

TEST_CASE("the check of tables: finds rows of another size") {
  const auto broken = [](const char* text) { return broken_rows(read_document(text)); };
  CHECK(broken("| a | b |\n|---|---|\n| `x\\|y` | 1 |\n").empty());
  CHECK(broken("| a | b |\n|---|---|\n| `x|y` | 1 |\n") == std::vector<std::size_t>{3});
  CHECK(broken("| a | b |\n|---|---|\n| 1 | 2\n") == std::vector<std::size_t>{3});
  CHECK(broken("| a | b |\n| 1 | 2 |\n") == std::vector<std::size_t>{1});
}
