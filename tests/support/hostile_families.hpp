#pragma once

// Families of metrics for pages of Prometheus, with hostile text wherever text is legal: what is written of
// them has to be taken by every reader, and read back.

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/prometheus.hpp"
#include "statwire/protocol/prometheus_rules.hpp"
#include "support/random_bytes.hpp"

namespace statwire::test {

/// Text as hostile as a label may be, and what has to come back of it.
struct Hostile {
  std::string text{};
  std::string read{};
};

inline Hostile hostile_text(RandomBytes& random, std::size_t max_pieces) {
  constexpr std::string_view pieces[] = {"\\",
                                         "\"",
                                         "\n",
                                         "{",
                                         "}",
                                         ",",
                                         "=",
                                         "#",
                                         " ",
                                         "\t",
                                         "\r",
                                         " # ",
                                         "\\n",
                                         "a",
                                         "0",
                                         "+Inf",
                                         "# EOF",
                                         "caf\xc3\xa9",
                                         "\xf0\x9f\x98\x80",
                                         "\x01",
                                         "\x7f",
                                         "\xe2\x80\xa8",
                                         "\xc2\x85"};
  constexpr std::string_view broken[] = {"\xff", "\xc3", "\xed\xa0\x80"};
  Hostile hostile{"x", "x"};  // Python's reader of the text removes blanks at the ends of help
  for (std::size_t left = random.up_to(max_pieces); left != 0; --left) {
    if (random.up_to(9) == 0) {
      const std::string_view piece = broken[random.up_to(2)];
      hostile.text += piece;
      for (std::size_t i = 0; i < piece.size(); ++i) hostile.read += "\xef\xbf\xbd";
      hostile.text += '.';  // so that it is not made whole by what follows
      hostile.read += '.';
    } else {
      const std::string_view piece =
          random.up_to(12) == 0 ? std::string_view{"\0", 1} : pieces[random.up_to(std::size(pieces) - 1)];
      hostile.text += piece;
      hostile.read += piece;
    }
  }
  hostile.text += 'x';
  hostile.read += 'x';
  return hostile;
}

inline double hostile_number(RandomBytes& random) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double numbers[] = {0, -1.5, 1e300, 5e-324, infinity, -infinity, 0.1, 9007199254740993.0, 1e16};
  return random.up_to(9) == 0 ? std::nan("") : numbers[random.up_to(std::size(numbers) - 1)];
}

/// Families to be written, and the same as they have to be read.
struct Families {
  std::vector<PrometheusFamily> written{};
  std::vector<PrometheusFamily> read{};
};

/// Makes families of every type that keep the rules of OpenMetrics, with hostile text wherever text is legal.
class FamilyMaker {
 public:
  explicit FamilyMaker(std::uint64_t seed) : random_{seed} {}

  Families make(std::size_t count) {
    families_ = {};
    for (std::size_t i = 0; i < count; ++i) {
      const auto type = static_cast<PrometheusType>(random_.up_to(7));
      // A name that has suffixes of other types in it, and is another one for each family.
      constexpr std::string_view words[] = {"a", "A_sum", ":b:", "_count_", "le", "quantile_total_"};
      const std::string name = std::string{words[random_.up_to(5)]} + "x" + std::to_string(i);
      const Hostile help = random_.up_to(3) == 0 ? Hostile{} : hostile_text(random_, 12);
      families_.written.push_back({.name = name, .type = type, .help = help.text});
      families_.read.push_back({.name = name, .type = type, .help = help.read});
      for (std::size_t metrics = random_.up_to(3); metrics != 0; --metrics) add_metric(metrics);
    }
    return std::move(families_);
  }

 private:
  void add_metric(std::size_t number) {
    labels_ = {};
    read_labels_ = {};
    add_label("id", {std::to_string(number), std::to_string(number)});
    if (random_.up_to(1) == 0) add_label("empty", {});
    for (std::size_t i = random_.up_to(3); i != 0; --i) {
      add_label("l" + std::to_string(i), hostile_text(random_, 8));
    }
    time_ = std::nullopt;
    if (random_.up_to(1) == 0) time_ = std::chrono::milliseconds{random_.up_to(3'000'000'000'000)};
    add_samples(families_.written.back().type);
  }

  void add_samples(PrometheusType type) {
    const std::string family = families_.written.back().name;
    const auto count = static_cast<double>(random_.up_to(1'000'000));
    switch (type) {
      case PrometheusType::counter:
        add("_total", 1e300);
        return add("_created", count);
      case PrometheusType::gauge:
      case PrometheusType::untyped:
        return add("", hostile_number(random_));
      case PrometheusType::summary:
        add("", 5e-324, "quantile", "0.5");
        add("_sum", 0.25);
        add("", std::nan(""), "quantile", "1");
        return add("_count", count);
      case PrometheusType::histogram:
        add("_count", count);
        add("_bucket", 0, "le", "1e-3");
        add("_bucket", 0, "le", "2");
        add("_bucket", count, "le", "+Inf");
        return add("_sum", 1e16);
      case PrometheusType::gaugehistogram:
        add("_bucket", 0, "le", "-Inf");
        add("_bucket", count, "le", "+Inf");
        add("_gsum", -2.5);
        return add("_gcount", count);
      case PrometheusType::info:
        time_ = std::nullopt;  // of all samples or of none
        return add("_info", 1);
      case PrometheusType::stateset:
        if (!protocol::is_prometheus_name(family, protocol::Colons::illegal) || family.starts_with("__"))
          return;
        add("", 1, family, "on");
        return add("", 0, family, "off");
    }
  }

  void add(const std::string& suffix, double value, const std::string& label = {},
           const std::string& label_value = {}) {
    PrometheusFamily& family = families_.written.back();
    PrometheusSample sample{family.name + suffix, labels_, value, time_, {}};
    PrometheusSample read{family.name + suffix, read_labels_, value, time_, {}};
    if (!label.empty()) {
      sample.labels.push_back({label, label_value});
      read.labels.push_back({label, label_value});
    }
    if (suffix == "_bucket" || suffix == "_total") {
      Hostile trace = hostile_text(random_, 8);
      // Python's reader takes a brace in the label of an exemplar for the end of all of them.
      std::erase(trace.text, '}');
      std::erase(trace.read, '}');
      sample.exemplar = {{{"trace", trace.text}}, 0.5, time_};
      read.exemplar = {{{"trace", trace.read}}, 0.5, time_};
    }
    family.samples.push_back(sample);
    families_.read.back().samples.push_back(read);
  }

  void add_label(const std::string& name, const Hostile& value) {
    labels_.push_back({name, value.text});
    read_labels_.push_back({name, value.read});
  }

  RandomBytes random_;
  Families families_;
  std::vector<PrometheusLabel> labels_;
  std::vector<PrometheusLabel> read_labels_;
  std::optional<std::chrono::milliseconds> time_;
};

}  // namespace statwire::test
