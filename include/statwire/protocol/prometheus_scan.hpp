#pragma once

// What the readers of both formats of Prometheus share: the page that is cut into lines, the families that
// came out of it so far, labels, and the first thing that is wrong. Every step moves forward in the text, so
// that a page takes time and memory in proportion to its size, whatever it holds; there is no recursion.

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/protocol/prometheus_family.hpp"
#include "statwire/protocol/prometheus_rules.hpp"
#include "statwire/protocol/text.hpp"

namespace statwire::protocol {

/// The families of a page, found by name. The names that it is given live as long as it does.
class PrometheusTable {
 public:
  explicit PrometheusTable(PrometheusFormat format) noexcept : format_{format} {}

  /// The family of a name, made when there is none.
  PrometheusFamily& family(std::string_view name) {
    last_name_ = {};  // what comes now may own its samples
    return families_[index_of(name)];
  }

  /// The family that samples of a name belong to: the one of that name, else the one whose type has such a
  /// suffix, else a new one.
  PrometheusFamily& owner(std::string_view name) {
    if (name != last_name_) {
      last_index_ = owner_of(name);
      last_name_ = name;
    }
    return families_[last_index_];
  }

  std::vector<PrometheusFamily> take() noexcept { return std::move(families_); }

 private:
  std::size_t index_of(std::string_view name) {
    const auto [found, is_new] = by_name_.try_emplace(name, families_.size());
    if (is_new) families_.emplace_back().name = name;
    return found->second;
  }

  std::size_t owner_of(std::string_view name) {
    if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
    const std::size_t underscore = name.rfind('_');
    if (underscore != std::string_view::npos) {
      const auto stem = by_name_.find(name.substr(0, underscore));
      if (stem != by_name_.end()) {
        const auto suffixes = prometheus_suffixes(families_[stem->second].type, format_);
        const auto is_suffix = std::find(suffixes.begin(), suffixes.end(), name.substr(underscore));
        if (is_suffix != suffixes.end()) return stem->second;
      }
    }
    return index_of(name);
  }

  PrometheusFormat format_;
  std::vector<PrometheusFamily> families_;
  // Ordered, not hashed: whoever writes the page cannot make it slow.
  std::map<std::string_view, std::size_t> by_name_;
  std::string_view last_name_;
  std::size_t last_index_ = 0;
};

/// How the labels of a format are spelled: text has blanks around all its parts, and commas that are missing
/// or too many; OpenMetrics has one spelling.
enum class Spelling { loose, strict };

/// Where a reader is. A function that fails returns false and leaves what is wrong in error().
class PrometheusScan {
 public:
  using Quotes = detail::Quotes;

  explicit PrometheusScan(std::string_view page) noexcept : page_{page} {}

  /// Goes to the next line; returns false at the end of the page.
  bool next_line() noexcept {
    if (page_.empty()) return false;
    rest = take_until(page_, '\n');
    ++line_;
    return true;
  }

  bool fail(std::string_view found, std::string_view expected) {
    error_ = {std::max<std::size_t>(line_, 1), prometheus_excerpt(found), std::string{expected}};
    return false;
  }

  const PrometheusError& error() const noexcept { return error_; }

  bool skip(char c) noexcept {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }

  void skip_blanks() noexcept {
    while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
  }

  /// Takes what stands before the next blank or tab, and that.
  std::string_view take_word() noexcept {
    std::size_t size = 0;
    while (size < rest.size() && rest[size] != ' ' && rest[size] != '\t') ++size;
    const std::string_view word = rest.substr(0, size);
    rest.remove_prefix(std::min(size + 1, rest.size()));
    return word;
  }

  /// Takes a name, which may be empty.
  std::string_view take_name(Colons colons) noexcept {
    const std::string_view name = rest.substr(0, prometheus_name_size(rest, colons));
    rest.remove_prefix(name.size());
    return name;
  }

  /// Takes `{name="value",...}`. Labels with an empty value are left out.
  bool take_labels(std::vector<PrometheusLabel>& labels, Spelling spelling) {
    rest.remove_prefix(1);
    taken_ = 0;
    if (!(spelling == Spelling::loose ? take_loose_labels() : take_strict_labels())) return false;
    const std::span<PrometheusLabel> all{labels_.data(), taken_};
    if (const auto twice = repeated_label(all)) return fail(*twice, "each label once");
    labels.reserve(taken_);
    for (PrometheusLabel& label : all) {
      if (!label.value.empty()) labels.push_back(std::move(label));
    }
    constexpr std::size_t plenty = 64;
    if (labels_.size() > plenty) labels_.resize(plenty);
    return true;
  }

  /// Takes a text that reaches to the end of the line. What is no UTF-8 becomes U+FFFD.
  std::string take_help(Quotes quotes) {
    std::string help;
    help.reserve(rest.size());
    while (!rest.empty()) {
      const std::size_t plain = std::min(rest.find('\\'), rest.size());
      help.append(rest.substr(0, plain));
      rest.remove_prefix(plain);
      if (!rest.empty()) append_unescaped(help, quotes);
    }
    return is_utf8(help) ? help : with_replacements(help);
  }

  std::string_view rest{};  ///< What is left of the line.

 private:
  static constexpr std::string_view closed = "',' and another label, or '}'";

  bool take_loose_labels() {
    for (;;) {
      while (!rest.empty() && (is_blank(rest.front()) || rest.front() == ',')) rest.remove_prefix(1);
      if (skip('}')) return true;
      if (rest.empty()) return fail(rest, closed);
      if (!take_label(Spelling::loose)) return false;
    }
  }

  bool take_strict_labels() {
    if (skip('}')) return true;
    do {
      if (!take_label(Spelling::strict)) return false;
    } while (skip(','));
    return skip('}') || fail(rest, closed);
  }

  bool take_label(Spelling spelling) {
    const std::string_view begin = rest;
    const std::string_view name = take_name(Colons::illegal);
    if (name.empty()) return fail(begin, prometheus_label_form);
    if (spelling == Spelling::loose) skip_blanks();
    if (!skip('=')) return fail(rest, "'=' after the name of a label");
    if (spelling == Spelling::loose) skip_blanks();
    if (!skip('"')) return fail(rest, "the value of a label in double quotes");
    if (taken_ == labels_.size()) labels_.emplace_back();
    PrometheusLabel& label = labels_[taken_++];
    label.name = name;
    label.value.clear();
    return take_value(label.value);
  }

  /// Takes the value of a label and the quote behind it.
  bool take_value(std::string& value) {
    const std::string_view begin = rest;
    for (;;) {
      std::size_t plain = 0;
      while (plain < rest.size() && rest[plain] != '"' && rest[plain] != '\\') ++plain;
      value.append(rest.substr(0, plain));
      rest.remove_prefix(plain);
      if (rest.empty()) return fail(begin, "double quotes that end within the line");
      if (skip('"')) break;
      append_unescaped(value, Quotes::escaped);
    }
    return is_utf8(value) || fail(value, "UTF-8");
  }

  /// Takes a backslash and what it changes. One that changes nothing stands for itself.
  void append_unescaped(std::string& out, Quotes quotes) {
    const char next = rest.size() > 1 ? rest[1] : '\0';
    if (next == 'n') {
      out += '\n';
    } else if (next == '\\' || (next == '"' && quotes == Quotes::escaped)) {
      out += next;
    } else {
      out += '\\';
      rest.remove_prefix(1);
      return;
    }
    rest.remove_prefix(2);
  }

  static std::string with_replacements(std::string_view text) {
    std::string clean;
    while (!text.empty()) {
      const std::size_t size = detail::utf8_size(text);
      clean.append(size == 0 ? "\xef\xbf\xbd" : text.substr(0, size));
      text.remove_prefix(size == 0 ? 1 : size);
    }
    return clean;
  }

  std::string_view page_;
  std::size_t line_ = 0;
  std::vector<PrometheusLabel> labels_;  ///< Of this line, the first `taken_`; kept for the next one's.
  std::size_t taken_ = 0;
  PrometheusError error_;
};

inline constexpr std::string_view prometheus_type_form =
    "counter, gauge, histogram, summary, untyped, unknown, info, stateset or gaugehistogram";
inline constexpr std::string_view prometheus_number_form =
    "a number as 1, -2.5, 1e9, +Inf, -Inf or NaN, and nothing but a time after it";

/// Reads the word of a TYPE line, of which there are two more than types.
inline std::optional<PrometheusType> parse_prometheus_type(std::string_view word) noexcept {
  for (int i = 0; i <= static_cast<int>(PrometheusType::gaugehistogram); ++i) {
    const auto type = static_cast<PrometheusType>(i);
    if (word == word_of(type)) return type;
  }
  if (word == "unknown") return PrometheusType::untyped;
  if (word == "gauge_histogram") return PrometheusType::gaugehistogram;
  return std::nullopt;
}

}  // namespace statwire::protocol
