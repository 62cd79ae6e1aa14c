#include "statsd_server/table_reader.hpp"

#include <sstream>

namespace statsd_server {
namespace {

Problem problem_at(const toml::source_region& source, std::string text) {
  return {source.begin.line, source.begin.column, std::move(text)};
}

}  // namespace

std::optional<std::string> text_of(const toml::node& node, Kind kind) {
  if (const auto* text = node.as_string()) {
    if (kind == Kind::text || kind == Kind::text_or_integer) return text->get();
  } else if (const auto* integer = node.as_integer()) {
    if (kind != Kind::text) return std::to_string(integer->get());
  } else if (const auto* number = node.as_floating_point()) {
    if (kind != Kind::number) return std::nullopt;
    std::ostringstream out;
    out << *number;
    return out.str();
  }
  return std::nullopt;
}

std::string name_of(Kind kind) {
  switch (kind) {
    case Kind::text:
      return "a string";
    case Kind::integer:
      return "an integer";
    case Kind::number:
      return "a number";
    case Kind::text_or_integer:
      break;
  }
  return "a string or an integer";
}

std::string described(const toml::node& node) {
  if (node.is_table()) return "a table";
  if (node.is_array()) return "an array";
  std::ostringstream out;
  node.visit([&](const auto& value) { out << value; });
  if (node.is_string()) return "a string, " + in_quotes(*node.value<std::string_view>());
  const char* type = node.is_boolean()          ? "a boolean"
                     : node.is_integer()        ? "an integer"
                     : node.is_floating_point() ? "a number"
                                                : "a date or time";
  return type + std::string{", "} + in_quotes(out.str());
}

const toml::node* TableReader::find(std::string_view key) {
  known_.emplace_back(key);
  return table_.get(key);
}

bool TableReader::read(std::string_view key, bool& target) {
  std::optional<bool> value;
  if (!read(key, value)) return false;
  target = *value;
  return true;
}

bool TableReader::read(std::string_view key, std::optional<bool>& target) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  if (const auto* value = node->as_boolean()) {
    target = value->get();
    return true;
  }
  complain(key, described(*node) + ", expected true or false");
  return false;
}

const toml::array* TableReader::find_array(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr || node->is_array()) return node == nullptr ? nullptr : node->as_array();
  complain(key, described(*node) + ", expected an array");
  return nullptr;
}

const toml::table* TableReader::find_table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr || node->is_table()) return node == nullptr ? nullptr : node->as_table();
  complain(key, described(*node) + ", expected a table");
  return nullptr;
}

void TableReader::complain(std::string_view key, const std::string& text) {
  complain(key, *table_.get(key), text);
}

void TableReader::complain(std::string_view key, const toml::node& at, const std::string& text) {
  problems_.push_back(problem_at(at.source(), name_ + std::string{key} + ": " + text));
}

void TableReader::finish() {
  std::sort(known_.begin(), known_.end());
  for (const auto& [key, node] : table_) {
    if (std::binary_search(known_.begin(), known_.end(), key.str())) continue;
    std::string legal;
    for (const std::string& name : known_) legal += (legal.empty() ? "" : ", ") + name;
    problems_.push_back(
        problem_at(key.source(), "unknown key " + in_quotes(name_ + std::string{key.str()}) + "; the keys " +
                                     (name_.empty() ? "outside tables" : "here") + " are " + legal));
  }
}

}  // namespace statsd_server
