#pragma once

// Reads a page of Prometheus' text format more strictly than Prometheus does, for tests: anything that one of
// its readers may refuse or misread fails the test. Knows what statwire writes: HELP, TYPE and samples.

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/text.hpp"

namespace statwire::test {

struct PrometheusFamily {
  std::string name, type, help;
  std::map<std::string, std::string> samples;  ///< By name and labels as they are written.
};

class PrometheusPage {
 public:
  /// Throws std::runtime_error with what is wrong, and where.
  explicit PrometheusPage(const std::string& text) {
    expect(text.empty() || text.back() == '\n', "no line feed at the end");
    expect_utf8(text);
    std::vector<std::string> lines = split(text, '\n');
    if (!lines.empty() && lines.back().empty()) lines.pop_back();
    for (const std::string& line : lines) {
      line_ = line;
      if (line.starts_with("# HELP ")) {
        end_family();
        begin_family(line.substr(7));
      } else if (line.starts_with("# TYPE ")) {
        read_type(line.substr(7));
      } else {
        read_sample(line);
      }
    }
    end_family();
    for (const PrometheusFamily& family : families_) {
      expect(owner_of_[family.name] == family.name || owner_of_[family.name].empty(), "two families mix");
    }
  }

  const std::vector<PrometheusFamily>& families() const { return families_; }

  const PrometheusFamily& family(const std::string& name) const {
    for (const PrometheusFamily& family : families_) {
      if (family.name == name) return family;
    }
    throw std::runtime_error{"no family " + name};
  }

  /// The value of a sample as it is written, or nothing.
  std::string value(const std::string& sample) const {
    for (const PrometheusFamily& family : families_) {
      if (const auto found = family.samples.find(sample); found != family.samples.end()) return found->second;
    }
    return {};
  }

 private:
  void expect(bool holds, const std::string& what) const {
    if (!holds) throw std::runtime_error{what + ": " + line_};
  }

  static bool is_name(std::string_view name) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return !name.empty() && name.find_first_not_of(letters) == std::string_view::npos &&
           (name[0] < '0' || name[0] > '9');
  }

  void expect_utf8(const std::string& text) const {
    for (std::size_t i = 0; i < text.size();) {
      const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text.at(at)); };
      const std::uint32_t first = byte(i);
      const std::size_t more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
      constexpr std::uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
      std::uint32_t point = more == 0 ? first : first & (0x3fu >> more);
      expect(first < 0x80 || (first >= 0xc0 && i + more < text.size()), "no UTF-8");
      for (std::size_t at = i + 1; at <= i + more; ++at) {
        expect((byte(at) & 0xc0) == 0x80, "no UTF-8");
        point = point << 6 | (byte(at) & 0x3fu);
      }
      expect(point >= smallest[more] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff), "no UTF-8");
      i += 1 + more;
    }
  }

  void begin_family(const std::string& rest) {
    const std::size_t blank = rest.find(' ');
    expect(blank != std::string::npos, "HELP without text");
    families_.push_back({rest.substr(0, blank), "", rest.substr(blank + 1), {}});
    expect(is_name(families_.back().name), "a bad name");
    expect(names_.insert(families_.back().name).second, "a family that comes twice");
    const std::string& help = families_.back().help;
    for (std::size_t i = help.find('\\'); i != std::string::npos; i = help.find('\\', i + 2)) {
      expect(i + 1 < help.size() && (help[i + 1] == '\\' || help[i + 1] == 'n'), "a bad escape");
    }
  }

  void end_family() const {
    expect(families_.empty() || !families_.back().samples.empty(), "an empty family");
  }

  void read_type(const std::string& rest) {
    expect(!families_.empty() && families_.back().type.empty(), "a TYPE without its HELP");
    PrometheusFamily& family = families_.back();
    expect(rest.starts_with(family.name + " "), "a TYPE of another name");
    family.type = rest.substr(family.name.size() + 1);
    expect(family.type == "counter" || family.type == "gauge" || family.type == "summary", "a bad type");
    expect((family.type == "counter") <= family.name.ends_with("_total"), "a counter without _total");
  }

  void read_sample(const std::string& line) {
    expect(!families_.empty() && !families_.back().type.empty(), "a sample without a family");
    PrometheusFamily& family = families_.back();
    const std::string name = line.substr(0, line.find_first_of("{ "));
    expect(is_name(name), "a bad name");
    std::set<std::string> labels;
    std::size_t next = name.size();
    if (line[next] == '{') next = read_labels(line, next + 1, labels);
    expect(next < line.size() && line[next] == ' ', "no blank before the value");
    const bool has_quantile = labels.contains("quantile");
    const bool is_part = name == family.name + "_sum" || name == family.name + "_count";
    if (family.type == "summary") {
      expect(has_quantile ? name == family.name : is_part, "not of its family");
    } else {
      expect(name == family.name && !has_quantile, "not of its family");
    }
    expect(owner_of_.emplace(name, family.name).first->second == family.name, "a sample of two families");
    expect(family.samples.emplace(line.substr(0, next), line.substr(next + 1)).second, "a sample twice");
    const std::string value = line.substr(next + 1);
    if (value == "NaN" || value == "+Inf" || value == "-Inf") return;
    expect(!value.empty() && value.find_first_not_of("0123456789.e+-") == std::string::npos, "a bad number");
    std::size_t read = 0;
    try {
      static_cast<void>(std::stold(value, &read));
    } catch (const std::logic_error&) {
      read = 0;
    }
    expect(read == value.size(), "a bad number");
    expect(family.type != "counter" || value[0] != '-', "a negative counter");
  }

  /// Returns where the brace is closed, and one more.
  std::size_t read_labels(const std::string& line, std::size_t next, std::set<std::string>& names) const {
    std::string last;
    for (;;) {
      const std::size_t equals = line.find('=', next);
      expect(equals != std::string::npos, "a label without value");
      const std::string name = line.substr(next, equals - next);
      expect(is_name(name) && !name.starts_with("__") && name != "le", "a bad label");
      expect(names.insert(name).second, "a label twice");
      // What comes in another order is the same sample to Prometheus, so the order has to be one.
      expect(name == "quantile" || last < name, "labels in disorder");
      last = name;
      expect(line[equals + 1] == '"', "a value without quotes");
      next = equals + 2;
      expect(line[next] != '"', "an empty label");
      while (next < line.size() && line[next] != '"') {
        if (line[next] == '\\') {
          ++next;
          expect(next < line.size() && std::string_view{"\\\"n"}.find(line[next]) != std::string_view::npos,
                 "a bad escape");
        }
        ++next;
      }
      expect(next + 1 < line.size(), "quotes that do not end");
      if (line[next + 1] == '}') return next + 2;
      expect(line[next + 1] == ',', "no comma between labels");
      next += 2;
    }
  }

  std::string line_;
  std::vector<PrometheusFamily> families_;
  std::set<std::string> names_;
  std::map<std::string, std::string> owner_of_;  ///< The family of the samples of a name.
};

}  // namespace statwire::test
