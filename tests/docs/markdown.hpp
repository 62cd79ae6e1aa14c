#pragma once

// Reads the Markdown of the documents as far as their checks need it: blocks of code and where they come
// from, links, headings with the anchors that a forge gives them, and tables.

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/text.hpp"

namespace statwire::test {

/// A block between two fences.
struct Block {
  std::string language;
  std::string file;  ///< Of `<!-- from FILE -->` on the line before; empty when there is none.
  std::string text;
  std::size_t line = 0;  ///< Of its first line of text; the document's first is 1.
  bool is_closed = false;
};

/// `[text](target)`.
struct Link {
  std::string target;
  std::size_t line = 0;
};

/// What a document says beside its blocks of code, line by line; the lines of blocks are empty.
struct Document {
  std::vector<Block> blocks;
  std::vector<std::string> prose;
};

inline std::string_view without_indentation(std::string_view line) noexcept {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

/// The file that a line names as the source of the block below; empty when it names none.
inline std::string source_of(std::string_view line) {
  constexpr std::string_view mark = "<!-- from ";
  line = without_indentation(line);
  if (!line.starts_with(mark) || !line.ends_with(" -->")) return {};
  line.remove_prefix(mark.size());
  return std::string{line.substr(0, line.find(' '))};
}

inline Document read_document(std::string_view text) {
  constexpr std::string_view fence = "```";
  Document document;
  std::string previous;
  bool is_in_block = false;
  for (const std::string& line : split(text, '\n')) {
    const std::string_view content = without_indentation(line);
    const bool is_fence = content.starts_with(fence);
    document.prose.push_back(is_fence || is_in_block ? std::string{} : line);
    if (is_in_block && is_fence) {
      document.blocks.back().is_closed = true;
    } else if (is_in_block) {
      document.blocks.back().text += line + "\n";
    } else if (is_fence) {
      document.blocks.push_back({.language = std::string{content.substr(fence.size())},
                                 .file = source_of(previous),
                                 .text = {},
                                 .line = document.prose.size() + 1});
    }
    if (is_fence) is_in_block = !is_in_block;
    previous = line;
  }
  return document;
}

/// A line with what stands between backticks left out.
inline std::string without_code(const std::string& line) {
  const std::vector<std::string> parts = split(line, '`');
  std::string result;
  for (std::size_t i = 0; i < parts.size(); i += 2) result += parts[i];
  return result;
}

/// A name of a source file or a script between backticks, as `client/engine.hpp`.
struct FileName {
  std::string text;
  std::size_t line = 0;
};

inline std::vector<FileName> file_names_of(const Document& document) {
  constexpr std::string_view endings[] = {".hpp", ".cpp", ".ipp", ".sh", ".md"};
  constexpr std::string_view bytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
  std::vector<FileName> names;
  for (std::size_t i = 0; i < document.prose.size(); ++i) {
    const std::vector<std::string> parts = split(document.prose[i], '`');
    for (std::size_t part = 1; part < parts.size(); part += 2) {
      const std::string& text = parts[part];
      const bool is_name = std::any_of(std::begin(endings), std::end(endings), [&](std::string_view ending) {
        return text.size() > ending.size() && text.ends_with(ending);
      });
      if (is_name && text.find_first_not_of(bytes) == std::string::npos) names.push_back({text, i + 1});
    }
  }
  return names;
}

inline std::vector<Link> links_of(const Document& document) {
  std::vector<Link> links;
  for (std::size_t i = 0; i < document.prose.size(); ++i) {
    const std::string line = without_code(document.prose[i]);
    for (std::size_t at = line.find("]("); at != std::string::npos; at = line.find("](", at + 1)) {
      links.push_back({line.substr(at + 2, line.find(')', at) - at - 2), i + 1});
    }
  }
  return links;
}

/// The anchors of all headings: lower case, blanks as hyphens, no punctuation; the second of a name gets
/// `-1`.
inline std::vector<std::string> anchors_of(const Document& document) {
  std::vector<std::string> anchors;
  std::map<std::string, int> seen;
  for (const std::string& line : document.prose) {
    const std::size_t level = line.find_first_not_of('#');
    if (level == 0 || level == std::string::npos || line[level] != ' ') continue;
    std::string anchor;
    for (const char c : line.substr(level + 1)) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == ' ' || c == '-') anchor += '-';
      if (std::isalnum(byte) != 0 || c == '_') anchor += static_cast<char>(std::tolower(byte));
    }
    const int before = seen[anchor]++;
    anchors.push_back(before == 0 ? anchor : anchor + "-" + std::to_string(before));
  }
  return anchors;
}

/// The cells of a row of a table; a bar divides cells between backticks, too, unless it is escaped.
inline std::size_t cells_of(std::string_view row) {
  std::size_t bars = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] == '|' && (i == 0 || row[i - 1] != '\\')) ++bars;
  }
  return bars - 1;
}

/// The lines of tables whose rows do not have as many cells as their heads, or that have no head.
inline std::vector<std::size_t> broken_rows(const Document& document) {
  std::vector<std::size_t> broken;
  const std::vector<std::string>& lines = document.prose;
  const auto is_row = [&](std::size_t i) { return i < lines.size() && lines[i].starts_with('|'); };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!is_row(i)) continue;
    const std::size_t cells = cells_of(lines[i]);
    if (!is_row(i + 1) || lines[i + 1].find_first_not_of("|-: ") != std::string::npos)
      broken.push_back(i + 1);
    for (; is_row(i); ++i) {
      if (cells_of(lines[i]) != cells || !lines[i].ends_with('|')) broken.push_back(i + 1);
    }
  }
  return broken;
}

}  // namespace statwire::test
