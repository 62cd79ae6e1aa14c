#pragma once

// Reads the values of one table of a configuration by their keys, and collects everything that is wrong with
// them: a value of another type, one that its rule does not take, a key that nobody asked for.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statsd_server/rules.hpp"
#include "statsd_server/toml.hpp"

namespace statsd_server {

/// What is wrong, and where: lines and columns count from 1.
struct Problem {
  std::size_t line = 1;
  std::size_t column = 1;
  std::string text{};
};

/// What a key may hold.
enum class Kind {
  text,
  integer,
  number,  ///< An integer or not.
  text_or_integer,
};

/// A value as its rule reads it, or nothing when it is of another kind.
std::optional<std::string> text_of(const toml::node& node, Kind kind);

/// `an integer`, and what else a value may be, as in "expected an integer".
std::string name_of(Kind kind);

/// A value and its type, as in "true (a boolean)".
std::string described(const toml::node& node);

class TableReader {
 public:
  /// `name`: what stands before its keys in complaints, with a dot; empty for the root.
  TableReader(const toml::table& table, std::string name, std::vector<Problem>& problems)
      : table_{table}, name_{std::move(name)}, problems_{problems} {}
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  /// The node of a key, which is known from now on; null when it is not there.
  const toml::node* find(std::string_view key);

  /// Gives a value to `target`, where there is one and it is right; returns whether.
  template <class Value, class Target>
  bool read(std::string_view key, Kind kind, const Rule<Value>& rule, Target& target) {
    const toml::node* node = find(key);
    if (node == nullptr) return false;
    std::optional<Value> value = element(key, *node, kind, rule);
    if (!value) return false;
    target = *std::move(value);
    return true;
  }

  bool read(std::string_view key, bool& target);
  bool read(std::string_view key, std::optional<bool>& target);

  /// The same for an array. An empty one is a value, too.
  template <class Value>
  bool read(std::string_view key, Kind kind, const Rule<Value>& rule, std::vector<Value>& target) {
    const toml::array* array = find_array(key);
    if (array == nullptr) return false;
    std::vector<Value> values;
    for (const toml::node& node : *array) {
      if (auto value = element(key, node, kind, rule)) values.push_back(*std::move(value));
    }
    if (values.size() < array->size()) return false;
    target = std::move(values);
    return true;
  }

  const toml::array* find_array(std::string_view key);
  const toml::table* find_table(std::string_view key);

  /// Says that something is wrong with the value of a key that is there.
  void complain(std::string_view key, const std::string& text);
  void complain(std::string_view key, const toml::node& at, const std::string& text);

  /// Complains of the keys that nobody asked for.
  void finish();

 private:
  template <class Value>
  std::optional<Value> element(std::string_view key, const toml::node& node, Kind kind,
                               const Rule<Value>& rule) {
    const std::optional<std::string> text = text_of(node, kind);
    if (!text) {
      complain(key, node, described(node) + ", expected " + name_of(kind));
      return std::nullopt;
    }
    std::optional<Value> value = rule.read(*text);
    if (!value) complain(key, node, refusal(rule, *text));
    return value;
  }

  const toml::table& table_;
  std::string name_;
  std::vector<Problem>& problems_;
  std::vector<std::string> known_;
};

}  // namespace statsd_server
